from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def live(self) -> "KeptAnswerQuerySet":
        return self.filter(created_at__gt=timezone.now() - KeptAnswer.LIFETIME)

    def expired(self) -> "KeptAnswerQuerySet":
        return self.filter(created_at__lte=timezone.now() - KeptAnswer.LIFETIME)


class KeptAnswer(models.Model):
    """What was answered to a request with an `Idempotency-Key`: committed together with what that request made."""

    LIFETIME = timedelta(hours=24)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return f"{self.user} · {self.key}"
