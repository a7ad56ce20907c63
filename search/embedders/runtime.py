"""torch and open_clip, imported once and set up. Import this module only where a model is about to be used."""

import logging
from pathlib import Path
from types import ModuleType

import torch
from django.conf import settings

from search.embedders import cpu_torchvision  # noqa: F401  comes before open_clip


def _set_threads() -> None:
    if settings.TORCH_THREADS > 0:
        torch.set_num_threads(settings.TORCH_THREADS)


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """open_clip tells each step of loading to the root logger; only its warnings are of interest."""
    return record.levelno >= logging.WARNING or "open_clip" not in Path(record.pathname).parts


_set_threads()
logging.getLogger().addFilter(_is_worth_logging)

import open_clip as _open_clip  # noqa: E402  it imports torchvision

open_clip: ModuleType = _open_clip


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def precision() -> str:
    return "fp16" if device().type == "cuda" else "fp32"
