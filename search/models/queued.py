from datetime import timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

LEASE = timedelta(minutes=10)  # who holds work for longer than this is taken to be dead
MAX_ATTEMPTS = 3


class QueuedQuerySet(models.QuerySet[Any]):
    def due(self) -> Self:
        """What is neither finished, nor given up, nor in the hands of a worker that may still be alive."""
        free = Q(started_at=None) | Q(started_at__lt=timezone.now() - LEASE)
        return self.filter(free, finished_at=None, attempts__lt=MAX_ATTEMPTS)

    @transaction.atomic
    def claim(self, size: int) -> list[Any]:
        """Take the oldest of what is due for this worker alone."""
        ids = list(self.due().order_by("id").select_for_update(skip_locked=True).values_list("pk", flat=True)[:size])
        claimed = self.filter(pk__in=ids)
        claimed.update(attempts=F("attempts") + 1, started_at=timezone.now(), error_code="", error="")
        return list(claimed.order_by("id"))


class Queued(models.Model):
    """Work that a row stands for, and the record of it. Whoever dies with it in hand: after LEASE it is due again.

    A failure leaves its reason and waits for the end of the lease, too, MAX_ATTEMPTS times in all.
    """

    id = models.BigAutoField(primary_key=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=300, blank=True)

    objects = QueuedQuerySet.as_manager()

    class Meta:
        abstract = True

    def note(self, code: str, error: str) -> None:
        """Why it could not be done this time."""
        type(self).objects.filter(pk=self.pk).update(error_code=code, error=error[:300])
