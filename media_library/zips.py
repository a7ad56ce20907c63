"""Writing ZIP files: forwards, a piece at a time, to wherever they go. What untrusted ones hold: `archives`."""

import io
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, Any, cast

from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from media_library.models import Asset

PIECE = 256 * 1024
MOST, MOST_BYTES = 1000, 2 * 1024**3  # of what is made while somebody waits for it; more takes a job
MIME_TYPE = "application/zip"
MOST_NAME_BYTES = 180  # with a number and an extension it is a file name everywhere
UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)

END = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16; 4.3.14 and 4.3.15 for ZIP64
END_64, LOCATOR_64 = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
MOST_16, MOST_32 = 0xFFFF, 0xFFFFFFFF


class Sink:
    """What a ZipFile writes to. It can only go forwards; `at` is where in the whole file it is."""

    def __init__(self, file: IO[bytes] | None = None, at: int = 0) -> None:
        self.file = file or io.BytesIO()
        self.at = at

    def write(self, data: bytes) -> int:
        self.at += len(data)
        return self.file.write(data)

    def tell(self) -> int:
        return self.at

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> bytes:
        """What was written into memory since the last time."""
        buffer = cast(io.BytesIO, self.file)
        data = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return data


def writing(sink: Sink) -> zipfile.ZipFile:
    return zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED)  # type: ignore[call-overload]


def put(archive: zipfile.ZipFile, name: str, asset: Asset) -> Iterator[None]:
    """Write an original into it. Yields after each piece. Raises FileNotFoundError before anything is written."""
    with default_storage.open(str(asset.file.name)) as original:
        yield from write(archive, entry(name, asset.created_at), original)


def write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: IO[bytes]) -> Iterator[None]:
    """Write a file into it, as it is: pictures are compressed already. Yields after each piece."""
    data = file.read(PIECE)
    with archive.open(info, "w", force_zip64=True) as written:
        while data:
            written.write(data)
            yield
            data = file.read(PIECE)


def entry(name: str, changed: datetime | None = None) -> zipfile.ZipInfo:
    moment = timezone.localtime(changed)
    info = zipfile.ZipInfo(name, (max(1980, moment.year), *moment.timetuple()[1:6]))
    info.external_attr = 0o644 << 16
    return info


def streamed(files: Iterable[tuple[zipfile.ZipInfo, IO[bytes]]]) -> Iterator[bytes]:
    """A whole ZIP file of these files, in pieces. Each is closed before the next one is asked for."""
    sink = Sink()
    with writing(sink) as archive:
        for info, file in files:
            with file:
                for _piece in write(archive, info, file):
                    yield sink.taken()
    yield sink.taken()


def safe(name: str) -> str:
    """A name that is a file's or a folder's on every system, and leads nowhere else."""
    name = UNSAFE.sub("_", name).encode("utf-8", "replace")[:MOST_NAME_BYTES].decode("utf-8", "ignore").strip(" .")
    return f"_{name}" if not name or DEVICES.match(name) else name


def extension(asset: Asset) -> str:
    return suffix(asset.file)


def suffix(original: FieldFile) -> str:
    return str(original.name).rpartition(".")[2]


def split(file: IO[Any], body: int) -> bytes:
    """Take the directory off a ZIP file whose entries end at `body`: the file keeps only those. Gives the directory."""
    file.seek(-END.size, io.SEEK_END)
    size = END.unpack(file.read(END.size))[5]
    file.seek(body)
    directory = file.read(size)
    file.truncate(body)
    file.seek(body)
    return bytes(directory)


def end_of(count: int, size: int, offset: int) -> bytes:
    """The end of a ZIP file with `count` entries, whose directory of `size` bytes begins at `offset`."""
    end = END.pack(
        b"PK\5\6", 0, 0, min(count, MOST_16), min(count, MOST_16), min(size, MOST_32), min(offset, MOST_32), 0
    )
    if max(size, offset) < MOST_32 and count < MOST_16:
        return end
    end_64 = END_64.pack(b"PK\6\6", END_64.size - 12, 45, 45, 0, 0, count, count, size, offset)
    return end_64 + LOCATOR_64.pack(b"PK\6\7", 0, offset + size, 1) + end
