"""Imports as jobs: of what lies below a source, or of a list of URLs."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.files import File
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, NotFound
from media_library import fetch, ingest
from media_library.imports import (
    BATCH,
    KnownFolders,
    Outcome,
    Result,
    Source,
    Unreadable,
    import_batch,
    places,
    readable,
    s3,
)
from media_library.imports.folders import LocalFile, StillWritten, is_folder, named, resolved, walk
from media_library.imports.remembering import Found, remember, unknown
from media_library.jobs import Kind, start
from media_library.models import Folder, ImportSource, Job, JobFailure, Library, User

LOOKED_AT_ONCE = 200
BYTES_AT_ONCE = 32 * 1024 * 1024  # a step does not outlast the lease of its job, also where reading is slow
FoldersAs = ImportSource.FoldersAs


class FolderGone(NotFound):
    message = _("The folder that the pictures were to go to does not exist any more.")


class SourceGone(NotFound):
    message = _("The folder to import from is not there.")


class Changed(Exception):
    """While it was read."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources


@dataclass(frozen=True)
class Missed:
    """A file that cannot even be looked at."""

    key: str
    item: str
    error: AppError


@dataclass(frozen=True)
class Placing:
    """Where the pictures of a job go."""

    folders: KnownFolders
    tags: tuple[str, ...]
    folders_as: str

    @classmethod
    def of(cls, job: Job) -> "Placing":
        folder = None
        if pk := job.parameters.get("folder"):
            folder = Folder.objects.filter(library=job.library, pk=pk).first()
            if folder is None:
                raise FolderGone
        tags = tuple(job.parameters.get("tags", ()))
        return cls({(): folder}, tags, job.parameters.get("folders_as", FoldersAs.FOLDERS))

    def placed(self, source: Any) -> Any:
        folders = source.folders if self.folders_as == FoldersAs.FOLDERS else ()
        named_by = [name[:100] for name in source.folders] if self.folders_as == FoldersAs.TAGS else []
        tags = ingest.clean_tags([*self.tags, *named_by][: ingest.MAX_TAGS])
        return replace(source, folders=folders, tags=tuple(tags))


def start_import(source: ImportSource, owner: User, within: str, **parameters: Any) -> Job:
    """Of what lies at `within`: a path below a folder, or a prefix of a bucket."""
    fields = {"source": str(source.pk), "within": within, "address": source.address, **parameters}
    fields.setdefault("folders_as", source.folders_as)
    return start(ImportFrom.name, owner=owner, library=source.library, parameters=fields)


def start_bucket(library: Library, owner: User, uri: str, **parameters: Any) -> Job:
    """Raises what `places.find_bucket` raises."""
    source, prefix = places.find_bucket(library, uri)
    return start_import(source, owner, prefix, **parameters)


def start_folder(library: Library, owner: User, path: str, **parameters: Any) -> Job:
    """Raises what `places.find_folder` raises."""
    source, within = places.find_folder(library, path)
    return start_import(source, owner, within, **parameters)


def start_urls(library: Library, owner: User, urls: list[str], **parameters: Any) -> Job:
    return start(ImportUrls.name, owner=owner, library=library, items=urls, total=len(urls), parameters=parameters)


class Import(Kind):
    def take(self, job: Job, sources: Sequence[Any], placing: Placing, position: dict[str, Any]) -> None:
        """Import a batch and save that it is done, in one transaction. What changes meanwhile is left for later."""

        def note(outcomes: list[Outcome]) -> None:
            if changed := [each.source for each in outcomes if not each.source.is_unchanged]:  # type: ignore[attr-defined]
                raise Changed(changed)
            job.hold()
            self.remember(job, outcomes)
            for outcome in outcomes:
                self.count(job, outcome)
            job.position = position
            job.save_step()

        placed = [placing.placed(source) for source in sources]
        while True:
            try:
                import_batch(job.library, job.owner, placed, placing.folders, note)
            except Changed as error:
                placed = [source for source in placed if source not in error.sources]
                for source in error.sources:
                    job.fail_item(source.item, StillWritten())  # type: ignore[attr-defined]
            else:
                return

    def remember(self, job: Job, outcomes: list[Outcome]) -> None:
        """Inside the transaction."""

    def count(self, job: Job, outcome: Outcome) -> None:
        item = outcome.source.item  # type: ignore[attr-defined]
        if outcome.result is Result.IMPORTED:
            job.done += 1
        elif outcome.result is Result.DUPLICATE:
            job.skipped += 1
        else:
            job.fail_item(item, AppError(outcome.reason, code=outcome.code))


class ImportFrom(Import):
    """`position["after"]` is what was dealt with last: the mark of a path or a key."""

    name = "import"
    failures_at_once = 4

    def work(self, job: Job) -> Iterator[None]:
        source, placing = source_of(job), Placing.of(job)
        found = objects(job, source) if source.is_s3 else files(job, source)
        while some := list(islice(found, LOOKED_AT_ONCE)):
            new = set(unknown(source, [each for each in some if not isinstance(each, Missed)]))
            batch, size = list[Found](), 0
            for each in some:
                if isinstance(each, Missed):
                    job.fail_item(each.item, each.error)
                elif each not in new:
                    job.skipped += 1
                elif is_complete(job, each):
                    batch.append(each)
                    size += each.bytes
                if len(batch) == BATCH or size > BYTES_AT_ONCE or each is some[-1]:
                    self.take(job, batch, placing, {"after": mark(each.key)})
                    batch, size = [], 0
                    yield

    def again(self, job: Job, failures: Sequence[JobFailure]) -> None:
        source, found = source_of(job), list[Found]()
        for failure in failures:
            try:
                found.append(one(job, source, failure.item))
            except OSError as error:
                job.fail_item(failure.item, Unreadable(_("It cannot be read (%s).") % error.strerror))
            except Unreadable as error:
                job.fail_item(failure.item, error)
        self.take(job, found, Placing.of(job), job.position)

    def remember(self, job: Job, outcomes: list[Outcome]) -> None:
        remember(source_of(job), outcomes)


def source_of(job: Job) -> ImportSource:
    """Raises NoSuchPlace where the settings do not allow it any more."""
    source = ImportSource.objects.select_related("library").filter(pk=job.parameters["source"]).first()
    if source is None or not places.is_allowed(source):
        raise places.NoSuchPlace
    return source


def files(job: Job, source: ImportSource) -> Iterator[LocalFile | Missed]:
    root = Path(source.address)
    begin = root / job.parameters["within"]
    if not is_folder(begin) or not resolved(begin).is_relative_to(resolved(root)):
        raise SourceGone
    if job.total is None:
        job.total = sum(1 for _file in walk(begin))
    after = unmarked(job)
    for found in walk(begin, root / after if after else None):
        try:
            yield LocalFile.of(root, found)
        except OSError as error:
            yield missed(root, found, Unreadable(_("It cannot be read (%s).") % error.strerror))
        except Unreadable as error:
            yield missed(root, found, error)


def missed(root: Path, found: Source, error: AppError) -> Missed:
    key = os.fspath(found.path.relative_to(root))
    return Missed(key, readable(key), error)


def objects(job: Job, source: ImportSource) -> Iterator[s3.S3Object]:
    return s3.objects(source.bucket, job.parameters["within"], unmarked(job))


def mark(key: str) -> str:
    """As JSON can hold it: a file's name need not be text."""
    return os.fsencode(key).decode("latin-1")


def unmarked(job: Job) -> str:
    return os.fsdecode(job.position.get("after", "").encode("latin-1"))


def is_complete(job: Job, found: Found) -> bool:
    """What is still being written is passed over: the watch comes back for it."""
    try:
        if found.is_complete:
            return True
    except OSError:  # it is gone
        job.skipped += 1
        return False
    if job.parameters.get("watch"):
        job.skipped += 1
    else:
        job.fail_item(found.item, StillWritten())
    return False


def one(job: Job, source: ImportSource, item: str) -> Found:
    """Raises OSError, Unreadable."""
    within = job.parameters["within"]
    if source.is_s3:
        return s3.one(source.bucket, within, item)
    root = Path(source.address)
    path = named(root, item)
    folders = path.parent.relative_to(root / within).parts
    return LocalFile.of(root, Source(path, tuple(map(readable, folders))))


@dataclass(frozen=True)
class Page(Source):
    """A picture on the web."""

    item: str = ""

    def open(self) -> File:
        return fetch.fetch(self.item).as_file()

    @property
    def is_unchanged(self) -> bool:
        return True


class ImportUrls(Import):
    """One URL a step: each may take as long as a fetch may."""

    name = "import_urls"
    failures_at_once = 1

    def work(self, job: Job) -> Iterator[None]:
        placing = Placing.of(job)
        while (at := job.position.get("at", 0)) < len(job.items):
            self.take(job, [Page(Path(), item=job.items[at])], placing, {"at": at + 1})
            yield

    def again(self, job: Job, failures: Sequence[JobFailure]) -> None:
        self.take(job, [Page(Path(), item=failure.item) for failure in failures], Placing.of(job), job.position)
