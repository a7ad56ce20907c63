"""Sending what is new, several at a time; one outcome for each picture."""

import hashlib
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO
from uuid import UUID

from dam_client.errors import ApiError
from dam_client.importing.journal import DUPLICATE, FAILED, SENT, Journal
from dam_client.importing.sources import Source
from dam_client.library import Library
from dam_client.shapes import Asset, Folder

KNOWN = "known"  # the journal says that it has been sent
# With these nothing more can succeed: not signed in, not allowed, no such library, no room, busy for too long.
KEY_REUSED = "idempotency_key_reused"
HOPELESS = frozenset({None, 401, 403, 404, 503, 507})


@dataclass(frozen=True)
class Options:
    folder: Folder | None = None
    keep_folders: bool = False
    tags: Sequence[str] = ()
    tags_from_folders: bool = False
    keep_duplicates: bool = False
    again: bool = False  # whatever the journal says


@dataclass(frozen=True)
class Outcome:
    """`state` is `sent`, `duplicate`, `known` or `failed`; `sentence` says why it failed."""

    source: Source
    state: str
    asset: str = ""
    sentence: str = ""
    code: str = ""


@dataclass
class Sending:
    """`stopped` ends it early: what is under way is finished. `fatal` is the failure that made going on useless."""

    library: Library
    journal: Journal
    options: Options = field(default_factory=Options)
    stopped: threading.Event = field(default_factory=threading.Event)
    fatal: ApiError | None = None
    _folders: dict[tuple[str, ...], Folder | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, source: Source) -> Outcome | None:
        """What the journal says of it, without looking into it."""
        entry = None if self.options.again else self.journal.of_path(source)
        done = {SENT} if self.options.keep_duplicates else {SENT, DUPLICATE}
        return Outcome(source, KNOWN, entry.asset) if entry and entry.state in done else None

    def run(self, sources: Sequence[Source], parallel: int) -> Iterator[Outcome]:
        waiting, outcomes = iter(sources), queue.SimpleQueue[Outcome | BaseException | None]()

        def work() -> None:
            try:
                while not self.stopped.is_set():
                    with self._lock:
                        source = next(waiting, None)
                    if source is None:
                        return
                    outcomes.put(self.send(source))
            except BaseException as error:  # noqa: BLE001  # a mistake of ours is raised where it is seen
                outcomes.put(error)
            finally:
                outcomes.put(None)

        threads = [threading.Thread(target=work, daemon=True) for _number in range(parallel)]
        for thread in threads:
            thread.start()
        working = len(threads)
        while working:
            outcome = outcomes.get()
            if outcome is None:
                working -= 1
            elif isinstance(outcome, BaseException):
                self.stopped.set()
                raise outcome
            else:
                yield outcome

    def send(self, source: Source) -> Outcome:
        """Send one picture, unless it has been. Its failure is its outcome."""
        digest = ""
        try:
            if outcome := self.known(source):
                return outcome
            if source.open is None:
                return self._upload(source, source.key, digest)
            with source.open() as file:
                digest = sha256_of(file)
                held = "" if self.options.keep_duplicates or self.options.again else self.journal.has_sent(digest)
                if held:
                    self.journal.end(source, digest, DUPLICATE, held)
                    return Outcome(source, DUPLICATE, held)
                return self._upload(source, file, digest)
        except ApiError as error:
            return self._refused(source, digest, error)
        except OSError as error:
            return Outcome(source, FAILED, sentence=f"It cannot be read: {error.strerror or error}.", code="unreadable")

    def _upload(self, source: Source, picture: str | BinaryIO, digest: str) -> Outcome:
        try:
            asset = self._sent(source, picture, self.journal.begin(source, digest))
        except ApiError as error:
            if error.code != KEY_REUSED:  # cut off, and now sent with other tags or to another folder
                raise
            asset = self._sent(source, picture, self.journal.begin(source, digest, anew=True))
        self.journal.end(source, digest or asset.sha256, SENT, str(asset.id))
        return Outcome(source, SENT, str(asset.id))

    def _sent(self, source: Source, picture: str | BinaryIO, key: str) -> Asset:
        return self.library.upload(
            picture,
            name="" if source.open is None else source.name,
            folder=self._folder(source.folders),
            tags=self._tags(source),
            on_duplicate="keep" if self.options.keep_duplicates else "reject",
            idempotency_key=key,
        )

    def _refused(self, source: Source, digest: str, error: ApiError) -> Outcome:
        held = str(error.data.get("asset") or "")
        if error.code == "duplicate":
            self.journal.end(source, digest, DUPLICATE, held)
            return Outcome(source, DUPLICATE, held)
        if error.status in HOPELESS or (error.status == 429 and error.retry_after):
            with self._lock:
                self.fatal = self.fatal or error
            self.stopped.set()
        if error.status is not None:  # else it may have arrived: its key stays in the journal
            self.journal.end(source, digest, FAILED, sentence=error.sentence)
        return Outcome(source, FAILED, sentence=error.sentence, code=error.code)

    def _tags(self, source: Source) -> list[str]:
        own = source.folders if self.options.tags_from_folders else ()
        return list(dict.fromkeys([*self.options.tags, *(name[:100] for name in own)]))

    def _folder(self, names: tuple[str, ...]) -> Folder | None:
        """Where it goes; folders that are missing are made, once."""
        if not (self.options.keep_folders and names):
            return self.options.folder
        with self._lock:
            return self._made(names)

    def _made(self, names: tuple[str, ...]) -> Folder | None:
        if not names:
            return self.options.folder
        if names not in self._folders:
            parent = self._made(names[:-1])
            known = self._tree.get((parent.id if parent else None, names[-1]))
            self._folders[names] = known or self.library.folders.made(names[-1], parent)
        return self._folders[names]

    @cached_property
    def _tree(self) -> dict[tuple[UUID | None, str], Folder]:
        return {(folder.parent, folder.name): folder for folder in self.library.folders}


def sha256_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1024 * 1024):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
