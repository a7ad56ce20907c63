"""What every format is read into, and what can be wrong with a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from dam.errors import AppError


class BadRegionFile(AppError):
    """The file as a whole cannot be read; nothing has been imported."""

    code = "bad_region_file"
    status = 400
    message = _("This file cannot be read.")


@dataclass(frozen=True)
class Row:
    """A region as a file gives it, not yet checked.

    `sides` are left, upper, width and height: fractions of the upright picture, or pixels of a picture of `size`.
    """

    where: str  # "annotation 7", "labels/a.txt line 3": for whoever has to find it
    picture: str
    label: str
    sides: Sequence[Any]
    pixels: bool = False
    size: tuple[Any, Any] | None = None
    confidence: Any = None
