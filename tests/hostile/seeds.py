"""Small good files of every format, which mutations begin with."""

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

from PIL import Image

from tests.media_library import drawn, films, profiles

SIZE = (48, 32)
Bytes = Callable[[], bytes]


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0132] = 6, "Maker", "2020:01:02 03:04:05"
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 1.5)
    return exif.tobytes()


def _still(format_: str, mode: str = "RGB", **options: Any) -> Bytes:
    return lambda: drawn.encoded(drawn.quarters(*SIZE, mode=mode), format_, **options).getvalue()


def _moving(format_: str) -> Bytes:
    return lambda: drawn.animation(4, format_, SIZE).getvalue()


def _filled() -> bytes:
    data = base64.b64encode(drawn.encoded(drawn.quarters(), "PNG").getvalue()).decode()
    blur = '<feGaussianBlur stdDeviation="2"/><feTurbulence numOctaves="2" baseFrequency="0.1"/>'
    gradient = '<linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1"/></linearGradient>'
    mask = '<mask id="m"><circle r="20" fill="white"/></mask>'
    pattern = '<pattern id="p" width="4" height="4"><path d="M0 0L4 4"/></pattern>'
    shapes = '<rect width="3" height="2" fill="url(#g)" filter="url(#f)"/><circle r="9" fill="url(#p)" mask="url(#m)"/>'
    uses = '<g id="a" transform="scale(0.5)"><path d="M1 1C2 3 4 5 6 7z"/></g><use href="#a" x="9"/><text>W</text>'
    image = f'<image href="data:image/png;base64,{data}" width="20" height="20"/>'
    defined = f'<defs><filter id="f">{blur}</filter>{gradient}{mask}{pattern}</defs>'
    return films.svg(f"<style>rect {{stroke: blue}}</style>{defined}{shapes}{uses}{image}")


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.zip", bytes(100_000))
    return file.getvalue()


_PROFILE = profiles.rgb(profiles.DISPLAY_P3, 2.2)
_TOLD: dict[str, Any] = {"exif": _exif(), "icc_profile": _PROFILE}
MADE: dict[str, list[Bytes]] = {
    "jpeg": [_still("JPEG", **_TOLD), _still("JPEG", progressive=True), _still("JPEG", "CMYK"), _still("JPEG", "L")],
    "png": [_still("PNG", **_TOLD), _still("PNG", "P"), _still("PNG", "LA"), _still("PNG", "1"), _moving("PNG")],
    "webp": [_still("WEBP", **_TOLD), _still("WEBP", "RGBA", lossless=True), _moving("WEBP")],
    "gif": [_still("GIF"), _moving("GIF")],
    "tiff": [
        _still("TIFF", **_TOLD),
        _still("TIFF", compression="tiff_lzw"),
        _still("TIFF", "1", compression="group4"),
        _still("TIFF", compression="jpeg"),
        _still("TIFF", "CMYK", compression="tiff_adobe_deflate"),
        _still("TIFF", "LAB"),
    ],
    "bmp": [_still("BMP"), _still("BMP", "P"), _still("BMP", "RGBA")],
    "heif": [_still("HEIF", **_TOLD), _still("HEIF", "RGBA")],
    "avif": [_still("AVIF", **_TOLD), _moving("AVIF")],
    "jpeg2000": [_still("JPEG2000"), _still("JPEG2000", "L", no_jp2=True), _still("JPEG2000", "RGBA")],
    "svg": [_filled, films.quarters],
    "pdf": [lambda: films.pdf((300, 200), (100, 100)), lambda: drawn.encoded(drawn.quarters(), "PDF").getvalue()],
    "video": [lambda kind=kind: films.film(kind, seconds=0.5, size=SIZE) for kind in films.CODECS],  # type: ignore[misc]
    "no picture": [_zip, lambda: b"#EXTM3U\nfile:///etc/passwd\n", lambda: b"", lambda: b"MZ" + bytes(500)],
}


def seeds() -> dict[str, list[bytes]]:
    return {name: [make() for make in makers] for name, makers in MADE.items()}
