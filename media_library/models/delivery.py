import uuid
from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library.models.api_key import ApiKey
from media_library.models.library import Library
from media_library.models.webhook import Webhook


class WebhookIsOff(AppError):
    code = "webhook_off"
    status = 409
    message = _("This webhook is switched off. Switch it on first.")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> "DeliveryQuerySet":
        """What is to be sent now; that of a webhook that is switched off waits."""
        active = models.Q(webhook=None) | models.Q(webhook__is_active=True)
        return self.filter(active, state=Delivery.State.PENDING, next_attempt_at__lte=now)


class Delivery(models.Model):
    """One message to one address: the outbox, written in the transaction of what it tells about, and the log.

    It goes to `webhook`; without one, to the `url` that a single request has named, signed by `key`.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DELIVERED = "delivered", _("Delivered")
        GIVEN_UP = "given_up", _("Given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="+")
    webhook = models.ForeignKey(
        Webhook, models.CASCADE, null=True, blank=True, related_name="deliveries", db_index=False
    )
    url = models.CharField(max_length=4000, blank=True)
    key = models.ForeignKey(ApiKey, models.CASCADE, null=True, blank=True, related_name="+")
    dialect = models.CharField(max_length=12)
    event = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)  # since it was queued
    queued_at = models.DateTimeField(default=timezone.now)  # at first, or by a replay
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["webhook", "-created_at", "id"], name="delivery_log"),
            models.Index(
                fields=["webhook", "next_attempt_at"], name="delivery_due", condition=models.Q(state="pending")
            ),
            models.Index(fields=["finished_at"], name="delivery_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.address}"

    @property
    def address(self) -> str:
        return self.webhook.url if self.webhook else self.url

    def replay(self) -> None:
        """Have it sent again, with the same id and body. Raises WebhookIsOff."""
        if self.webhook and not self.webhook.is_active:
            raise WebhookIsOff
        now = timezone.now()
        self.state, self.tries = self.State.PENDING, 0
        self.queued_at, self.next_attempt_at, self.finished_at = now, now, None
        self.save(update_fields=["state", "tries", "queued_at", "next_attempt_at", "finished_at"])


class DeliveryAttempt(models.Model):
    """What came of one request."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts", db_index=False)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # of HTTP; null where there was no answer
    error = models.CharField(max_length=300, blank=True)
    answer = models.TextField(blank=True)  # how it began
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["at", "id"]
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        indexes = [models.Index(fields=["delivery", "at"], name="attempts_of_delivery")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}: {self.status or self.error}"
