import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from media_library.models.library import Library
from media_library.models.user import User

ARRIVED = Coalesce(Sum("parts__bytes"), 0)


class PartialUploadQuerySet(models.QuerySet["PartialUpload"]):
    def of(self, user: User) -> "PartialUploadQuerySet":
        """The user's own of known length, in libraries that they still see."""
        return self.filter(user=user, library__in=Library.objects.visible_to(user), length__isnull=False)

    def open(self) -> "PartialUploadQuerySet":
        return self.filter(state=PartialUpload.State.OPEN, expires_at__gt=timezone.now(), length__isnull=False)

    def expired(self) -> "PartialUploadQuerySet":
        return self.filter(expires_at__lte=timezone.now())

    def complete(self) -> "PartialUploadQuerySet":
        """Open, with all their bytes there."""
        return self.open().annotate(arrived=ARRIVED).filter(arrived=models.F("length"))

    def with_arrived(self) -> "PartialUploadQuerySet":
        """How many bytes are there, at the same moment as everything else of the row: parts go when it is over."""
        return self.annotate(arrived=ARRIVED)


class PartialUpload(models.Model):
    """A file that arrives in parts, and what is to become of it. Without a `length`, whoever sends the parts says when
    they are complete, and makes the asset: that is how dialects keep theirs."""

    LIFETIME = timedelta(hours=24)  # since the last part
    REMEMBERED = timedelta(days=7)  # after that, so that a client is told that it was too late

    class State(models.TextChoices):
        OPEN = "open"
        STORED = "stored"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    library = models.ForeignKey(Library, models.CASCADE, related_name="partial_uploads")
    length = models.PositiveBigIntegerField(null=True, blank=True)
    details = models.JSONField(default=dict)  # fields of `ingest.Upload`, `keep_duplicate`, the folder as its id
    client_metadata = models.TextField(blank=True)  # as the client has written it, told back to it
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    asset = models.ForeignKey("Asset", models.SET_NULL, null=True, blank=True, related_name="+")
    failure = models.JSONField(null=True, blank=True)  # why it was refused: code, message, status, data
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    objects = PartialUploadQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], name="partial_upload_expiry"),
            models.Index(fields=["user"], condition=Q(state="open"), name="open_uploads_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.details.get('name', self.pk)}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.expires_at:
            self.prolong()
        super().save(*args, **kwargs)

    def prolong(self, by: timedelta = LIFETIME) -> None:
        self.expires_at = timezone.now() + by

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def offset(self) -> int:
        """How many bytes are there, of parts that follow each other; all of them once it is over. One query, unless it
        was loaded `with_arrived`; then as of that moment."""
        if self.state != self.State.OPEN:
            return self.length or 0
        if hasattr(self, "arrived"):
            return int(self.arrived)
        return self.parts.aggregate(sum=Sum("bytes"))["sum"] or 0


class UploadPart(models.Model):
    upload = models.ForeignKey(PartialUpload, models.CASCADE, related_name="parts", db_index=False)
    start = models.PositiveBigIntegerField()
    bytes = models.PositiveBigIntegerField()
    file = models.FileField(max_length=300)

    class Meta:
        ordering = ["start"]
        constraints = [models.UniqueConstraint(fields=["upload", "start"], name="one_part_at_a_place")]

    def __str__(self) -> str:
        return f"{self.upload_id} from {self.start}"
