from django.contrib import admin

from media_library.admin.base import LookedOver
from media_library.models import FileSweep


@admin.register(FileSweep)
class FileSweepAdmin(LookedOver):
    """What the nightly sweep of the store has found. Only to be looked at."""

    shown = [
        "started_at", "finished_at", "dry_run", "files", "orphans", "bytes", "removed", "missing", "orphans_told",
        "missing_told",
    ]  # fmt: skip
    list_display = ["started_at", "dry_run", "files", "orphans", "removed", "missing"]
    fields = tuple(shown)
