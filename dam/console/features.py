"""The settings in force that decide what the library does. No secrets, and nothing is changed here: the environment of
the processes says it."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Feature:
    name: str
    value: str
    variable: str  # of the environment


def in_force() -> list[Feature]:
    rates: Any = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    return [
        Feature(_("Model"), settings.MODEL, "DAM_MODEL"),
        Feature(_("When a new model is complete"), settings.MODEL_SWITCH, "DAM_MODEL_SWITCH"),
        Feature(_("Engine"), settings.ENGINE, "DAM_ENGINE"),
        Feature(_("Detector of objects"), settings.DETECTOR or _("off"), "DAM_DETECTOR"),
        Feature(_("Files"), settings.S3_BUCKET or str(settings.DATA_DIR / "files"), "DAM_S3_BUCKET, DAM_DATA_DIR"),
        Feature(_("Watch folders"), places(settings.WATCH_FOLDERS), "DAM_WATCH_FOLDER"),
        Feature(_("Buckets to import from"), places(settings.IMPORT_BUCKETS), "DAM_IMPORT_BUCKETS"),
        Feature(_("Private hosts that are fetched from"), listed(settings.FETCH_ALLOW_HOSTS), "DAM_FETCH_ALLOW_HOSTS"),
        Feature(_("Largest picture"), _("%s pixels") % f"{settings.MAX_PIXELS:,}", "DAM_MAX_PIXELS"),
        Feature(_("HTTPS"), switched(on=settings.HTTPS), "DAM_HTTPS"),
        Feature(_("Hosts"), listed(settings.ALLOWED_HOSTS), "DAM_ALLOWED_HOSTS"),
        Feature(_("Requests of a user"), rates["user"], "DAM_RATE_USER"),
        Feature(_("Requests of strangers"), rates["anon"], "DAM_RATE_ANONYMOUS"),
        Feature(_("Audit log, days"), str(settings.AUDIT_DAYS or _("for ever")), "DAM_AUDIT_DAYS"),
        Feature(_("Searches in the audit log"), switched(on=settings.AUDIT_SEARCHES), "DAM_AUDIT_SEARCHES"),
        Feature(_("Slow requests, from"), f"{settings.SLOW_SECONDS:g} s", "DAM_SLOW_MS"),
        Feature(_("Metrics for Prometheus"), switched(on=bool(settings.METRICS_TOKEN)), "DAM_METRICS_TOKEN"),
    ]


def switched(*, on: bool) -> str:
    return _("on") if on else _("off")


def listed(values: list[str]) -> str:
    return ", ".join(values) or _("none")


def places(values: list[tuple[str, str]]) -> str:
    return listed([f"{place} → {slug}" if slug else place for place, slug in values])
