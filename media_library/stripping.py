"""An original without what it says of itself: no EXIF, XMP, IPTC, comments, thumbnails or second pictures.

The pixels stay as they are, byte for byte: blocks are left out, nothing is decoded. What is needed to show them rightly
stays: the colour profile, and which way is up. What cannot be taken apart like that is refused.
"""

import struct
import zlib
from collections.abc import Iterator

FORMATS = frozenset({"jpeg", "png", "webp"})

JPEG_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD"}
    | {b"pHYs", b"acTL", b"fcTL", b"fdAT"}
)
WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
WEBP_EXIF, WEBP_XMP = 0x08, 0x04


class CannotStrip(Exception):
    """The file is of another kind, or not made as its kind should be."""


def stripped(data: bytes, format_: str, orientation: int = 1) -> bytes:
    """`orientation`: EXIF value 1 to 8 of the upright picture, written anew where it is not 1. Raises CannotStrip."""
    try:
        if format_ == "jpeg":
            return b"".join(_jpeg(data, orientation))
        if format_ == "png":
            return b"".join(_png(data, orientation))
        if format_ == "webp":
            return _webp(data, orientation)
    except (struct.error, IndexError) as error:
        raise CannotStrip from error
    raise CannotStrip


def _orientation(value: int) -> bytes:
    """A TIFF block with nothing but the tag Orientation."""
    return b"II*\0" + struct.pack("<LHHHLHHL", 8, 1, 0x0112, 3, 1, value, 0, 0)


def _jpeg(data: bytes, orientation: int) -> Iterator[bytes]:
    if data[:2] != b"\xff\xd8":
        raise CannotStrip
    yield data[:2]
    if orientation != 1:
        block = b"Exif\0\0" + _orientation(orientation)
        yield b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    at = 2
    while True:
        if data[at] != 0xFF:
            raise CannotStrip
        while data[at + 1] == 0xFF:  # padding
            at += 1
        marker = data[at + 1]
        if marker == 0xD9:  # the end: what stands behind it is another picture, or a film
            yield data[at : at + 2]
            return
        if marker in JPEG_STANDALONE:
            yield data[at : at + 2]
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if end > len(data):
            raise CannotStrip
        if _jpeg_keeps(marker, data[at + 4 : at + 16]):
            yield data[at:end]
        at = end
        if marker == 0xDA:
            end = _jpeg_scan_end(data, at)
            yield data[at:end]
            at = end


def _jpeg_keeps(marker: int, start: bytes) -> bool:
    if 0xE0 <= marker <= 0xEF:  # application blocks
        profile = marker == 0xE2 and start.startswith(b"ICC_PROFILE\0")
        colours = marker == 0xEE and start.startswith(b"Adobe")
        return profile or colours or (marker == 0xE0 and start.startswith(b"JFIF\0"))
    return marker != 0xFE  # comments


def _jpeg_scan_end(data: bytes, at: int) -> int:
    """Where the next marker stands that is neither a stuffed zero nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise CannotStrip
        if data[at + 1] not in {0x00, *range(0xD0, 0xD8)} and data[at + 1] != 0xFF:
            return at
        at += 1 if data[at + 1] == 0xFF else 2


def _png(data: bytes, orientation: int) -> Iterator[bytes]:
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise CannotStrip
    yield data[:8]
    at = 8
    while True:
        length, name = struct.unpack_from(">L4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise CannotStrip
        if name in PNG_KEPT:
            yield data[at:end]
        if name == b"IHDR" and orientation != 1:
            block = b"eXIf" + _orientation(orientation)
            yield struct.pack(">L", len(block) - 4) + block + struct.pack(">L", zlib.crc32(block))
        if name == b"IEND":
            return
        at = end


def _webp(data: bytes, orientation: int) -> bytes:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise CannotStrip
    (size,) = struct.unpack_from("<L", data, 4)
    whole, at, chunks = min(len(data), size + 8), 12, []
    while at + 8 <= whole:
        name, length = struct.unpack_from("<4sL", data, at)
        end = at + 8 + length + length % 2
        if at + 8 + length > whole:
            raise CannotStrip
        if name == b"VP8X":
            flags = data[at + 8] & ~(WEBP_EXIF | WEBP_XMP) | (WEBP_EXIF if orientation != 1 else 0)
            chunks.append(data[at : at + 8] + bytes([flags]) + data[at + 9 : end])
        elif name in WEBP_KEPT:
            chunks.append(data[at:end])
        at = end
    if orientation != 1 and chunks and chunks[0][:4] == b"VP8X":
        block = _orientation(orientation)
        chunks.append(b"EXIF" + struct.pack("<L", len(block)) + block)
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<L", len(body)) + body
