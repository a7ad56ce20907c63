"""What a file says it is: the header of a picture, read and checked before anything is decoded."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END
from pathlib import PurePath
from typing import BinaryIO

import pillow_heif
from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image

from media_library import drawings, structure
from media_library.figures import grouped
from media_library.formats import (
    EXTENSIONS,
    FOREIGN_EXTENSIONS,
    FORMATS,
    MIME_TYPES,
    PAINTED,
    RAW_EXTENSIONS,
    accepted,
    sniff,
)
from media_library.refusals import (
    BadImage,
    damaged,
    not_accepted,
    not_an_image,
    raw,
    too_large,
    truncated,
)

__all__ = ["DECODER_ERRORS", "FORMATS", "MIME_TYPES", "BadImage", "Header", "inspect", "open_lazily"]

pillow_heif.register_heif_opener(thumbnails=False)
# Remarks about odd metadata are no news to whoever runs the server.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

# What Pillow and its plugins raise on hostile bytes. Time limits and bugs of our own are not among them.
DECODER_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Header:
    """`width` and `height` are pixels of the upright picture. `orientation` is what turns the decoded pixels upright
    (EXIF values 1 to 8); it stays 1 where the decoder turns them itself. Documents and films have a width and height of
    0 until they are painted: only libraries that are kept out of web processes can read them."""

    format: str
    mime_type: str
    width: int
    height: int
    frames: int
    orientation: int = 1


def inspect(file: BinaryIO, name: str = "") -> Header:
    """Read the header of `file` and leave it at its beginning. Decodes no pixels. Raises BadImage.

    `name` is the file's name as the user knows it, and is only used to catch an extension that belies the content.
    Pass none for a file that was fetched: servers name pictures as they like.
    """
    try:
        return _inspect(file, name)
    finally:
        file.seek(0)


def _inspect(file: BinaryIO, name: str) -> Header:
    file.seek(0, SEEK_END)
    size = file.tell()
    if not size:
        raise BadImage(_("This file is empty. Choose another one."), code="empty")
    if size > settings.MAX_UPLOAD_BYTES:
        raise too_large()
    file.seek(0)
    format_ = sniff(file.read(64))
    if not format_:
        raise not_an_image(name)
    if format_ not in accepted():
        raise not_accepted(format_)
    if format_ == "svg":
        return _drawing(file, name)
    _check_extension(name, format_)
    found = _walk(file, format_)
    if format_ in {"jpeg", "png", "webp", "gif"} and (
        found.complete or found.width
    ):  # huge numbers end here, before a decoder reserves anything for them
        check_pixels(found.width, found.height, found.frames)
    if not found.complete:
        raise truncated(format_)
    if format_ in PAINTED:
        return Header(format_, MIME_TYPES[format_], 0, 0, 1)
    if format_ == "webp":  # Pillow would read it whole and reserve the canvas twice
        width, height, frames, exif = found.width, found.height, found.frames, found.exif
    else:
        with decoder_failures(format_):
            image = open_lazily(file, format_)
            width, height = image.size
            frames = getattr(image, "n_frames", 1) if format_ in {"heif", "avif"} else found.frames
            exif = found.exif or image.info.get("exif") or b""
        check_pixels(width, height, frames)
    orientation = _orientation(exif) if format_ in {"jpeg", "png", "webp", "avif"} else 1
    if orientation >= 5:
        width, height = height, width
    return Header(format_, MIME_TYPES[format_], width, height, frames, orientation)


def _drawing(file: BinaryIO, name: str) -> Header:
    file.seek(0)
    try:
        width, height = drawings.size(file)
    except drawings.NoDrawing:
        raise not_an_image(name) from None
    except drawings.GrowingDrawing:
        raise BadImage(
            _("This SVG file defines entities, which could make it grow without end. Save it as plain SVG."),
            code="undecodable",
        ) from None
    except drawings.BrokenDrawing:
        raise damaged("svg") from None
    _check_extension(name, "svg")
    check_pixels(width, height, 1)
    return Header("svg", MIME_TYPES["svg"], width, height, 1)


def open_lazily(file: BinaryIO, format_: str) -> Image.Image:
    """Open with the one decoder that `format_` names; pixels are read by `load()`, not here."""
    Image.MAX_IMAGE_PIXELS = settings.MAX_PIXELS  # Pillow's own guard, at our limit; it raises at twice that
    file.seek(0)
    return Image.open(file, formats=[FORMATS[format_]])


def _check_extension(name: str, format_: str) -> None:
    extension = PurePath(name.replace("\0", "").strip()).suffix.lower().lstrip(".")
    if not extension or extension in EXTENSIONS[format_]:
        return
    known = {known for extensions in EXTENSIONS.values() for known in extensions}
    if extension in RAW_EXTENSIONS:
        raise raw(extension)
    if extension not in known | FOREIGN_EXTENSIONS:
        return  # "sunset.final": a word after a dot, not the name of a format
    raise BadImage(
        _(
            "This file is named .{extension} but holds a {format} image. Rename it to .{right} and upload it again."
        ).format(extension=extension, format=FORMATS[format_], right=EXTENSIONS[format_][0]),
        code="wrong_extension",
    )


def check_pixels(width: int, height: int, frames: int) -> None:
    if min(width, height, frames) < 1:
        raise BadImage(_("This picture says it has no pixels, so there is nothing to show."), code="too_many_pixels")
    if width * height * frames > settings.MAX_PIXELS:
        size = f"{grouped(width)} x {grouped(height)}"
        if frames > 1:
            size = _("{size} with {frames} frames").format(size=size, frames=grouped(frames))
        raise BadImage(
            _(
                "This picture is too big to open ({size}): the limit is {limit} megapixels. Make it smaller first."
            ).format(size=size, limit=f"{settings.MAX_PIXELS / 1e6:g}"),
            code="too_many_pixels",
        )


def _orientation(exif: bytes) -> int:
    tags = Image.Exif()
    try:
        tags.load(exif)
        value = tags.get(0x0112)
    except DECODER_ERRORS:
        return 1  # unreadable EXIF: show the picture as it is stored
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _walk(file: BinaryIO, format_: str) -> structure.Structure:
    try:
        return structure.walk(file, format_)
    except structure.TooManyBlocks as error:
        raise BadImage(
            _("This {format} file is cut into too many pieces or frames to open safely. Save it again.").format(
                format=FORMATS[format_]
            ),
            code="too_many_pixels",
        ) from error


@contextmanager
def decoder_failures(format_: str, *, only_memory: bool = False) -> Iterator[None]:
    """Turn what a decoder raises on bad bytes into BadImage. With `only_memory`, just the lack of memory."""
    try:
        yield
    except (MemoryError, Image.DecompressionBombError) as error:
        raise BadImage(
            _("This picture takes more memory to open than is allowed. Make it smaller first."),
            code="too_many_pixels",
        ) from error
    except DECODER_ERRORS as error:
        if only_memory:
            raise
        if "truncated" in str(error):
            raise truncated(format_) from error
        raise damaged(format_) from error
