"""The product's own settings, with a clock that goes faster, a disk that can be full, and a model that needs no
weights, because it is tried how pictures travel, not what they look like. `FAULT_MODEL=offline` takes the real one."""

import os

from dam.settings import *  # noqa: F403
from dam.settings import CELERY_BEAT_SCHEDULE, DATA_DIR, INSTALLED_APPS, S3_BUCKET, STORAGES

SWEEPS = {"sweep-renditions", "sweep-uploads", "sweep-index", "sweep-jobs", "sweep-deliveries"}
CELERY_BEAT_SCHEDULE = {
    name: entry | {"schedule": 1.5} for name, entry in CELERY_BEAT_SCHEDULE.items() if name in SWEEPS
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if not S3_BUCKET:
    options = {"location": str(DATA_DIR / "files"), "full": str(DATA_DIR / "disk-is-full")}
    STORAGES["default"] = {"BACKEND": "tests.faults.full_disk.SometimesFull", "OPTIONS": options}
if os.environ.get("FAULT_MODEL", "fake") == "fake":
    INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.apps.FakeModel"]
