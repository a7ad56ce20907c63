"""What is clustered: pictures, and regions of pictures. Each has its vectors and its members in tables of its own."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from search.models import Clustering, ClusterMember, Embedding, EmbeddingModel, RegionClusterMember, RegionEmbedding
from search.vector_index import ASSETS, REGIONS
from search.vector_index import Kind as Vectors


@dataclass(frozen=True)
class Kind:
    entity_type: Clustering.EntityType
    owner: str  # the field of a vector and of a member that says whose it is
    library: str  # the way from a vector to its library
    embedding: type[Any]  # the models of vectors and of members
    member: type[Any]
    vectors: Vectors

    def embedded(self, model: EmbeddingModel | int) -> QuerySet[Any]:
        """What has a vector under the model, whoever may see it."""
        return self.embedding.objects.filter(model=model, vector__isnull=False)

    def members(self, clustering: Clustering | None) -> QuerySet[Any]:
        return self.member.objects.filter(clustering=clustering)


IMAGES = Kind(Clustering.EntityType.IMAGES, "asset", "asset__library", Embedding, ClusterMember, ASSETS)
OBJECTS = Kind(
    Clustering.EntityType.OBJECTS, "region", "region__asset__library", RegionEmbedding, RegionClusterMember, REGIONS
)
KINDS = (IMAGES, OBJECTS)


def of(clustering: Clustering | None) -> Kind:
    """Of none at all, pictures are as good as any."""
    return OBJECTS if clustering and clustering.entity_type == Clustering.EntityType.OBJECTS else IMAGES
