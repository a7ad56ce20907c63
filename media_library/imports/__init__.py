"""Import pictures from somewhere else, one asset per new picture: the one importer of the command, the demo and jobs.

Where they come from is a Source each; what was dealt with before is remembered by who imports (`manifest`,
`remembering`). The library itself refuses what it already holds, by SHA-256.
"""

import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dam.errors import AppError
from media_library import ingest
from media_library.jobs import TryAgain
from media_library.models import Asset, Folder, Library, User
from media_library.refusals import BadImage, too_large

if TYPE_CHECKING:
    from media_library.imports.manifest import Manifest

# Of one transaction: fewer cost more each, and of more a crash would leave more files that nobody knows.
BATCH = 16
BATCH_SECONDS = 0.5

KnownFolders = dict[tuple[str, ...], Folder | None]  # by their names, outermost first; () is where to begin


class Unreadable(AppError):
    """Of one file, perhaps only this time."""

    code = "unreadable"
    status = 422
    message = gettext_lazy("It cannot be read.")


@dataclass(frozen=True)
class Source:
    """A file to import, and what is known of it.

    `folders` is its place in the library's tree, outermost first. `make`, where given, makes the file if it is
    missing.
    """

    path: Path
    folders: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    make: Callable[[], None] | None = None

    def open(self) -> File:
        """The caller closes it. Raises OSError, Unreadable or BadImage."""
        return File(self.path.open("rb"), name=readable(self.path.name))


class Result(Enum):
    IMPORTED = "imported"
    DUPLICATE = "duplicate"  # the library already holds these bytes
    REFUSED = "refused"  # not a picture, or one that cannot be taken
    UNREADABLE = "unreadable"  # perhaps next time


@dataclass(frozen=True)
class Outcome:
    source: Source
    result: Result
    code: str = ""
    reason: str = ""
    asset: Asset | None = None  # that was imported
    existing: str = ""  # the id of the one that has these bytes already


def readable(name: str) -> str:
    """A file's name as text: composed accents, and a question mark for bytes that are no text."""
    return unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))


def import_all(library: Library, user: User, sources: Iterable[Source], manifest: "Manifest") -> Iterator[Outcome]:
    """Import each source and remember it. OSError (a full disk) goes through: then nothing is half imported."""
    folders: KnownFolders = {(): None}
    for batch in batches(sources):
        outcomes = import_batch(library, user, batch, folders)
        manifest.add(outcome.source for outcome in outcomes if outcome.result is not Result.UNREADABLE)
        yield from outcomes


def batches(sources: Iterable[Source]) -> Iterator[list[Source]]:
    """In their order. Those that have to be made first are not waited for longer than BATCH_SECONDS."""
    batch: list[Source] = []
    for source in sources:
        if not batch:
            deadline = time.monotonic() + BATCH_SECONDS
        if source.make:
            source.make()
        batch.append(source)
        if len(batch) == BATCH or time.monotonic() > deadline:
            yield batch
            batch = []
    if batch:
        yield batch


def import_batch(
    library: Library,
    user: User,
    sources: Iterable[Source],
    folders: KnownFolders,
    note: Callable[[list[Outcome]], None] | None = None,
) -> list[Outcome]:
    """What became of each source, in their order; `note` is told inside the transaction, as by `store_uploads`.

    Raises TryAgain where nothing of this place can be read now, and what `store_uploads` raises."""
    sources = list(sources)
    refusals: dict[Source, Outcome] = {}
    uploads: dict[Source, ingest.Upload] = {}
    with ExitStack() as opened:
        for source in sources:
            try:
                file = opened.enter_context(source.open())
                if file.size > settings.MAX_UPLOAD_BYTES:
                    raise too_large()
            except OSError as error:
                refusals[source] = refused(source, Unreadable(_("It cannot be read (%s).") % error.strerror))
            except TryAgain:
                raise  # it is not this file's fault
            except AppError as error:
                refusals[source] = refused(source, error)
            else:
                uploads[source] = ingest.Upload(
                    file=file,
                    name=str(file.name),
                    folder=folder_at(library, source.folders, folders),
                    display_name=source.title,
                    description=source.description,
                    tags=source.tags,
                )

        def outcomes(stored: list[ingest.Stored]) -> list[Outcome]:
            made = {
                source: Outcome(source, Result.IMPORTED, asset=each)
                if isinstance(each, Asset)
                else refused(source, each)
                for source, each in zip(uploads, stored, strict=True)
            }
            return [made.get(source) or refusals[source] for source in sources]

        told = (lambda stored: note(outcomes(stored))) if note else None
        return outcomes(ingest.store_uploads(library, user, list(uploads.values()), note=told))


def refused(source: Source, error: AppError) -> Outcome:
    sentence = str(error.message)
    if isinstance(error, ingest.DuplicateAsset):
        return Outcome(source, Result.DUPLICATE, error.code, sentence, existing=error.data["asset"])
    result = Result.REFUSED if isinstance(error, BadImage) else Result.UNREADABLE
    return Outcome(source, result, error.code, sentence)


def folder_at(library: Library, names: tuple[str, ...], known: KnownFolders) -> Folder | None:
    """The folder with this path of names, made where it is missing."""
    if names not in known:
        parent = folder_at(library, names[:-1], known)
        name = ingest.clean_name(names[-1]) or "-"
        known[names] = Folder.objects.get_or_create(library=library, parent=parent, name=name)[0]
    return known[names]


class Refusals:
    """What was not imported, counted by cause, with the sentence that explains it."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.reason: dict[str, str] = {}

    def add(self, outcome: Outcome) -> None:
        if outcome.result is not Result.IMPORTED:
            self.count[outcome.code] += 1
            self.reason.setdefault(outcome.code, outcome.reason)

    def sentences(self) -> list[str]:
        """One line for each cause, the most frequent first."""
        return [
            ngettext("%(count)d file was skipped: %(reason)s", "%(count)d files were skipped: %(reason)s", count)
            % {"count": count, "reason": self.reason[code]}
            for code, count in self.count.most_common()
        ]
