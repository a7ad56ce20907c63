"""Import pictures from a folder on this machine: what is there, what is new, one asset per new picture.

A manifest beside the data remembers each file by path, size and time of change, so that the next import looks at
nothing twice; what was removed from the library since then stays removed. The library itself refuses what it already
holds, by SHA-256.
"""

import json
import os
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from media_library import ingest
from media_library.images import BadImage, too_large
from media_library.metadata import InvalidMetadata
from media_library.models import Asset, Folder, Library, User

# Of one transaction: fewer cost more each, and of more a crash would leave more files that nobody knows.
BATCH = 16
BATCH_SECONDS = 0.5
# Of an Apple photo library only the originals are wanted, not what Photos derives from them.
PHOTO_LIBRARY = ".photoslibrary"
PHOTO_LIBRARY_ORIGINALS = {"originals", "Masters"}


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


def walk(root: Path) -> Iterator[Source]:
    """Every file below `root`, in order of its path; hidden ones and the library's own data are left out.

    Links to folders are not followed: they may lead in circles.
    """
    for folder, subfolders, names in os.walk(root):
        here = Path(folder)
        inside = PHOTO_LIBRARY_ORIGINALS if here.suffix == PHOTO_LIBRARY else None
        subfolders[:] = sorted(
            name
            for name in subfolders
            if not name.startswith(".") and (inside is None or name in inside) and here / name != settings.DATA_DIR
        )
        if inside is not None:
            continue
        folders = tuple(readable(part) for part in here.relative_to(root).parts)
        for name in sorted(names):
            if not name.startswith("."):
                yield Source(path=here / name, folders=folders)


def readable(name: str) -> str:
    """A file's name as text: composed accents, and a question mark for bytes that are no text."""
    return unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))


class Manifest:
    """The files that were dealt with before: one JSON line each, only ever added to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: set[tuple[str, int, int]] = set()
        if path.exists():
            self.known.update(_read_lines(path))

    @classmethod
    def of(cls, library: Library) -> "Manifest":
        folder = settings.DATA_DIR / "imports"
        folder.mkdir(exist_ok=True)
        return cls(folder / f"{library.pk}.jsonl")

    def new(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Those sources that were not dealt with as they are now."""
        for source in sources:
            try:
                if _fingerprint(source.path) not in self.known:
                    yield source
            except OSError:
                yield source  # import_one says why it cannot be read

    def add(self, sources: Iterable[Source]) -> None:
        entries = [_fingerprint(source.path) for source in sources]
        self.known.update(entries)
        with self.path.open("a") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in entries)


def _fingerprint(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path), found.st_size, found.st_mtime_ns


def _read_lines(path: Path) -> Iterator[tuple[str, int, int]]:
    for line in path.read_text().splitlines():
        try:
            name, size, changed = json.loads(line)
        except ValueError:
            continue  # cut short by a crash
        yield name, size, changed


def import_all(library: Library, user: User, sources: Iterable[Source], manifest: Manifest) -> Iterator[Outcome]:
    """Import each source and remember it. OSError (a full disk) goes through: then nothing is half imported."""
    folders: dict[tuple[str, ...], Folder | None] = {(): None}
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
    library: Library, user: User, sources: Iterable[Source], folders: dict[tuple[str, ...], Folder | None]
) -> list[Outcome]:
    """What became of each source, in their order."""
    outcomes: dict[Source, Outcome] = {}
    uploads: dict[Source, ingest.Upload] = {}
    with ExitStack() as opened:
        for source in sources:
            try:
                file = File(opened.enter_context(source.path.open("rb")), name=readable(source.path.name))
            except OSError as error:
                reason = _("It cannot be read (%s).") % error.strerror
                outcomes[source] = Outcome(source, Result.UNREADABLE, "unreadable", reason)
                continue
            if file.size > settings.MAX_UPLOAD_BYTES:
                outcomes[source] = refused(source, too_large())
                continue
            uploads[source] = ingest.Upload(
                file=file,
                name=str(file.name),
                folder=folder_at(library, source.folders, folders),
                display_name=source.title,
                description=source.description,
                tags=source.tags,
            )
        for source, stored in zip(uploads, ingest.store_uploads(library, user, list(uploads.values())), strict=True):
            outcomes[source] = (
                Outcome(source, Result.IMPORTED) if isinstance(stored, Asset) else refused(source, stored)
            )
    return [outcomes[source] for source in sources]


def refused(source: Source, error: BadImage | ingest.DuplicateAsset | InvalidMetadata) -> Outcome:
    result = Result.DUPLICATE if isinstance(error, ingest.DuplicateAsset) else Result.REFUSED
    if isinstance(error, InvalidMetadata):
        result = Result.UNREADABLE  # once the fields or the values are others, it may be taken
    return Outcome(source, result, error.code, str(error.message))


def folder_at(library: Library, names: tuple[str, ...], known: dict[tuple[str, ...], Folder | None]) -> Folder | None:
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
