from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from media_library.orphans import Report

KEPT = timedelta(days=90)


class FileSweep(models.Model):
    """What a sweep of the store has found: see `media_library.orphans`."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    dry_run = models.BooleanField(default=False)
    files = models.PositiveBigIntegerField()
    orphans = models.PositiveBigIntegerField()  # files without a row, old enough to be removed
    bytes = models.PositiveBigIntegerField()  # of those
    removed = models.PositiveBigIntegerField()
    missing = models.PositiveBigIntegerField()  # rows without a file
    orphans_told = models.JSONField(default=list)  # names, the first of them
    missing_told = models.JSONField(default=list)  # [{"name", "row", "asset"}, …], the first of them

    class Meta:
        ordering = ["-started_at"]
        get_latest_by = "started_at"
        verbose_name = _("sweep of the files")
        verbose_name_plural = _("sweeps of the files")

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"

    @classmethod
    def note(cls, report: "Report", began: datetime) -> "FileSweep":
        cls.objects.filter(started_at__lt=began - KEPT).delete()
        return cls.objects.create(started_at=began, finished_at=timezone.now(), **asdict(report))
