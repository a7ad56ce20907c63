"""Pictures that differ from each other as photographs do, and copies of them as people make them."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

from media_library import processing
from media_library.models import Asset, Library, User
from search import indexing
from search.duplicates import finding
from tests import factories


def scene(seed: int, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """Soft random patches: no two seeds look alike."""
    patches = np.random.default_rng(seed).integers(0, 256, (9, 12, 3)).astype(np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)


def cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((width // 25, height // 50, width // 25 + width * 9 // 10, height // 50 + height * 9 // 10))


def marked(picture: Image.Image) -> Image.Image:
    copy = picture.copy()
    ImageDraw.Draw(copy).text((40, 150), "© Example", fill="white", font_size=48)
    return copy


def poor(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=25)
    return Image.open(file).convert("RGB")


COPIES = {
    "cropped": cropped,
    "smaller": lambda picture: picture.resize((240, 180)),
    "recompressed": poor,
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.25),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.75),
    "marked": marked,
    "turned": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "mirrored": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "cropped and turned": lambda picture: cropped(picture).transpose(Image.Transpose.ROTATE_270),
    "marked and mirrored": lambda picture: marked(picture).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def ready(library: Library, user: User, picture: Image.Image, **fields: object) -> Asset:
    """An asset as it is after its processing."""
    asset = factories.upload(library, user, png(picture), keep_duplicate=True, **fields)
    processing.render_pending()
    asset.refresh_from_db()
    return asset


def compared(library: Library, user: User, *pictures: Image.Image, **fields: object) -> list[Asset]:
    """Assets of these pictures, indexed and compared, oldest first."""
    assets = [ready(library, user, picture, **fields) for picture in pictures]
    indexing.index_pending()
    finding.find_pending()
    return assets
