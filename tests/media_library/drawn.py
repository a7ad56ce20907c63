"""Pictures drawn in memory, for tests of what reads them."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

QUARTERS = {"red": (0, 0), "lime": (1, 0), "blue": (0, 1), "yellow": (1, 1)}


def quarters(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """Red, lime, blue and yellow quarters, in reading order: shows how a picture is turned."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for colour, (column, row) in QUARTERS.items():
        left, upper = column * width // 2, row * height // 2
        draw.rectangle((left, upper, left + width // 2 - 1, upper + height // 2 - 1), fill=colour)
    return image.convert(mode)


def encoded(image: Image.Image, format_: str, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, format_, **options)
    file.seek(0)
    return file


def jpeg(width: int = 60, height: int = 40, **options: Any) -> io.BytesIO:
    return encoded(quarters(width, height), "JPEG", quality=95, subsampling=0, **options)


def turned(orientation: int, format_: str = "JPEG", **options: Any) -> io.BytesIO:
    """The 60 x 40 quarters, stored turned, with the EXIF orientation that turns them back."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose of the stored pixels
    image = quarters()
    if orientation in undo:
        image = image.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, format_, exif=exif.tobytes(), **options)  # as bytes, or pillow-heif misses it


def animation(frames: int, format_: str, size: tuple[int, int] = (20, 10)) -> io.BytesIO:
    pictures = [Image.new("RGB", size, (10 * index % 256, 200, 255 - index % 256)) for index in range(frames)]
    return encoded(pictures[0], format_, save_all=True, append_images=pictures[1:], duration=50)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb_png(width: int, height: int) -> io.BytesIO:
    """A whole little PNG whose header claims a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"x\x9c\x03\0\0\0\0\x01") + png_chunk(b"IEND", b"")
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunks)


def bomb_gif(width: int, height: int, frames: int = 1) -> io.BytesIO:
    frame = b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    return io.BytesIO(b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + frame * frames + b";")


def bomb_webp(width: int, height: int) -> io.BytesIO:
    canvas = struct.pack("<I", 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas
    return io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)


def bomb_bmp(width: int, height: int) -> io.BytesIO:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return io.BytesIO(b"BM" + struct.pack("<IHHI", 54 + 4, 0, 0, 54) + header + b"\0" * 4)


def bomb_tiff(width: int, height: int) -> io.BytesIO:
    entries = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 200),
        (277, 1),
        (278, height),
        (279, 1),
    ]
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return io.BytesIO((b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", 0)).ljust(256, b"\0"))


def bomb_jpeg(width: int, height: int) -> io.BytesIO:
    data = bytearray(jpeg(16, 16).getvalue())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return io.BytesIO(bytes(data))


BOMBS = {
    "png": bomb_png(50_000, 50_000),
    "gif": bomb_gif(65_000, 65_000),
    "animated gif": bomb_gif(2_000, 2_000, frames=60),
    "webp": bomb_webp(16_383, 16_383),
    "bmp": bomb_bmp(40_000, 40_000),
    "tiff": bomb_tiff(60_000, 60_000),
    "jpeg": bomb_jpeg(65_000, 65_000),
}
