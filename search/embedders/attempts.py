"""The last failed attempt to reach the hub, kept beside the models so that the next start does not wait for it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class FailedAttempt:
    model: str  # DAM_MODEL as it was then
    reason: str  # a clause without a full stop
    at: str  # ISO 8601

    @property
    def is_recent(self) -> bool:
        return timezone.now() - datetime.fromisoformat(self.at) < KEPT_FOR


def _file() -> Path:
    return Path(settings.MODEL_DIR) / "hub-unreachable.json"


def last(model: str) -> FailedAttempt | None:
    """The latest failure, if DAM_MODEL was the same then."""
    try:
        attempt = FailedAttempt(**json.loads(_file().read_text()))
        datetime.fromisoformat(attempt.at)
    except (OSError, ValueError, TypeError):
        return None
    return attempt if attempt.model == model else None


def record(model: str, reason: str) -> None:
    attempt = FailedAttempt(model, reason, timezone.now().isoformat())
    partial = _file().with_suffix(".partial")
    partial.write_text(json.dumps(asdict(attempt)))
    partial.replace(_file())


def forget() -> None:
    _file().unlink(missing_ok=True)
