"""The full decode of a picture: its fixed renditions, and what can be learnt from the pixels.

Runs in a worker process with limits on memory and time; the bytes are not trusted.
"""

import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, BinaryIO, Self

import imagehash
import numpy as np
from django.utils.translation import gettext as _
from PIL import Image

from dam.errors import InvalidRequest
from media_library import exif, pixels, sandbox
from media_library.facts import Facts, measure
from media_library.formats import PAINTED
from media_library.images import Header, decoder_failures, inspect
from media_library.refusals import BadImage

THUMB = 512
PREVIEW = 2048
LARGER = 1024
# A JPEG decoded at half its size counts as a preview from here on: a 12-megapixel camera gives 2000 pixels that way.
PREVIEW_FROM = 1536
MIN_CROP = 16
MAX_COLORS = 6


@dataclass(frozen=True)
class Picture:
    """A picture file without metadata, WebP unless it is said."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Rendered:
    """`width` and `height` are the upright original's; `colors` is `[["#rrggbb", share], …]`, largest first."""

    width: int
    height: int
    thumb: Picture
    preview: Picture
    phash: str
    colors: list[list[str | float]]
    exif: dict[str, Any]
    taken_at: datetime | None
    facts: Facts


@dataclass(frozen=True)
class QueryPicture:
    """`thumb` is searched with; `larger`, a JPEG, is what a part of it can be cut from later, None where the thumb is
    all there is. It is seldom read, and as WebP it would take as long as half the decoding."""

    thumb: Picture
    larger: Picture | None


@dataclass(frozen=True)
class Box:
    """A part of the upright picture, in fractions of its sides."""

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        sides = (self.x, self.y, self.width, self.height)
        inside = self.x + self.width <= 1 + 1e-6 and self.y + self.height <= 1 + 1e-6
        if not (all(map(math.isfinite, sides)) and 0 <= self.x < 1 and 0 <= self.y < 1 and inside):
            raise bad_box()
        if self.width <= 0 or self.height <= 0:
            raise bad_box()

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | str) -> Self:
        """From `{"x", "y", "width", "height"}` or the JSON text of it. Raises InvalidRequest with code `bad_box`."""
        try:
            sides = json.loads(raw) if isinstance(raw, str) else raw
            if any(isinstance(sides[name], bool) for name in ("x", "y", "width", "height")):
                raise bad_box()
            return cls(*(float(sides[name]) for name in ("x", "y", "width", "height")))
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
            raise bad_box() from None

    def as_dict(self) -> dict[str, float]:
        return asdict(self)

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, upper, right and lower in a picture of this size."""
        left, upper = math.floor(self.x * width), math.floor(self.y * height)
        right = min(round((self.x + self.width) * width), width)
        lower = min(round((self.y + self.height) * height), height)
        return left, upper, right, lower

    def large_enough(self, width: int, height: int) -> Self:
        """Raises BadImage with code `box_too_small` for what is less than MIN_CROP pixels in a picture of this size."""
        left, upper, right, lower = self.pixels(width, height)
        if min(right - left, lower - upper) < MIN_CROP:
            raise BadImage(
                _("The selected part is too small to search with. Draw a larger box."),
                code="box_too_small",
            )
        return self


def bad_box() -> InvalidRequest:
    return InvalidRequest(
        _("The box needs x, y, width and height as fractions of the picture, and has to lie inside it."),
        code="bad_box",
    )


def render(file: BinaryIO) -> Rendered:
    """Decode an original once and make everything that is kept of it. Raises BadImage."""
    header = inspect(file)
    with decoder_failures(header.format, only_memory=True):
        if header.format in PAINTED:
            painted = sandbox.paint(file.read(), header, longest=PREVIEW)
            image, header, tags, taken_at = painted.image, painted.header, painted.facts, None
            del painted
        else:
            image = pixels.decode(file, header, scale=_preview_scale(header))
            tags, taken_at = exif.read(image)
        preview = pixels.plain(image, header, PREVIEW)
        del image
        thumb = pixels.fit(preview, THUMB)
        return Rendered(
            width=header.width,
            height=header.height,
            thumb=_encode_thumb(thumb),
            preview=_encode(preview, quality=75, method=0),
            phash=_phash(thumb),
            colors=_colors(thumb),
            exif=tags,
            taken_at=taken_at,
            facts=measure(thumb),
        )


def query_picture(file: BinaryIO, box: Box | None = None) -> QueryPicture:
    """What to search with. Without a box, the thumb is byte for byte the one that `render` makes. Raises BadImage."""
    header = inspect(file)
    with decoder_failures(header.format, only_memory=True):
        if header.format in PAINTED:
            image = _painted(file, header, box)
        elif box is None or min(box.width, box.height) > 0.999:
            image = pixels.decode(file, header, scale=_preview_scale(header))
            image = pixels.plain(image, header, PREVIEW)
        else:
            image = _crop(file, header, box)
        larger = pixels.fit(image, LARGER)
        return QueryPicture(
            thumb=_encode_thumb(pixels.fit(image, THUMB)),
            larger=_jpeg(larger) if max(larger.size) > THUMB else None,
        )


def _crop(file: BinaryIO, header: Header, box: Box) -> Image.Image:
    """At least THUMB pixels of it, if there are so many."""
    left, upper, right, lower = box.large_enough(header.width, header.height).pixels(header.width, header.height)
    part = max(right - left, lower - upper)
    scale = next((scale for scale in (8, 4, 2) if part // scale >= THUMB), 1)
    image = pixels.decode(file, header, scale=scale)
    upright = pixels.plain(image, header, max(image.size))
    return upright.crop(box.pixels(*upright.size))


def _painted(file: BinaryIO, header: Header, box: Box | None) -> Image.Image:
    """Whole, or a part of it."""
    painted = sandbox.paint(file.read(), header, longest=PREVIEW)
    image = pixels.plain(painted.image, painted.header, PREVIEW)
    if box is None:
        return image
    return image.crop(box.large_enough(*image.size).pixels(*image.size))


def _preview_scale(header: Header) -> int:
    longest = max(header.width, header.height)
    return next((scale for scale in (8, 4, 2) if longest // scale >= PREVIEW_FROM), 1)


def _encode_thumb(image: Image.Image) -> Picture:
    return _encode(image, quality=80, method=2)


def _encode(image: Image.Image, *, quality: int, method: int) -> Picture:
    data = io.BytesIO()
    image.save(data, "WEBP", quality=quality, method=method)
    return Picture(data.getvalue(), image.width, image.height)


def _jpeg(image: Image.Image) -> Picture:
    data = io.BytesIO()
    pixels.on_white(image).save(data, "JPEG", quality=90)
    return Picture(data.getvalue(), image.width, image.height)


def _phash(image: Image.Image) -> str:
    """64-bit perceptual hash, 16 hexadecimal digits."""
    small = pixels.fit(image, 128)
    return str(imagehash.phash(pixels.on_white(small)))


def _colors(image: Image.Image) -> list[list[str | float]]:
    """The dominant colours of what is not transparent."""
    small = np.asarray(pixels.fit(image, 64).convert("RGBA")).reshape(-1, 4)
    opaque = np.ascontiguousarray(small[small[:, 3] >= 128][:, :3])
    if not len(opaque):
        return []
    quantised = Image.fromarray(opaque[None]).quantize(MAX_COLORS, Image.Quantize.MEDIANCUT)
    palette = quantised.getpalette() or []
    shares: dict[str, float] = {}
    for count, index in quantised.getcolors() or []:
        at = 3 * int(index)  # type: ignore[arg-type]  # a palette's colours are numbers, not tuples
        red, green, blue = palette[at : at + 3]
        name = f"#{red:02x}{green:02x}{blue:02x}"
        shares[name] = shares.get(name, 0) + count / len(opaque)
    return [[name, round(share, 3)] for name, share in sorted(shares.items(), key=lambda item: -item[1])]
