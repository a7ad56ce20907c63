"""Cameras' tags become plain JSON; hostile ones cost fields, not the upload."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

from media_library import renditions
from tests.media_library import drawn


def exif_of(
    main: dict[int, Any], photo: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> renditions.Rendered:
    exif = Image.Exif()
    exif.update(main)
    exif.get_ifd(IFD.Exif).update(photo or {})
    exif.get_ifd(IFD.GPSInfo).update(gps or {})
    return renditions.render(drawn.jpeg(exif=exif.tobytes()))


def test_the_tags_of_a_camera() -> None:
    done = exif_of(
        {Base.Make: "Canon", Base.Model: "EOS R5"},
        {
            Base.ExposureTime: IFDRational(1, 250),
            Base.FNumber: IFDRational(28, 10),
            Base.ISOSpeedRatings: 400,
            Base.FocalLength: IFDRational(50, 1),
            Base.LensModel: "RF50mm F1.8",
            Base.Flash: 1,
        },
    )
    assert done.exif == {
        "make": "Canon",
        "model": "EOS R5",
        "lens": "RF50mm F1.8",
        "exposure_time": "1/250",
        "aperture": 2.8,
        "iso": 400,
        "focal_length": 50.0,
        "flash": True,
    }


def test_positions_are_decimal_degrees() -> None:
    gps = {
        GPS.GPSLatitudeRef: "S",
        GPS.GPSLatitude: (33.0, 51.0, 30.0),
        GPS.GPSLongitudeRef: "E",
        GPS.GPSLongitude: (151.0, 12.0, 0.0),
        GPS.GPSAltitude: IFDRational(58, 1),
    }
    assert exif_of({}, gps=gps).exif == {"latitude": -33.858333, "longitude": 151.2, "altitude": 58.0}


@pytest.mark.parametrize("latitude", [(200.0, 0.0, 0.0), (1.0, 2.0), 7.0, (IFDRational(1, 0), 0.0, 0.0)])
def test_impossible_positions_are_left_out(latitude: Any) -> None:
    gps = {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: latitude, GPS.GPSLongitudeRef: "E"}
    gps[GPS.GPSLongitude] = (1.0, 1.0, 1.0)
    assert exif_of({}, gps=gps).exif == {}


def test_text_is_cleaned_and_capped() -> None:
    done = exif_of({Base.Make: "Ca\0non\x07\n<b>", Base.ImageDescription: "x" * 10_000})
    assert done.exif["make"] == "Ca non <b>"
    assert len(done.exif["description"]) == 200


def test_numbers_that_are_none_are_left_out() -> None:
    photo = {Base.FNumber: IFDRational(0, 0), Base.ExposureTime: IFDRational(1, 0), Base.ISOSpeedRatings: "fast"}
    assert exif_of({}, photo).exif == {}


@pytest.mark.parametrize("seed", range(30))
def test_garbled_exif_never_fails(seed: int) -> None:
    exif = Image.Exif()
    exif.update({Base.Make: "Canon", Base.Orientation: 1, Base.Model: "R" * 50})
    exif.get_ifd(IFD.Exif).update({Base.DateTimeOriginal: "2024:05:06 07:08:09", Base.FNumber: IFDRational(28, 10)})
    data = bytearray(exif.tobytes())
    for at in range(14 + seed, len(data), 30):
        data[at] ^= 0xFF
    done = renditions.render(drawn.jpeg(exif=bytes(data)))
    assert json.loads(json.dumps(done.exif, allow_nan=False)) == done.exif


@pytest.mark.parametrize(
    ("photo", "moment"),
    [
        ({Base.DateTimeOriginal: "2024:05:06 07:08:09"}, datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        (
            {Base.DateTimeOriginal: "2024:05:06 07:08:09", Base.OffsetTimeOriginal: "+02:00"},
            datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC),
        ),
        (
            {Base.DateTimeOriginal: "2024:05:06 07:08:09", Base.OffsetTimeOriginal: "nowhere"},
            datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        ),
        ({Base.DateTimeDigitized: "2024:05:06 07:08:09"}, datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ({Base.DateTimeOriginal: "0000:00:00 00:00:00"}, None),
        ({Base.DateTimeOriginal: "0001:01:01 00:00:00", Base.OffsetTimeOriginal: "+12:00"}, None),
        ({Base.DateTimeOriginal: "yesterday"}, None),
        ({}, None),
    ],
)
def test_when_a_picture_was_taken(photo: dict[int, Any], moment: datetime | None) -> None:
    taken_at = exif_of({}, photo).taken_at
    assert taken_at == moment
    assert taken_at is None or isinstance(taken_at.utcoffset(), timedelta)
