from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library.models import Library
from search.models.embedding_model import EmbeddingModel


class RecallMeasurement(models.Model):
    """How many of the exact k nearest a search found, of one kind of query in one scope, at one time."""

    class Kind(models.TextChoices):
        IMAGE = "image", _("Image")
        TEXT = "text", _("Text")

    model = models.ForeignKey(EmbeddingModel, models.CASCADE, related_name="recall_measurements")
    library = models.ForeignKey(Library, models.CASCADE, related_name="recall_measurements")
    measured_at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    scope = models.CharField(max_length=60)  # `all`, `1 in 10`, `largest folder`
    assets = models.PositiveIntegerField()  # in the scope
    k = models.PositiveSmallIntegerField()
    queries = models.PositiveSmallIntegerField()
    recall = models.FloatField()  # recall@k, mean over the queries, 0 to 1
    fewest_hits = models.PositiveSmallIntegerField()  # of any query; min(k, assets) if all is well
    plans = models.CharField(max_length=60)  # how searches went about it, most frequent first
    search_ms = models.FloatField()  # median
    exact_ms = models.FloatField()  # median of the scan that it is compared with

    class Meta:
        ordering = ["-measured_at", "id"]
        indexes = [models.Index(fields=["model", "-measured_at"], name="recall_newest")]

    def __str__(self) -> str:
        return f"{self.recall:.3f} ({self.kind}, {self.scope})"
