"""When a backup was last complete: a small file in the data folder, so that restoring one does not bring it back."""

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)


def place() -> Path:
    return Path(settings.DATA_DIR) / "last-backup.json"


def note(manifest: dict[str, Any]) -> None:
    told = {name: manifest[name] for name in ("made_at", "files", "bytes", "missing", "damaged")}
    try:
        place().write_text(json.dumps(told))
    except OSError as error:
        logger.warning("It could not be noted that this backup was made: %s", error)


def read() -> dict[str, Any] | None:
    """`made_at` (a datetime), `files`, `bytes`, `missing`, `damaged`; None where none was made, or none can be read."""
    try:
        told = json.loads(place().read_text())
        return {**told, "made_at": datetime.fromisoformat(told["made_at"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None
