"""Drawings, painted by resvg: no scripts, no network, and no files but fonts."""

import io
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

import resvg_py
from defusedxml.ElementTree import fromstring
from PIL import Image, ImageFont

from media_library.painters.painting import Painting

INSIDE = ("#", "data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp")
NEVER = frozenset({"script", "foreignObject", "handler", "listener", "iframe", "audio", "video"})
USUAL_FONT = "DejaVuSans"  # stands in for those that are missing, or whichever comes first
MOST_FONTS = 500
FAMILIES = ("font", "serif", "sans_serif", "cursive", "fantasy", "monospace")


def prepare(*, fonts: str, **options: Any) -> dict[str, Any]:
    """What `paint` is given, found out as long as folders can be read: the fonts below `fonts`."""
    below = Path(fonts).rglob("*.[ot]t[fc]") if fonts else ()
    files = sorted(below)[:MOST_FONTS]
    usual = [path for path in files if path.stem == USUAL_FONT] or files
    family = ImageFont.truetype(usual[0]).getname()[0] if usual else None
    return options | {"fonts": [str(path) for path in files], "family": family}


def paint(
    content: bytes, *, width: int, height: int, longest: int, fonts: list[str], family: str | None = None
) -> Painting:
    """`longest` pixels on the longest side, whatever size it says it has: a drawing has no resolution."""
    root = fromstring(content, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    closed(root)
    scale = longest / max(width, height)
    if "viewBox" not in root.attrib:
        root.set("viewBox", f"0 0 {width} {height}")
    root.set("width", str(max(round(width * scale), 1)))
    root.set("height", str(max(round(height * scale), 1)))
    options: dict[str, Any] = {f"{kind}_family": family for kind in FAMILIES}
    written = any(local(element.tag) == "text" for element in root.iter())
    png = resvg_py.svg_to_bytes(
        svg_string=tostring(root, encoding="unicode"),
        skip_system_fonts=True,
        font_files=fonts if written else None,
        **options,
    )
    with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
        image = opened.convert("RGBA")
    return Painting("RGBA", *image.size, image.tobytes(), width, height)


def closed(root: Element) -> None:
    """Take out of a drawing whatever refers to something outside: resvg reads pictures from this machine's disk."""
    for element in root.iter():
        for child in [child for child in element if local(child.tag) in NEVER]:
            element.remove(child)
        for name, value in list(element.attrib.items()):
            if local(name) == "href" and not value.strip().lower().startswith(INSIDE):
                del element.attrib[name]


def local(name: object) -> str:
    """Without its namespace; comments and instructions have none."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""
