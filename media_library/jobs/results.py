"""What a job leaves behind to be downloaded: pieces in the store, one after the other, for a day."""

import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import Sum
from django.utils import timezone

from media_library import stored_files
from media_library.models import Job, ResultPart
from media_library.models.job import RESULT_KEPT

Section = ResultPart.Section
IN_RESULT = [Section.BODY, Section.MANIFEST, Section.DIRECTORY, Section.END]


def folder(job: Job) -> str:
    return f"exports/{job.pk}"


def store(job: Job, section: Section, content: IO[Any]) -> ResultPart:
    """A piece, stored and not registered yet. Whoever does not register it removes it with `discard`."""
    size = content.tell()
    content.seek(0)
    name = default_storage.save(f"{folder(job)}/{section.name.lower()}", File(content))
    return ResultPart(job=job, section=section, file=name, bytes=size)


def discard(parts: Sequence[ResultPart]) -> None:
    stored_files.delete(str(part.file.name) for part in parts)


def length(job: Job, *sections: Section) -> int:
    parts = ResultPart.objects.filter(job=job, section__in=sections)
    return parts.aggregate(sum=Sum("bytes"))["sum"] or 0


def pieces(job: Job, section: Section) -> Iterator[bytes]:
    for part in ResultPart.objects.filter(job=job, section=section):
        with default_storage.open(str(part.file.name)) as file:
            yield from file.chunks()


def parts(job: Job) -> list[ResultPart]:
    return list(ResultPart.objects.filter(job=job, section__in=IN_RESULT).only("file", "bytes"))


def complete(job: Job, file: str, mime_type: str) -> None:
    """Say what the result is; from now on it is kept for a day."""
    size = length(job, *IN_RESULT)
    job.result = {"file": file, "mime_type": mime_type, "bytes": size}
    job.result_expires_at = timezone.now() + RESULT_KEPT


def delete_results(job: Job) -> None:
    """With what a worker stored and died before it was registered."""
    ResultPart.objects.filter(job=job).delete()
    with suppress(FileNotFoundError):  # some stores have no folders
        stored_files.remove(f"{folder(job)}/{name}" for name in default_storage.listdir(folder(job))[1])


class Joined(io.RawIOBase):
    """The pieces as one file, of which only the piece that is read is open."""

    def __init__(self, parts: Sequence[ResultPart]) -> None:
        self.parts = [part for part in parts if part.bytes]
        self.ends = list(accumulate(part.bytes for part in self.parts))
        self.size = self.ends[-1] if self.ends else 0
        self.position = 0
        self.opened: tuple[int, IO[Any]] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        return self.position

    def read(self, size: int = -1) -> bytes:
        """At most what is left of one piece."""
        number = bisect_right(self.ends, self.position)
        if number == len(self.parts):
            return b""
        file = self.piece(number)
        file.seek(self.position - self.ends[number] + self.parts[number].bytes)
        data: bytes = file.read(size) if size >= 0 else file.read()
        self.position += len(data)
        return data

    def piece(self, number: int) -> IO[Any]:
        if self.opened is None or self.opened[0] != number:
            self.close_piece()
            self.opened = number, default_storage.open(str(self.parts[number].file.name))
        return self.opened[1]

    def close_piece(self) -> None:
        if self.opened:
            self.opened[1].close()
            self.opened = None

    def close(self) -> None:
        self.close_piece()
        super().close()
