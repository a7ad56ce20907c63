"""What finds objects in pictures, for those who have such a model: off unless DAM_DETECTOR names one.

DAM_DETECTOR is `transformers:<folder>` for a model that lies on this disk, or `package.module.Class:<folder>` for a
class of somebody's own: it is made with the folder, and needs only `detect`. Nothing is ever downloaded.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from dam.errors import AppError

if TYPE_CHECKING:
    from PIL.Image import Image

ADAPTERS = {"transformers": "search.detectors.transformers.TransformersDetector"}


@dataclass(frozen=True)
class Detection:
    """`box` is x, y, width and height in fractions of the picture; `score` is from 0 to 1."""

    box: tuple[float, float, float, float]
    label: str
    score: float


class Detector(Protocol):
    def detect(self, image: "Image") -> list[Detection]:
        """What is in an upright RGB picture, as sure as settings.DETECTOR_THRESHOLD or surer, in any order."""


class DetectorUnusable(AppError):
    code = "detector_unusable"
    status = 503


_lock = threading.Lock()
_current: tuple[str, Detector] | None = None


def name() -> str:
    """The chosen detector with its threshold; another one looks at everything again. Empty: none."""
    return f"{settings.DETECTOR} at {settings.DETECTOR_THRESHOLD:g}" if settings.DETECTOR else ""


def get_detector() -> Detector:
    """The chosen detector, loaded on first use. Raises DetectorUnusable."""
    global _current
    with _lock:
        if _current is None or _current[0] != name():
            _current = (name(), _load())
        return _current[1]


def _load() -> Detector:
    adapter, _colon, folder = settings.DETECTOR.partition(":")
    try:
        made: Detector = import_string(ADAPTERS.get(adapter, adapter))(Path(folder).expanduser())
    except (ImportError, OSError, ValueError, TypeError, RuntimeError, KeyError) as error:
        reason = str(error).strip().split("\n")[0][:300] or type(error).__name__
        raise DetectorUnusable(
            _("The detector %(name)s cannot be used: %(reason)s") % {"name": settings.DETECTOR, "reason": reason}
        ) from error
    return made
