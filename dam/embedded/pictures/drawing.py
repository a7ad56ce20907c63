"""What a drawn picture is: how to draw it, and what is written beside it in the library."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Drawing:
    title: str
    description: str
    tags: tuple[str, ...]
    draw: Callable[[], Image.Image]


def drawing(title: str, description: str, tags: str, draw: Callable[..., Image.Image], **options: object) -> Drawing:
    """`tags` separated by spaces; the options go to `draw`."""
    return Drawing(title, description, tuple(tags.split()), lambda: draw(**options))
