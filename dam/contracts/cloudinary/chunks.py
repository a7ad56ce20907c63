"""Uploads in parts: each has a `Content-Range`, and all of one upload the same `X-Unique-Upload-Id`."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext as _

from dam.errors import InvalidRequest
from media_library.images import too_large
from media_library.models import User
from media_library.uploads import IN_MEMORY

ROOT = "chunks"
KEPT = timedelta(hours=1)
RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(-1|\d{1,15}|\*)", re.ASCII)
COPIED_AT_ONCE = 1024 * 1024


@dataclass(frozen=True)
class Part:
    """`total` is None while the client does not know it."""

    folder: str
    start: int
    end: int  # the first byte after it
    total: int | None

    @classmethod
    def of(cls, user: User, upload_id: str, content_range: str) -> "Part":
        match = RANGE.fullmatch(content_range.strip())
        start, last = (int(match[1]), int(match[2])) if match else (0, -1)
        total = int(match[3]) if match and match[3].isdecimal() else None
        if not match or last < start or (total is not None and last >= total):
            raise InvalidRequest(_("Content-Range has to look like bytes 0-999/5000."))
        if not upload_id:
            raise InvalidRequest(_("An upload in parts needs an X-Unique-Upload-Id."))
        if max(last + 1, total or 0) > settings.MAX_UPLOAD_BYTES:
            raise too_large()
        digest = hashlib.sha256(upload_id.encode()).hexdigest()[:32]
        return cls(f"{ROOT}/{user.pk}/{digest}", start, last + 1, total)

    @property
    def is_last(self) -> bool:
        return self.end == self.total

    def keep(self, file: File) -> None:
        """Store it; one that was sent before is replaced. With the first one, uploads that were given up go."""
        if file.size != self.end - self.start:
            raise InvalidRequest(_("The part has another length than its Content-Range says."))
        if self.start == 0:
            delete_stale()
        stored = f"{self.folder}/{self.start:015d}"
        default_storage.delete(stored)
        default_storage.save(stored, file)


@contextmanager
def joined(part: Part) -> Iterator[File]:
    """All parts as one file. Afterwards they are gone, unless one is missing: then InvalidRequest says which."""
    whole = SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
    with whole:
        for name in sorted(names(part.folder)):
            if name != f"{whole.tell():015d}":
                break
            with default_storage.open(f"{part.folder}/{name}") as stored:
                for piece in stored.chunks(COPIED_AT_ONCE):
                    whole.write(piece)
        if whole.tell() != part.total:
            raise InvalidRequest(_("The part that begins at byte %(start)s is missing.") % {"start": whole.tell()})
        file = File(cast("IO[Any]", whole), name="")
        file.size = whole.tell()
        whole.seek(0)
        yield file
    delete(part.folder)


def names(folder: str) -> list[str]:
    try:
        return default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return []


def delete(folder: str) -> None:
    for name in names(folder):
        default_storage.delete(f"{folder}/{name}")
    if not settings.S3_BUCKET:
        default_storage.delete(folder)


def delete_stale() -> None:
    with suppress(FileNotFoundError):  # another request may be deleting, too
        for user in default_storage.listdir(ROOT)[0]:
            for upload in default_storage.listdir(f"{ROOT}/{user}")[0]:
                folder = f"{ROOT}/{user}/{upload}"
                times = [default_storage.get_modified_time(f"{folder}/{name}") for name in names(folder)]
                if times and max(times) < timezone.now() - KEPT:
                    delete(folder)
