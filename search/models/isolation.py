from django.db import models

from media_library.models import Asset
from search.models.embedding_model import EmbeddingModel


class Isolation(models.Model):
    """How far an asset lies from what its library has that is most like it, under one model."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="isolations", db_index=False)
    model = models.ForeignKey(EmbeddingModel, models.CASCADE, related_name="isolations", db_index=False)
    distance = models.FloatField()  # mean cosine distance to its nearest neighbours
    outlier = models.BooleanField(default=False)
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "model"], name="one_isolation_per_asset_and_model"),
        ]
        indexes = [
            models.Index(fields=["model", "asset"], name="isolation_outliers", condition=models.Q(outlier=True)),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.distance:.3f}"
