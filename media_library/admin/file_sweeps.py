from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from media_library.admin.base import LookedOver, OfVisibleLibraries
from media_library.models import FileSweep, StorageUse


@admin.register(FileSweep)
class FileSweepAdmin(LookedOver):
    """What the nightly sweep of the store has found. Only to be looked at, by superusers: it names files of all
    libraries."""

    shown = [
        "started_at", "finished_at", "dry_run", "files", "orphans", "bytes", "removed", "missing", "orphans_told",
        "missing_told",
    ]  # fmt: skip
    list_display = ["started_at", "dry_run", "files", "orphans", "removed", "missing"]
    fields = tuple(shown)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


@admin.register(StorageUse)
class StorageUseAdmin(OfVisibleLibraries):
    """Measured every night."""

    list_display = ["measured_at", "library", "assets", "originals", "versions", "renditions"]
    list_filter = ["library"]
    list_select_related = ["library"]
    fields = ("library", "measured_at", "assets", "originals", "versions", "renditions")
