from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library.models.asset import Asset


class Version(models.Model):
    """A file that an asset has, had, or may have. An asset whose file was never replaced has none of these.

    Every original has one row that owns it: the present file is the asset's, so of the present version `file` and
    `thumb` are empty here. See `media_library.versions` and, for how a version becomes the present one,
    `media_library.replacing`.
    """

    class State(models.TextChoices):
        PRESENT = "present", _("The present file")
        KEPT = "kept", _("A former file")
        PROCESSING = "processing", _("Being processed")  # the present one, once it is decoded
        FAILED = "failed", _("Could not be read")

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()  # from 1, in the order in which the files came
    state = models.CharField(max_length=10, choices=State.choices)
    file = models.FileField(max_length=300, blank=True)
    thumb = models.FileField(max_length=300, blank=True)  # WebP; of what was decoded
    format = models.CharField(max_length=16)
    mime_type = models.CharField(max_length=64)
    bytes = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # Who sent the file, and who made it the present one the last time: restored it, if that is somebody else.
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    placed_at = models.DateTimeField(null=True, blank=True)
    # As of an asset: attempts at decoding it, since when a worker is at it, and why it failed.
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    failure_message = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "number"], name="version_number_unique"),
            models.UniqueConstraint(fields=["asset"], name="one_present_version", condition=models.Q(state="present")),
            models.UniqueConstraint(
                fields=["asset"], name="one_version_processing", condition=models.Q(state="processing")
            ),
        ]
        indexes = [
            models.Index(fields=["requested_at"], name="version_waiting", condition=models.Q(state="processing")),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.asset_id}"

    @property
    def is_present(self) -> bool:
        return self.state == self.State.PRESENT

    @property
    def was_restored(self) -> bool:
        """Whether it was made the present one again after it had been replaced, or had failed."""
        return self.requested_at > self.created_at
