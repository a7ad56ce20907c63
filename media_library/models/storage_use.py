from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library.models.library import Library


class StorageUse(models.Model):
    """Bytes of a library's files, measured every night: see `media_library.storage_use`."""

    # Without a constraint in the database: its making would wait for everybody who uses a library.
    library = models.ForeignKey(
        Library, models.CASCADE, related_name="storage_uses", db_constraint=False, db_index=False
    )
    measured_at = models.DateTimeField(default=timezone.now)
    assets = models.PositiveBigIntegerField()  # the trash included
    originals = models.PositiveBigIntegerField()
    versions = models.PositiveBigIntegerField()  # former files of assets
    renditions = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["-measured_at", "id"]
        verbose_name = _("use of storage")
        verbose_name_plural = _("uses of storage")
        indexes = [models.Index(fields=["library", "-measured_at"], name="storage_use_newest")]

    def __str__(self) -> str:
        return f"{self.library_id}: {self.bytes}"

    @property
    def bytes(self) -> int:
        return self.originals + self.versions + self.renditions
