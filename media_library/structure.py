"""Walks the blocks of a picture file without decoding any of them.

Finds out whether the file is whole, how many frames it has, and the EXIF block. Work is bounded: a file that is
cut into more blocks than any honest encoder writes raises `TooManyBlocks`.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO

# Steps, of which blocks that decoders remember or look up cost several. A 40 MB GIF of full blocks takes 165,000.
MAX_BLOCKS = 200_000
CHUNK, SEGMENT, DIRECTORY, EXIF = 4, 10, 20, 10_000
MAX_EXIF_BYTES = 1024 * 1024
WINDOW = 64 * 1024

JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})


class TooManyBlocks(Exception):
    """Counting frames or segments was given up."""


class Incomplete(Exception):
    """The file ends, or stops making sense, before its own structure does. Becomes `Structure.complete`."""


@dataclass
class Structure:
    """`width` and `height` as stored, before any rotation; 0 where only the decoder's own header reader knows."""

    width: int = 0
    height: int = 0
    frames: int = 1
    exif: bytes = b""
    complete: bool = True


class Cursor:
    """Reads forward through a file, a window at a time, and counts the blocks that were stepped over."""

    def __init__(self, file: BinaryIO, offset: int = 0) -> None:
        self.file = file
        file.seek(0, SEEK_END)
        self.size = file.tell()
        self.position = offset
        self.blocks = 0
        self._window = b""
        self._start = 0

    def take(self, count: int) -> bytes:
        begin = self.position - self._start
        if begin < 0 or begin + count > len(self._window):
            self.file.seek(self.position)
            self._window = self.file.read(max(count, WINDOW))
            self._start, begin = self.position, 0
        data = self._window[begin : begin + count]
        if len(data) < count:
            raise Incomplete
        self.position += count
        return data

    def skip(self, count: int) -> None:
        self.position += count
        if self.position > self.size:
            raise Incomplete

    def step(self, cost: int = 1) -> None:
        self.blocks += cost
        if self.blocks > MAX_BLOCKS:
            raise TooManyBlocks

    def find(self, needle: bytes) -> bool:
        """Whether `needle` occurs from here to the end of the file."""
        tail = b""
        self.file.seek(self.position)
        while data := self.file.read(1024 * 1024):
            if needle in tail + data:
                return True
            tail = data[1 - len(needle) :]
        return False


def walk(file: BinaryIO, format_: str) -> Structure:
    """The structure of a file of one of `formats.FORMATS`; what was read before the end if it is incomplete."""
    found = Structure()
    try:
        if walker := WALKERS.get(format_):
            walker(Cursor(file), found)
    except Incomplete:
        found.complete = False
    return found


def _jpeg(cursor: Cursor, found: Structure) -> None:
    cursor.skip(2)
    while True:
        cursor.step()
        if cursor.take(1) != b"\xff":
            continue  # stray bytes between segments: decoders skip them as well
        while (marker := cursor.take(1)[0]) == 0xFF:
            cursor.step()
        if marker in JPEG_STANDALONE or marker == 0:
            continue
        if marker == 0xD9:
            raise Incomplete  # the end, and no picture yet
        (length,) = struct.unpack(">H", cursor.take(2))
        end = cursor.position + length - 2
        cursor.step(SEGMENT)
        if marker == 0xE1 and length >= 8 and cursor.take(6) == b"Exif\0\0":
            cursor.step(EXIF)  # Pillow joins such blocks, in a time that grows with their number squared
        if marker in JPEG_SIZES:
            found.height, found.width = struct.unpack(">xHH", cursor.take(5))
        cursor.skip(max(end - cursor.position, 0))
        if marker == 0xDA:
            break
    if not cursor.find(b"\xff\xd9"):
        raise Incomplete


def _png(cursor: Cursor, found: Structure) -> None:
    cursor.skip(8)
    frames = 0
    pixels, still = False, False  # still: the default image is not a frame of the animation
    while True:
        cursor.step(CHUNK)
        length, kind = struct.unpack(">I4s", cursor.take(8))
        end = cursor.position + length + 4
        if kind == b"IHDR":
            found.width, found.height = struct.unpack(">II", cursor.take(8))
        elif kind == b"IDAT":
            still = still or not frames
            pixels = True
        elif kind == b"fcTL":
            frames += 1
        elif kind == b"eXIf" and length <= MAX_EXIF_BYTES:
            found.exif = cursor.take(length)
        elif kind == b"IEND":
            break
        elif not kind.isalpha():
            raise Incomplete
        cursor.skip(end - cursor.position)
    found.frames = max(frames + still, 1)
    if not pixels:
        raise Incomplete


def _webp(cursor: Cursor, found: Structure) -> None:
    frames = 0
    (declared,) = struct.unpack("<4xI4x", cursor.take(12))
    if declared + 8 > cursor.size + 1:  # the last padding byte is often left out
        raise Incomplete
    end = min(declared + 8, cursor.size)
    while cursor.position + 8 <= end:
        cursor.step(CHUNK)
        kind, length = struct.unpack("<4sI", cursor.take(8))
        following = cursor.position + length + length % 2
        if cursor.position + length > cursor.size:
            raise Incomplete
        if kind == b"VP8X":
            canvas = cursor.take(10)
            found.width = int.from_bytes(canvas[4:7], "little") + 1
            found.height = int.from_bytes(canvas[7:10], "little") + 1
        elif kind == b"VP8 " and not found.width:
            found.width, found.height = (side & 0x3FFF for side in struct.unpack("<6xHH", cursor.take(10)))
        elif kind == b"VP8L" and not found.width:
            (bits,) = struct.unpack("<xI", cursor.take(5))
            found.width, found.height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif kind == b"ANMF":
            frames += 1
        elif kind == b"EXIF" and length <= MAX_EXIF_BYTES:
            found.exif = cursor.take(length).removeprefix(b"Exif\0\0")
        cursor.position = following
    if not found.width:
        raise Incomplete
    found.frames = max(frames, 1)


def _gif(cursor: Cursor, found: Structure) -> None:
    found.width, found.height, flags = struct.unpack("<6xHHBxx", cursor.take(13))
    frames = 0
    cursor.skip(_gif_palette(flags))
    while cursor.position < cursor.size:
        cursor.step()
        introducer = cursor.take(1)
        if introducer == b",":
            left, top, width, height, flags = struct.unpack("<HHHHB", cursor.take(9))
            if not frames:  # decoders grow the canvas to hold the first frame
                found.width, found.height = max(found.width, left + width), max(found.height, top + height)
            cursor.skip(_gif_palette(flags) + 1)
            _gif_sub_blocks(cursor)
            frames += 1
            found.frames = frames
        elif introducer == b"!":
            cursor.skip(1)
            _gif_sub_blocks(cursor)
        elif introducer == b";":
            break
    if not frames:
        raise Incomplete  # a trailer that is missing after a whole frame harms nobody


def _gif_palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_sub_blocks(cursor: Cursor) -> None:
    while length := cursor.take(1)[0]:
        cursor.step()
        cursor.skip(length)


def _tiff(cursor: Cursor, found: Structure) -> None:
    order = "<" if cursor.take(2) == b"II" else ">"
    big = struct.unpack(order + "H", cursor.take(2))[0] == 43
    count_format, entry_bytes, offset_format = ("Q", 20, "Q") if big else ("H", 12, "I")
    if big:
        cursor.skip(4)

    def number(kind: str) -> int:
        return int(struct.unpack(order + kind, cursor.take(struct.calcsize(order + kind)))[0])

    seen: set[int] = set()
    offset = number(offset_format)
    while offset and offset not in seen:
        cursor.step(DIRECTORY)
        seen.add(offset)
        cursor.position = offset
        try:
            cursor.skip(number(count_format) * entry_bytes)
            offset = number(offset_format)
        except Incomplete:
            if len(seen) == 1:
                raise
            break
    found.frames = max(len(seen), 1)


def _boxes(cursor: Cursor, _found: Structure) -> None:
    """ISO base media files: HEIF, AVIF, and JPEG 2000 in its container."""
    if cursor.take(4) == b"\xff\x4f\xff\x51":
        return  # a bare JPEG 2000 codestream has no boxes
    cursor.position = 0
    while cursor.position < cursor.size:
        cursor.step(CHUNK)
        begin = cursor.position
        length, kind = struct.unpack(">I4s", cursor.take(8))
        if length == 1:
            (length,) = struct.unpack(">Q", cursor.take(8))
        if length == 0:
            break  # up to the end of the file
        if length < 8 or not kind.strip(b"\0"):
            break  # padding after the last box
        cursor.position = begin
        cursor.skip(length)


WALKERS: dict[str, Callable[[Cursor, Structure], None]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "tiff": _tiff,
    "heif": _boxes,
    "avif": _boxes,
    "jpeg2000": _boxes,
    "mp4": _boxes,
    "mov": _boxes,
}
