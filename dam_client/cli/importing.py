"""`dam import`."""

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import click

from dam_client.cli.session import Session, shared
from dam_client.cli.showing import clean, many, progress, say, size, tell
from dam_client.errors import ApiError
from dam_client.importing import bucket, sources
from dam_client.importing.journal import DUPLICATE, FAILED, SENT, Journal
from dam_client.importing.sending import KNOWN, Options, Outcome, Sending
from dam_client.importing.sources import Passed, Source
from dam_client.library import Library

INTERRUPTED = 130
PATIENT = 6  # half a minute: a server that is started anew meanwhile ends no import
SAID = {SENT: "imported", DUPLICATE: "in the library already", KNOWN: "sent before", FAILED: "failed"}


@click.command("import")
@click.argument("what", nargs=-1, required=True, metavar="DIR|FILE|URL|s3://…")
@click.option("--folders", "keep_folders", is_flag=True, help="Keep the folders below each DIR.")
@click.option("--into", metavar="FOLDER", help="Put everything below this folder, holiday/2024; made if missing.")
@click.option("--tags-from-folders", is_flag=True, help="The names of the folders below each DIR become tags.")
@click.option("--tag", "tags", multiple=True, help="A tag for everything; repeatable.")
@click.option(
    "--on-duplicate",
    type=click.Choice(["skip", "keep"]),
    default="skip",
    show_default=True,
    help="What to do with pictures that the library has already.",
)
@click.option("--parallel", "-p", type=click.IntRange(1, 32), default=3, show_default=True, help="How many at a time.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--again", is_flag=True, help="Send also what was sent before: what has been removed comes back.")
@click.option("--report", type=click.File("w"), help="Write the failures to this file, one JSON object a line.")
@click.option("--wait", is_flag=True, help="Until all of it can be found by what it looks like.")
@shared()
def import_(
    session: Session,
    what: tuple[str, ...],
    into: str | None,
    tags: tuple[str, ...],
    on_duplicate: str,
    parallel: int,
    report: IO[str] | None,
    *,
    keep_folders: bool,
    tags_from_folders: bool,
    dry_run: bool,
    again: bool,
    wait: bool,
) -> None:
    """Send pictures to a library: folders, files, addresses, buckets.

    What has been sent is remembered: interrupted, the same command goes on where it stopped, and sends nothing twice.
    Hidden files, and what is no picture, are passed over. Fails if any picture failed.

    \b
    dam import ~/Pictures --folders --tags-from-folders
    dam import s3://bucket/shoot/ --into "Shoots/May" --tag may
    """
    library = session.library
    session.client.transport.retries = PATIENT
    passed = Passed()
    found = list(gathered(what, passed))
    journal = Journal.of(session.client.url, library.id)
    options = Options(None, keep_folders, tags, tags_from_folders, on_duplicate == "keep", again)
    sending = Sending(library, journal, options)
    try:
        if dry_run:
            would_send(session, sending, found, into)
            counts = Counter[str]()
        else:
            if into and found:
                sending.options = replace(options, folder=library.folders.at(into, create=True))
            counts = send(session, sending, found, parallel, report)
            summary(counts, len(found))
    finally:
        journal.close()
    said_passed(passed)
    if wait and not (dry_run or sending.stopped.is_set()):
        until_found(library)
    finish(sending, counts, passed)


def gathered(what: Sequence[str], passed: Passed) -> Iterator[Source]:
    """Raises ApiError for what is not there."""
    for named in what:
        if named.startswith("s3://"):
            yield from bucket.below(named, passed)
        elif "://" in named:
            yield sources.address(named)
        elif Path(named).expanduser().is_dir():
            yield from sources.below(Path(named).expanduser(), passed)
        else:
            try:
                yield sources.file(Path(named).expanduser())
            except OSError as error:
                raise ApiError(f"{named} cannot be read: {error.strerror}.", code="unreadable") from error


def would_send(session: Session, sending: Sending, found: list[Source], into: str | None) -> None:
    new = [source for source in found if not sending.known(source)]
    for source in new:
        place = "/".join([*([into] if into else []), *(source.folders if sending.options.keep_folders else ())])
        if session.as_json:
            session.print({"path": source.key, "bytes": source.size, "folder": place, "state": "would send"})
        else:
            click.echo(clean(f"{source.key} → {place}" if place else source.key))
    total = sum(source.size for source in new)
    say(f"Would send {many(len(new), 'picture')} ({size(total)}); {len(found) - len(new)} sent before.")


def send(
    session: Session, sending: Sending, found: list[Source], parallel: int, report: IO[str] | None
) -> Counter[str]:
    counts: Counter[str] = Counter()
    new = []
    for source in found:
        if outcome := sending.known(source):
            counts[outcome.state] += 1
            if session.as_json:
                session.print(told(outcome))
        else:
            new.append(source)
    bar = progress("Importing", len(new))  # only these, or rate and time left would mean nothing
    with bar, stopping(sending.stopped, lambda sentence: tell(bar, sentence)):
        for outcome in sending.run(new, parallel):
            counts[outcome.state] += 1
            if outcome.state == FAILED:
                tell(bar, f"{outcome.source.key}: {outcome.sentence}")
                if report:
                    report.write(json.dumps(told(outcome)) + "\n")
            if session.as_json:
                session.print(told(outcome))
            bar.update()
    return counts


def told(outcome: Outcome) -> dict[str, Any]:
    told = {"path": outcome.source.key, "state": outcome.state, "asset": outcome.asset or None}
    return told | ({"detail": outcome.sentence, "code": outcome.code} if outcome.state == FAILED else {})


@contextmanager
def stopping(stopped: threading.Event, told: Callable[[str], None]) -> Iterator[None]:
    """Ctrl-C, and SIGTERM, let what is under way be finished; a second one does not."""

    def stop(number: int, _frame: object) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        told("Stopping after the pictures that are under way; press Ctrl-C again to stop at once.")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def summary(counts: Counter[str], total: int) -> None:
    parts = [f"{counts[state]:,} {said}" for state, said in SAID.items() if counts[state] or state == SENT]
    left = total - counts.total()
    say(", ".join(parts) + (f"; {left:,} not sent yet" if left else "") + ".")


def said_passed(passed: Passed) -> None:
    if sentence := passed.sentence():
        say(f"Passed over: {sentence}.")
    for path, sentence in passed.unreadable:
        say(clean(f"{path}: {sentence}"))


def until_found(library: Library) -> None:
    last = -1
    while pending := library.detail().counts.pending:
        if pending != last:
            say(f"{many(pending, 'picture')} cannot be found by looks yet.")
        last = pending
        time.sleep(1)


def finish(sending: Sending, counts: Counter[str], passed: Passed) -> None:
    """The exit status says whether all is well."""
    if sending.fatal:
        raise ApiError(f"{sending.fatal} The same command goes on from here.", code=sending.fatal.code)
    if sending.stopped.is_set():
        say("The same command goes on from here.")
        raise click.exceptions.Exit(INTERRUPTED)
    if counts[FAILED] or passed.unreadable:
        raise click.exceptions.Exit(1)
