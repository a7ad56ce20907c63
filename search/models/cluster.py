"""Clusters of what looks alike: nested partitions of one library's vectors under one model, at five levels.

Pictures and their regions are clustered apart, and their members stand in tables of their own, as their vectors do. A
member's row names its cluster at each level, so listing clusters, counting and grouping hits each are one query over
one table, and a partition is replaced in one transaction.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

from media_library.models import Asset, Library
from search.models.embedding import Embedding
from search.models.embedding_model import EmbeddingModel
from search.models.region import Region, RegionEmbedding

LEVELS = 5  # 0 the finest, 4 the coarsest


def level_field(level: int) -> str:
    """The column of a member that names the cluster at a level."""
    if level not in range(LEVELS):
        raise ValueError(f"There is no level {level}.")
    return f"level_{level}"


class Clustering(models.Model):
    """The partitions of one library's vectors of one kind under one model, and how they came to be."""

    class EntityType(models.TextChoices):
        IMAGES = "images", _("Images")
        OBJECTS = "objects", _("Objects")

    library = models.ForeignKey(Library, models.CASCADE, related_name="clusterings")
    model = models.ForeignKey(EmbeddingModel, models.CASCADE, related_name="clusterings")
    entity_type = models.CharField(max_length=8, choices=EntityType.choices, default=EntityType.IMAGES)
    heights = ArrayField(models.FloatField(), size=LEVELS)  # average cosine distances, rising
    size = models.PositiveIntegerField(default=0)  # how many members there were at `computed_at`
    computed_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)  # what that took
    # The computation under way: its name, when it last gave a sign of life, and how far it is.
    run = models.UUIDField(null=True, blank=True)
    run_seen_at = models.DateTimeField(null=True, blank=True)
    run_percent = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["library", "model", "entity_type"], name="one_clustering_per_library_model_and_type"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity_type} of {self.library_id} under {self.model_id}"


class Member(models.Model):
    """In which cluster a vector is, at each level. Whoever has the same cluster at one level has it at all above."""

    level_0 = models.UUIDField()
    level_1 = models.UUIDField()
    level_2 = models.UUIDField()
    level_3 = models.UUIDField()
    level_4 = models.UUIDField()
    settled = models.BooleanField(default=False)  # false: joined since the last computation

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.pk} in {self.level_0}"


class ClusterMember(Member):
    embedding = models.OneToOneField(Embedding, models.CASCADE, primary_key=True, related_name="cluster_member")
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="cluster_members")
    clustering = models.ForeignKey(Clustering, models.CASCADE, related_name="members")

    class Meta:
        indexes = [models.Index(fields=["level_0"], name="cluster_member_level_0")]


class RegionClusterMember(Member):
    # Without constraints: people change regions while all clusters are replaced, and neither should fail because of the
    # other. A row that is left behind by that is never shown, and gone after the next computation.
    embedding = models.OneToOneField(
        RegionEmbedding, models.CASCADE, primary_key=True, related_name="cluster_member", db_constraint=False
    )
    region = models.ForeignKey(Region, models.CASCADE, related_name="cluster_members", db_constraint=False)
    clustering = models.ForeignKey(Clustering, models.CASCADE, related_name="region_members")

    class Meta:
        indexes = [models.Index(fields=["level_0"], name="region_cluster_member_level_0")]


class Cluster(models.Model):
    """Size and mean of a cluster of two or more, for what joins it later: x·mean is x's average similarity to all its
    members. The mean of one alone is its own vector, and has no row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clustering = models.ForeignKey(Clustering, models.CASCADE, related_name="clusters")
    level = models.PositiveSmallIntegerField()
    size = models.PositiveIntegerField()
    mean = HalfVectorField()  # of unit vectors, so shorter than one

    def __str__(self) -> str:
        return f"{self.id}: {self.size} at level {self.level}"
