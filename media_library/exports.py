"""Assets out of a library, as jobs: a ZIP file of originals with a manifest, or their JSON, one asset a line."""

import hashlib
import uuid
import zipfile
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO, Any, ClassVar

import orjson
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, NotFound
from media_library import audit, findable, jobs, selection, zips
from media_library.jobs import Kind, results
from media_library.models import Asset, Folder, Job, JobFailure, Library, ResultPart, User

AT_ONCE = 100
BYTES_AT_ONCE = 64 * 1024 * 1024
MANIFEST = "manifest.jsonl"
MOST_DEEP = 16  # folders within each other, the outermost; paths of more cannot be unpacked everywhere
Section = ResultPart.Section
Content = tuple[Section, IO[bytes], list[str]]  # written to its end, with the digests of names within it


class OriginalMissing(AppError):
    code = "original_missing"
    status = 404
    message = _("The original of this picture is not in the store.")


class Expired(AppError):
    code = "expired"
    status = 404
    message = _("What this job had made was removed after a day. Start it again.")


class Export(Kind):
    """A step writes one piece of the result; the last one, what ends it."""

    mime_type: ClassVar[str]
    extension: ClassVar[str]
    failures_at_once = 4

    def work(self, job: Job) -> Iterator[None]:
        if job.total is None:
            job.total = selection.count(job)
        for batch in selection.batches(job, AT_ONCE, most_bytes=BYTES_AT_ONCE):
            self.write(job, batch.assets, batch.missing, batch.position)
            yield
        if not job.result:
            self.close(job)
            yield

    def again(self, job: Job, failures: Sequence[JobFailure]) -> None:
        if job.done and not job.parts.exists():
            raise Expired
        assets, missing = selection.by_ids(job, [failure.item for failure in failures])
        self.write(job, assets, missing, job.position)

    def write(self, job: Job, assets: list[Asset], missing: list[str], position: dict[str, Any]) -> None:
        parts: list[ResultPart] = []
        with ExitStack() as files:
            try:
                for section, content, names in self.contents(job, assets, files):
                    part = results.store(job, section, content)
                    part.names = names
                    parts.append(part)
                with job.saving():
                    job.done += len(assets) - len(job.failures_now)
                    for pk in missing:
                        job.fail_item(pk, NotFound())
                    job.position = position
                    reopen(job)
                    ResultPart.objects.bulk_create(parts)
            except BaseException:  # whatever interrupted it: without a row nobody would find them
                results.discard(parts)
                raise

    @abstractmethod
    def contents(self, job: Job, assets: list[Asset], files: ExitStack) -> Iterator[Content]:
        """The pieces that a step adds to the result. Their files are closed with `files`."""

    def close(self, job: Job) -> None:
        with job.saving():
            self.complete(job)

    def complete(self, job: Job) -> None:
        results.complete(job, f"{job.parameters['name']}.{self.extension}", self.mime_type)


def reopen(job: Job) -> None:
    """More comes to a result that was complete."""
    if job.result:
        ResultPart.objects.filter(job=job, section__in=[Section.MANIFEST, Section.END]).delete()
        job.result = job.result_expires_at = None


def lines(job: Job, assets: Sequence[Asset]) -> Iterator[dict[str, Any]]:
    """The assets as the API tells them."""
    from media_library.api.serializers import AssetSerializer  # workers without jobs need no REST framework

    context = {"origin": job.parameters["origin"], "indexed": findable.index.indexed_ids(assets)}
    written = AssetSerializer(context=context)
    for asset in assets:
        yield written.to_representation(asset)


def dumped(value: Any) -> bytes:
    return orjson.dumps(value, default=str) + b"\n"


def temporary() -> IO[bytes]:
    return TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)


class ExportLines(Export):
    name = "export_jsonl"
    mime_type = "application/jsonl"
    extension = "jsonl"

    def contents(self, job: Job, assets: list[Asset], files: ExitStack) -> Iterator[Content]:
        body = files.enter_context(temporary())
        body.writelines(map(dumped, lines(job, assets)))
        yield Section.BODY, body, []


class ExportZip(Export):
    name = "export_zip"
    mime_type = zips.MIME_TYPE
    extension = "zip"

    def contents(self, job: Job, assets: list[Asset], files: ExitStack) -> Iterator[Content]:
        body, draft, directory = (files.enter_context(temporary()) for _file in range(3))
        names = unique_names(job, assets)
        with zips.writing(zips.Sink(body, at=results.length(job, Section.BODY))) as archive:
            for asset, told in zip(assets, lines(job, assets), strict=True):
                written = self.put(job, archive, names[asset.pk], asset)
                draft.write(dumped({"file": names[asset.pk] if written else None, "asset": told}))
            end = body.tell()
        directory.write(zips.split(body, end))
        body.seek(end)
        taken = [digest(info.filename) for info in archive.infolist()]
        yield Section.BODY, body, taken
        yield Section.DIRECTORY, directory, []
        yield Section.DRAFT, draft, []

    def put(self, job: Job, archive: zipfile.ZipFile, name: str, asset: Asset) -> bool:
        try:
            for _piece in zips.put(archive, name, asset):
                pass
        except FileNotFoundError:
            job.fail_item(str(asset.pk), OriginalMissing())
            return False
        return True

    def close(self, job: Job) -> None:
        """The manifest, and what ends a ZIP file."""
        parts: list[ResultPart] = []
        with temporary() as manifest, temporary() as ending:
            offset = results.length(job, Section.BODY)
            with zips.writing(zips.Sink(manifest, at=offset)) as archive:
                with archive.open(zips.entry(MANIFEST), "w", force_zip64=True) as entry:
                    for piece in results.pieces(job, Section.DRAFT):
                        entry.write(piece)
                end = manifest.tell()
            directory = zips.split(manifest, end)
            manifest.seek(end)
            size = results.length(job, Section.DIRECTORY) + len(directory)
            ending.write(directory + zips.end_of(number_of_files(job) + 1, size, offset + end))
            try:
                parts += [results.store(job, Section.MANIFEST, manifest), results.store(job, Section.END, ending)]
                with job.saving():
                    ResultPart.objects.bulk_create(parts)
                    self.complete(job)
            except BaseException:
                results.discard(parts)
                raise


def number_of_files(job: Job) -> int:
    lengths = ResultPart.objects.filter(job=job, section=Section.BODY).values_list("names__len", flat=True)
    return sum(length or 0 for length in lengths)


def unique_names(job: Job, assets: Sequence[Asset]) -> dict[uuid.UUID, str]:
    """A name within the archive for each, which no other file has, also where case does not count."""
    wanted = {asset.pk: candidates(asset, place) for asset, place in zip(assets, places(job, assets), strict=True)}
    digests = [digest(name) for names in wanted.values() for name in names]
    taken = {digest(MANIFEST)}
    for known in ResultPart.objects.filter(job=job, names__overlap=digests).values_list("names", flat=True):
        taken.update(known)
    chosen = {}
    for pk, names in wanted.items():
        chosen[pk] = next(name for name in names if digest(name) not in taken)
        taken.add(digest(chosen[pk]))
    return chosen


def digest(name: str) -> str:
    """Names can be longer than an index takes, and case does not count."""
    return hashlib.sha256(name.lower().encode()).hexdigest()[:32]


def candidates(asset: Asset, place: str) -> list[str]:
    """The last is one that nobody can have foreseen."""
    extension = zips.extension(asset)
    stem = zips.safe(asset.display_name.removesuffix(f".{extension}"))
    endings = ["", f" ({asset.pk.hex[:8]})", f" ({asset.pk})", f" ({uuid.uuid4()})"]
    return [f"{place}{stem}{ending}.{extension}" for ending in endings]


def places(job: Job, assets: Sequence[Asset]) -> list[str]:
    """The folder of each as a path that ends with a slash, or nothing."""
    if not job.parameters["folders"]:
        return [""] * len(assets)
    seen = Folder.objects.seen_in(job.library, job.owner).only("name", "parent_id")
    folders = {folder.pk: folder for folder in seen}
    return [path_of(asset.folder_id, folders) for asset in assets]


def path_of(pk: uuid.UUID | None, folders: dict[uuid.UUID, Folder]) -> str:
    parts: list[str] = []
    while pk in folders and len(parts) < len(folders):
        parts.append(zips.safe(folders[pk].name))
        pk = folders[pk].parent_id
    return "".join(f"{part}/" for part in reversed(parts[-MOST_DEEP:]))


def name_of(text: str) -> str:
    return zips.safe(text) if text.strip() else "export"


def start(
    library: Library, user: User, chosen: dict[str, Any], *, format: str, folders: bool, name: str, origin: str
) -> Job:
    """A job that makes a file of what was chosen: see `media_library.api.selections.selected`. Raises TooManyJobs."""
    chosen["parameters"] |= {"name": name_of(name), "folders": folders, "origin": origin}
    with transaction.atomic():
        job = jobs.start(FORMATS[format].name, owner=user, library=library, **chosen)
        audit.record(audit.Event.EXPORTED, job, library=library, name=name, data={"format": format})
    return job


FORMATS: dict[str, type[Export]] = {"zip": ExportZip, "jsonl": ExportLines}
