"""Pictures out of a ZIP or TAR file, which may be hostile: nothing is written under a name that it chooses, and what it
unpacks to is counted as it comes, not as it says.

Folders, links, devices and hidden files are passed over; archives within it are files that are no pictures.
"""

import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from io import SEEK_CUR, SEEK_END, SEEK_SET
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, cast

from django.conf import settings
from django.utils.translation import gettext as _

from dam.errors import AppError
from media_library.refusals import too_large
from media_library.uploads import IN_MEMORY

MOST_FILES = 1000
MOST_DIRECTORY = 1024 * 1024  # of a ZIP's own table of contents, which is read at once
LARGEST_READ = 1024 * 1024  # of a TAR: a header that claims to be longer is no header
CHUNK = 64 * 1024
ZIP, GZIP = b"PK", b"\x1f\x8b"
END, LOCATOR = b"PK\x05\x06", b"PK\x06\x07"  # of a ZIP's directory, and of that of a ZIP64
LONGEST_END = 22 + 65535
BROKEN = (
    OSError, EOFError, ValueError, LookupError, RuntimeError, zlib.error, lzma.LZMAError,
    zipfile.BadZipFile, tarfile.TarError,
)  # fmt: skip

Open = Callable[[], IO[bytes]]


class BadArchive(AppError):
    code = "bad_archive"
    status = 400
    message = _("This archive cannot be opened. Use ZIP, TAR or TAR.GZ, without a password.")


def pictures(file: BinaryIO) -> Iterator[tuple[str, IO[bytes] | AppError]]:
    """Each file's name with its content, or with why that cannot be had. Raises BadArchive, also in the midst of it."""
    budget = Budget()
    count = 0
    try:
        for name, opened in members(file, budget):
            count += 1
            if count > MOST_FILES:
                raise too_many_files()
            if is_hidden(name):
                continue
            with SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR) as content:
                if copied(opened, content, budget):
                    content.seek(0)
                    yield name, content
                else:
                    yield name, too_large()
    except BROKEN as error:
        raise BadArchive from error


class Budget:
    """How much an archive may still unpack to."""

    def __init__(self) -> None:
        self.left = most_unpacked()

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise unpacks_to_too_much()


def too_many_files() -> BadArchive:
    return BadArchive(_("This archive holds more than %(most)s files. Split it.") % {"most": MOST_FILES})


def unpacks_to_too_much() -> BadArchive:
    return BadArchive(_("This archive unpacks to too much. Split it."))


def most_unpacked() -> int:
    return 25 * settings.MAX_UPLOAD_BYTES


def copied(opened: Open, to: IO[bytes], budget: Budget) -> bool:
    """False for a file that is larger than an upload may be, of which no more is read than that."""
    size = 0
    with opened() as source:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            budget.spend(len(chunk))
            if size > settings.MAX_UPLOAD_BYTES:
                return False
            to.write(chunk)
    return True


def members(file: BinaryIO, budget: Budget) -> Iterator[tuple[str, Open]]:
    file.seek(0)
    start = file.read(2)
    file.seek(0)
    if start == ZIP:
        return of_zip(file)
    return of_tar(gzip.GzipFile(fileobj=file, mode="rb") if start == GZIP else file)


def of_zip(file: BinaryIO) -> Iterator[tuple[str, Open]]:
    check_directory(file)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if info.flag_bits & 1 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise BadArchive  # a password, or a method whose dictionary alone may take gigabytes
            yield info.filename, partial(archive.open, info)


def check_directory(file: BinaryIO) -> None:
    """The directory is as small as that of so few files is. Read here as `zipfile` does, so that both see the same."""
    file.seek(0, SEEK_END)
    file.seek(max(0, file.tell() - LONGEST_END))
    tail = file.read()
    at = tail.find(END)
    if at < 0 or tail.count(END) > 1 or LOCATOR in tail[max(0, at - 20) : at]:
        raise BadArchive
    if int.from_bytes(tail[at + 12 : at + 16], "little") > MOST_DIRECTORY:
        raise too_many_files()
    file.seek(0)


def of_tar(file: Any) -> Iterator[tuple[str, Open]]:
    metered = Metered(file)
    with tarfile.open(fileobj=metered, mode="r:") as archive:  # type: ignore[call-overload]
        for number, info in enumerate(archive):
            if number > 10 * MOST_FILES:
                raise too_many_files()
            archive.members = []  # it would remember each
            if info.isreg() and not info.issparse():
                yield info.name, partial(cast("Callable[..., IO[bytes]]", archive.extractfile), info)
    if metered.last != tarfile.NUL * tarfile.BLOCKSIZE:  # `tarfile` takes any nonsense after a file for the end
        raise BadArchive


class Metered:
    """What `tarfile` reads: in small pieces, whatever a header claims, only forwards, and not without end.

    Going back would make it unpack a TAR.GZ from its start again for each file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.most = most_unpacked() + MOST_FILES * 4096
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LARGEST_READ:
            raise BadArchive
        self.last = self.file.read(size)
        return self.last

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        position = offset if whence == SEEK_SET else self.file.tell() + offset
        if whence not in {SEEK_SET, SEEK_CUR} or position < self.file.tell():
            raise BadArchive
        if position > self.most:
            raise unpacks_to_too_much()
        return self.file.seek(position)

    def tell(self) -> int:
        return self.file.tell()


def is_hidden(name: str) -> bool:
    """Such as what macOS puts beside each file."""
    parts = name.replace("\\", "/").split("/")
    return "__MACOSX" in parts or parts[-1].startswith(".")
