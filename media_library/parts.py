"""Parts of files that arrive over several requests: kept in the store, where every web process finds them, also after a
restart, and registered one by one."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction

from media_library import stored_files
from media_library.models import PartialUpload, UploadPart
from media_library.uploads import IN_MEMORY

ROOT = "parts"
COPIED_AT_ONCE = 1024 * 1024


def folder(upload: UUID) -> str:
    return f"{ROOT}/{upload}"


def store(upload: PartialUpload, start: int, file: File) -> UploadPart:
    """A part, stored and not registered yet. Whoever does not register it removes it with `drop`."""
    name = default_storage.save(f"{folder(upload.pk)}/{start:015d}", file)
    return UploadPart(upload=upload, start=start, bytes=file.size, file=name)


def drop(part: UploadPart) -> None:
    stored_files.delete([str(part.file.name)])


@contextmanager
def joined(upload: PartialUpload) -> Iterator[File]:
    """The parts as one file, as far as they follow each other: its `size` says how far that is."""
    whole = SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
    with whole:
        for part in upload.parts.all():
            if part.start != whole.tell():
                break
            with default_storage.open(str(part.file.name)) as stored:
                for piece in stored.chunks(COPIED_AT_ONCE):
                    whole.write(piece)
        file = File(cast("IO[Any]", whole), name="")
        file.size = whole.tell()
        whole.seek(0)
        yield file


def discard(upload: PartialUpload) -> None:
    """Of what is over: its parts, once that is committed, with those that never were registered."""
    upload.parts.all().delete()
    transaction.on_commit(partial(clear, upload.pk), robust=True)  # what stays, the sweep removes


def clear(upload: UUID) -> None:
    if stored_files.backup_is_running():
        return
    with suppress(FileNotFoundError):  # some stores have no folders
        stored_files.delete(f"{folder(upload)}/{name}" for name in default_storage.listdir(folder(upload))[1])
        if not settings.S3_BUCKET:
            default_storage.delete(folder(upload))


def forgotten(since: datetime) -> Iterator[UUID]:
    """Uploads of which nothing is registered, and nothing has arrived since then: a process died."""
    with suppress(FileNotFoundError):
        there = [UUID(name) for name in default_storage.listdir(ROOT)[0]]
        known = set(PartialUpload.objects.filter(pk__in=there).values_list("pk", flat=True))
        for upload in there:
            if upload not in known and last_change(upload) < since:
                yield upload


def last_change(upload: UUID) -> datetime:
    names = default_storage.listdir(folder(upload))[1]
    times = [default_storage.get_modified_time(f"{folder(upload)}/{name}") for name in names]
    return max(times, default=datetime.min.replace(tzinfo=UTC))
