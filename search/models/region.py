import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

from media_library.models import Asset
from media_library.renditions import Box
from search.models.embedding_model import EmbeddingModel
from search.models.queued import Queued

if TYPE_CHECKING:
    from collections.abc import Iterable

    from media_library.models import User

DIGITS = 6  # a millionth of a side: boxes are compared, and come back from an import as they went in


class RegionQuerySet(models.QuerySet["Region"]):
    def visible_to(self, user: "User | AnonymousUser") -> "RegionQuerySet":
        """The regions of the assets that `user` may see."""
        return self.filter(asset__in=Asset.objects.visible_to(user))

    def labelled(self, labels: "Iterable[str]") -> "RegionQuerySet":
        """With one of these labels; case does not count."""
        return self.alias(lower_label=Lower("label")).filter(lower_label__in=[label.lower() for label in labels])


class Region(models.Model):
    """A part of an asset that is found on its own: what other systems call an object.

    `x`, `y`, `width` and `height` are fractions of the upright picture.
    """

    class Source(models.TextChoices):
        DRAWN = "drawn", _("Drawn")
        IMPORTED = "imported", _("Imported")
        DETECTED = "detected", _("Detected")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="regions", db_index=False)
    x = models.FloatField()
    y = models.FloatField()
    width = models.FloatField()
    height = models.FloatField()
    label = models.CharField(_("label"), max_length=100, blank=True)
    source = models.CharField(max_length=8, choices=Source.choices)
    confidence = models.FloatField(null=True, blank=True)  # 0 to 1; null where a person drew it
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="regions"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "source", "label", "x", "y", "width", "height"], name="one_region_per_box_and_label"
            ),
            models.CheckConstraint(
                condition=Q(
                    x__gte=0, x__lt=1, y__gte=0, y__lt=1, width__gt=0, width__lte=1, height__gt=0, height__lte=1
                ),
                name="region_inside_picture",
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__gte=0, confidence__lte=1), name="confidence_is_a_share"
            ),
        ]
        indexes = [models.Index(Lower("label"), name="region_by_label")]

    def __str__(self) -> str:
        return self.label or str(self.id)

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.width, self.height)

    @box.setter
    def box(self, box: Box) -> None:
        self.x, self.y = round(box.x, DIGITS), round(box.y, DIGITS)
        self.width = min(round(box.width, DIGITS), round(1 - self.x, DIGITS))
        self.height = min(round(box.height, DIGITS), round(1 - self.y, DIGITS))


class RegionEmbedding(Queued):
    """The L2-normalised vector of one region under one model; until there is one, the work of making it.

    Beside `Embedding` rather than in it: no query over the vectors of assets can then meet those of regions.
    """

    region = models.ForeignKey(Region, models.CASCADE, related_name="embeddings", db_index=False)
    model = models.ForeignKey(EmbeddingModel, models.CASCADE, related_name="region_embeddings", db_index=False)
    vector = HalfVectorField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "model"], name="one_embedding_per_region_and_model"),
        ]
        indexes = [
            models.Index(fields=["model", "id"], name="region_embedding_open", condition=Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} under {self.model_id}"


class DetectorRun(Queued):
    """That a detector has to look, or has looked, at an asset."""

    asset = models.OneToOneField(Asset, models.CASCADE, related_name="detector_run")
    detector = models.CharField(max_length=400)  # `detectors.name()` of the one that has to look

    class Meta:
        indexes = [
            models.Index(fields=["detector", "id"], name="detector_run_open", condition=Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} by {self.detector}"
