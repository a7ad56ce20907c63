"""How large a drawing (SVG) says it is: read from its first element, which is all that is parsed."""

import re
from collections.abc import Mapping
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

ROOT = "{http://www.w3.org/2000/svg}svg"
# Pixels of each unit of CSS; 16 of an em, half of it of an ex.
UNITS = {"": 1, "px": 1, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 96 / 101.6, "pt": 96 / 72, "pc": 16}
UNITS |= {"em": 16, "rem": 16, "ex": 8}
LENGTH = re.compile(r"\s*\+?(\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:e([+-]?\d{1,2}))?\s*([a-z]{0,3})\s*", re.IGNORECASE)
DEFAULT = (300.0, 150.0)  # what browsers give a drawing that says nothing


class NoDrawing(Exception):
    """XML, or nearly, but no drawing."""


class GrowingDrawing(Exception):
    """It defines entities, with which a few bytes can become gigabytes, or wants others fetched."""


class BrokenDrawing(Exception):
    """No XML that could be read."""


def size(file: BinaryIO) -> tuple[int, int]:
    """Width and height in pixels, at least 1. Raises one of the three."""
    try:
        for _event, element in iterparse(file, ("start",), forbid_entities=True, forbid_external=True):
            if element.tag != ROOT:
                raise NoDrawing
            return pixels(element.attrib)
    except DefusedXmlException as error:
        raise GrowingDrawing from error
    except (ParseError, ValueError, LookupError) as error:  # encodings that do not exist are a LookupError
        raise BrokenDrawing from error
    raise BrokenDrawing


def pixels(said: Mapping[str, str]) -> tuple[int, int]:
    """By width and height; what is missing or a percentage follows from the view box."""
    width, height = length(said.get("width", "")), length(said.get("height", ""))
    if not (width and height):
        box_width, box_height = box(said.get("viewBox", "")) or DEFAULT
        if width:
            height = width * box_height / box_width
        elif height:
            width = height * box_width / box_height
        else:
            width, height = box_width, box_height
    return max(round(min(width, 1e9)), 1), max(round(min(height, 1e9)), 1)


def length(text: str) -> float:
    """In pixels; 0 where it is none that counts."""
    found = LENGTH.fullmatch(text)
    if not found or found[3].lower() not in UNITS:
        return 0.0
    return float(f"{found[1]}e{found[2] or 0}") * UNITS[found[3].lower()]


def box(text: str) -> tuple[float, float] | None:
    parts = [length(part) for part in re.split(r"[\s,]+", text.strip())[2:]]
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None
