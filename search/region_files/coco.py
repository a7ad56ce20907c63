"""COCO's object detection format: https://cocodataset.org/#format-data"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NoReturn

from django.utils.translation import gettext as _

from search.region_files.rows import BadRegionFile, Row


def rows(file: BinaryIO, name: str, names: Sequence[str]) -> Iterator[Row]:
    """The annotations, with the size that the file gives for their pictures. Raises BadRegionFile."""
    data = load(file)
    images = {str(image.get("id")): image for image in items(data, "images")}
    categories = {str(category.get("id")): text(category.get("name")) for category in items(data, "categories")}
    for number, annotation in enumerate(items(data, "annotations"), 1):
        image = images.get(str(annotation.get("image_id")), {})
        box = annotation.get("bbox")
        yield Row(
            where=f"annotation {annotation.get('id', number)}"[:100],
            picture=text(image.get("file_name")),
            label=categories.get(str(annotation.get("category_id")), ""),
            sides=box if isinstance(box, list) else [],
            pixels=True,
            size=(image["width"], image["height"]) if {"width", "height"} <= image.keys() else None,
            confidence=annotation.get("score"),
        )


def load(file: BinaryIO) -> dict[str, Any]:
    try:
        data = json.load(file, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise BadRegionFile(_("This file is not JSON.")) from None
    if not isinstance(data, dict) or not {"images", "annotations"} <= data.keys():
        raise BadRegionFile(_("This JSON is not in COCO's format: it needs images, annotations and categories."))
    return data


def refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def items(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = data.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise BadRegionFile(_("This JSON is not in COCO's format: %(name)s is not a list of objects.") % {"name": name})
    return found


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""
