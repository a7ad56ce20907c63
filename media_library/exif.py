"""What a camera wrote into a picture, as plain JSON values. Hostile EXIF costs fields, never an error."""

import math
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

from media_library.images import DECODER_ERRORS

MAX_TEXT = 200
WRITTEN = "%Y:%m:%d %H:%M:%S"


def read(image: Image.Image) -> tuple[dict[str, Any], datetime | None]:
    """The useful tags (absent where unknown; GPS in decimal degrees), and when the picture was taken."""
    try:
        main = image.getexif()
        photo, gps = dict(main.get_ifd(IFD.Exif)), dict(main.get_ifd(IFD.GPSInfo))
        tags: dict[int, Any] = dict(main) | photo
    except DECODER_ERRORS:
        return {}, None
    fields = {name: convert(tags.get(tag)) for name, (tag, convert) in FIELDS.items()}
    fields |= _position(gps)
    return {name: value for name, value in fields.items() if value not in (None, "")}, _taken_at(tags)


def camera(tags: Mapping[str, Any]) -> str:
    """Make and model as one name, from what `read` gave: many cameras repeat the make in the model, and shout it."""
    make, model = (str(tags.get(name) or "").strip() for name in ("make", "model"))
    short = make.split()[0] if make else ""
    if not model or model.casefold().startswith(short.casefold()):
        name = model or make
        return f"{_spoken(short)}{name[len(short) :]}"[:MAX_TEXT] if short else name[:MAX_TEXT]
    return f"{_spoken(short)} {model}"[:MAX_TEXT]


def _spoken(make: str) -> str:
    """NIKON as Nikon; short makes are abbreviations: LG, HTC, DJI."""
    return make.capitalize() if len(make) > 3 and make.isupper() else make


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    # "C": control characters, NUL among them, lone surrogates and unassigned code points.
    printable = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in value[: 4 * MAX_TEXT])
    return " ".join(printable.split())[:MAX_TEXT]


def _number(value: object) -> float | None:
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float | IFDRational):
        return None
    try:
        number = float(value)
    except (ArithmeticError, ValueError):
        return None
    return round(number, 6) if math.isfinite(number) else None


def _positive(value: object) -> float | None:
    number = _number(value)
    return number if number and number > 0 else None


def _whole(value: object) -> int | None:
    number = _positive(value[0] if isinstance(value, tuple) and value else value)
    return round(number) if number and number < 1e9 else None


def _exposure(value: object) -> str | None:
    """Seconds as photographers write them: "1/250", "0.8", "30"."""
    seconds = _positive(value)
    if seconds is None or seconds > 1e6:
        return None
    return f"1/{round(1 / seconds)}" if seconds < 0.5 else f"{seconds:g}"


def _flash(value: object) -> bool | None:
    return bool(value & 1) if isinstance(value, int) else None


FIELDS: dict[str, tuple[int, Callable[[object], Any]]] = {
    "make": (Base.Make, _text),
    "model": (Base.Model, _text),
    "lens_make": (Base.LensMake, _text),
    "lens": (Base.LensModel, _text),
    "exposure_time": (Base.ExposureTime, _exposure),
    "aperture": (Base.FNumber, _positive),
    "iso": (Base.ISOSpeedRatings, _whole),
    "focal_length": (Base.FocalLength, _positive),
    "focal_length_35mm": (Base.FocalLengthIn35mmFilm, _whole),
    "exposure_bias": (Base.ExposureBiasValue, _number),
    "flash": (Base.Flash, _flash),
    "software": (Base.Software, _text),
    "artist": (Base.Artist, _text),
    "copyright": (Base.Copyright, _text),
    "description": (Base.ImageDescription, _text),
}


def _position(gps: Mapping[int, Any]) -> dict[str, float]:
    latitude = _degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), "S", 90)
    longitude = _degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), "W", 180)
    if latitude is None or longitude is None:
        return {}
    position = {"latitude": latitude, "longitude": longitude}
    altitude = _number(gps.get(GPS.GPSAltitude))
    if altitude is not None and abs(altitude) < 100_000:
        below = gps.get(GPS.GPSAltitudeRef) in (1, b"\x01", b"\x03")
        position["altitude"] = -altitude if below else altitude
    return position


def _degrees(value: object, reference: object, negative: str, limit: float) -> float | None:
    if not isinstance(value, tuple | list) or len(value) != 3:
        return None
    parts = [_number(part) for part in value]
    if any(part is None for part in parts):
        return None
    degrees, minutes, seconds = (part or 0.0 for part in parts)
    decimal = degrees + minutes / 60 + seconds / 3600
    if not 0 <= decimal <= limit:
        return None
    return round(-decimal if (_text(reference) or "").upper() == negative else decimal, 6)


def _taken_at(tags: Mapping[int, Any]) -> datetime | None:
    """Aware: with the offset the camera wrote, else in the time zone of this installation."""
    for when, offset in (
        (Base.DateTimeOriginal, Base.OffsetTimeOriginal),
        (Base.DateTimeDigitized, Base.OffsetTimeDigitized),
    ):
        written = _text(tags.get(when)) or ""
        zone = (_text(tags.get(offset)) or "").replace(" ", "")
        for text, pattern in (
            (f"{written[:19]} {zone}", "%Y:%m:%d %H:%M:%S %z"),
            (written[:19], "%Y:%m:%d %H:%M:%S"),
        ):
            try:
                moment = datetime.strptime(text, pattern)
                aware = moment if moment.tzinfo else timezone.make_aware(moment)
                aware.astimezone(timezone.get_fixed_timezone(0))  # year 1 cannot be moved west
            except (ValueError, OverflowError):
                continue
            return aware if aware.year >= 1800 else None
    return None
