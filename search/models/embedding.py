from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

from media_library.models import Asset
from search.models.embedding_model import EmbeddingModel


class Embedding(models.Model):
    """The L2-normalised vector of one asset under one model."""

    id = models.BigAutoField(primary_key=True)
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="embeddings", db_index=False)
    # Every query names the model, and each model has a partial index of its own.
    model = models.ForeignKey(EmbeddingModel, models.CASCADE, related_name="embeddings", db_index=False)
    vector = HalfVectorField()  # no fixed dimension: each model brings its own

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "model"], name="one_embedding_per_asset_and_model"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} under {self.model_id}"


class IndexEntry(models.Model):
    """What has to be embedded: the queue of record. Celery only does what stands here."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    MAX_ATTEMPTS = 3

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="index_entries", db_index=False)
    model = models.ForeignKey(EmbeddingModel, models.CASCADE, related_name="index_entries", db_index=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "index entries"
        constraints = [
            models.UniqueConstraint(fields=["asset", "model"], name="one_index_entry_per_asset_and_model"),
        ]
        indexes = [
            models.Index(
                fields=["model", "state", "id"],
                name="index_entry_open",
                condition=models.Q(state__in=["pending", "running", "failed"]),
            ),
            models.Index(fields=["model", "finished_at"], name="index_entry_finished"),  # how many, and how fast
        ]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.state}"
