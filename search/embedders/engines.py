"""Which of the two engines answers for a model, and why. Torch-free, except where a graphics card has to be asked.

| DAM_ENGINE | with a CUDA graphics card | without |
|---|---|---|
| auto | torch, half precision | ONNX Runtime; torch, single precision, where a model cannot be exported |
| onnx | ONNX Runtime | ONNX Runtime; an error where a model cannot be exported |
| torch | torch, half precision | torch, single precision |
"""

import functools
import logging
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from search.embedders import checkpoints
from search.embedders.onnx import exports

logger = logging.getLogger(__name__)

GRAPHICS_CARDS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # Linux, WSL, AMD


class NotExported(checkpoints.ModelError):
    """DAM_ENGINE insists on ONNX Runtime, and it cannot answer."""

    code = "not_exported"


@dataclass(frozen=True)
class Engine:
    """`export` is there where ONNX Runtime answers. `reason` says why torch does, as a clause."""

    export: exports.Export | None
    reason: str = ""

    @property
    def precision(self) -> str:
        if self.export:
            return self.export.image.precision
        return "fp16" if has_graphics_card() else "fp32"

    @property
    def sentence(self) -> str:
        if self.export:
            return _("ONNX Runtime answers (pictures %(image)s, texts %(text)s).") % {
                "image": self.export.image.precision,
                "text": self.export.text.precision,
            }
        return _("torch answers (%(precision)s): %(reason)s.") % {"precision": self.precision, "reason": self.reason}


def engine(source: str, *, images_only: bool = False) -> Engine:
    """Who answers for a source whose weights are on this disk. Raises NotExported and ModelMissing."""
    if settings.ENGINE == "torch":
        return Engine(None, _("DAM_ENGINE says so"))
    if settings.ENGINE == "auto" and has_graphics_card():
        return Engine(None, _("there is a graphics card"))
    export = exports.find(source)
    reason = export.refusal(images_only=images_only) if export else _("it has not been exported yet")
    if not reason:
        return Engine(export)
    if settings.ENGINE == "onnx":
        raise not_exported(reason)
    return Engine(None, reason)


def not_exported(reason: str) -> NotExported:
    return NotExported(
        _(
            "ONNX Runtime cannot answer for this model: %(reason)s. `manage.py setup_model --export` tries again to "
            "export it; DAM_ENGINE=auto leaves it to torch."
        )
        % {"reason": reason}
    )


def prepare(source: str, *, again: bool = False) -> None:
    """Exports the model if ONNX Runtime is to answer for it. Raises BrokenCheckpoint and NotExported."""
    if settings.ENGINE == "torch" or (settings.ENGINE == "auto" and has_graphics_card()):
        return
    exports.ensure(source, again=again)
    logger.info("%s: %s", source, engine(source).sentence)


@functools.cache
def has_graphics_card() -> bool:
    """Whether torch can use one. Without a device file there is none, and torch is not imported to find out."""
    if not any(Path(device).exists() for device in GRAPHICS_CARDS):
        return False
    from search.embedders import runtime

    return runtime.device().type == "cuda"
