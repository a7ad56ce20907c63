"""A new vector joins the nearest cluster within the height, or starts one, at each level; nothing else moves.

It joins at the lowest level at which a cluster of one of its nearest neighbours is near enough; above that, the cluster
that it joined decides, so partitions stay nested. Below, it is alone.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from search import neighbourhoods
from search.clusters import heights, kinds, stored
from search.clusters.graph import NEIGHBOURS, Vectors
from search.clusters.kinds import IMAGES, Kind
from search.models import Cluster, Clustering, EmbeddingModel
from search.models.cluster import LEVELS, Member, level_field
from search.nearest import Vector

logger = logging.getLogger(__name__)

BATCH = 256
Result = TypeVar("Result")
Path = tuple[UUID, ...]  # a member's clusters, level by level


def join(model: EmbeddingModel, ids: Iterable[UUID], kind: Kind = IMAGES) -> int:
    """Give those of these assets or regions that have a vector and no clusters theirs. Gives how many those were."""
    new = kind.embedded(model).filter(Q((f"{kind.owner}__in", list(ids))), cluster_member=None)
    libraries = set(new.values_list(kind.library, flat=True))
    return sum(take_in(clustering_of(pk, model, kind), new.filter(Q((kind.library, pk)))) for pk in libraries)


def clustering_of(library_id: UUID, model: EmbeddingModel, kind: Kind = IMAGES) -> Clustering:
    clustering, _made = Clustering.objects.get_or_create(
        library_id=library_id, model=model, entity_type=kind.entity_type, defaults={"heights": heights.of(model)}
    )
    return clustering


def locked(clustering: Clustering) -> Clustering:
    """As it stands, and nobody else changes it or its members before this transaction ends."""
    rows = Clustering.objects.select_for_update(of=("self",)).select_related("model")
    return rows.get(pk=clustering.pk)


def take_in(clustering: Clustering, embeddings: QuerySet[Any]) -> int:
    """Clusters for those of the embeddings that have none, a batch per transaction. Gives how many those were."""

    @transaction.atomic
    def batch() -> int:
        return take_in_batch(locked(clustering), embeddings)

    total = taken = despite_purges(batch)
    while taken == BATCH:
        taken = despite_purges(batch)
        total += taken
    return total


def despite_purges(change: Callable[[], Result]) -> Result:
    """Do it again if an asset or region was removed while its row was being written: then it is no longer there."""
    for _attempt in range(2):
        try:
            return change()
        except IntegrityError as error:
            logger.info("Clusters are written again: %s", error)
    return change()


def take_in_batch(clustering: Clustering, embeddings: QuerySet[Any]) -> int:
    """Under the lock, so two workers never place the same one, or start a cluster each for two that look alike."""
    kind = kinds.of(clustering)
    missing = embeddings.filter(cluster_member=None).order_by("pk")[:BATCH]
    new = stored.read(kind, missing, clustering.model.dimensions)
    if not new.keys:
        return 0
    near = Neighbourhood(clustering, new.vectors)
    members = [
        {"embedding_id": key, f"{kind.owner}_id": owner, "clustering": clustering, **as_fields(near.place(position))}
        for position, (key, owner) in enumerate(zip(new.keys, new.owners, strict=True))
    ]
    kind.member.objects.bulk_create([kind.member(**fields) for fields in members])
    Cluster.objects.bulk_create(
        near.changed(), update_conflicts=True, unique_fields=["id"], update_fields=["size", "mean"]
    )
    return len(members)


def as_fields(path: Path) -> dict[str, UUID]:
    return {level_field(level): cluster for level, cluster in enumerate(path)}


def path_of(member: Member) -> Path:
    return tuple(getattr(member, level_field(level)) for level in range(LEVELS))


class Neighbourhood:
    """The clusters around new vectors, as they grow while these join one after the other."""

    def __init__(self, clustering: Clustering, vectors: Vectors) -> None:
        self.clustering, self.vectors = clustering, vectors
        self.heights: list[float] = clustering.heights
        self.around: dict[int, set[Path]] = defaultdict(set)  # paths of the neighbours of each vector
        for position, distance, member in neighbourhoods.neighbours_of(vectors, clustering, NEIGHBOURS):
            if distance <= self.heights[-1]:
                self.around[position].add(path_of(member))
        self.joined: list[Path] = []
        self.touched: dict[UUID, int] = {}  # cluster: level
        self.finest: dict[UUID, list[Vector]] = defaultdict(list)  # the members of clusters of level 0
        self.load({path for paths in self.around.values() for path in paths})

    def load(self, paths: set[Path]) -> None:
        """What is known of the clusters on these paths: three queries, however many there are."""
        dimensions = self.clustering.model.dimensions
        known = Cluster.objects.filter(pk__in={cluster for path in paths for cluster in path})
        self.sizes, self.sums = stored.sizes_and_sums(known, dimensions)
        kind = kinds.of(self.clustering)
        members = kind.embedded(self.clustering.model_id).filter(
            cluster_member__level_0__in={path[0] for path in paths}
        )
        found = stored.read(kind, members, dimensions)
        rows = kind.members(self.clustering).filter(pk__in=found.keys)
        path_by_key = {row.pk: path_of(row) for row in rows}
        for key, vector in zip(found.keys, found.vectors, strict=True):
            path = path_by_key.get(key, ())
            for cluster in path[:1]:
                self.finest[cluster].append(vector)
            for cluster in path:
                if self.sizes.setdefault(cluster, 1) == 1:
                    self.sums[cluster] = vector
        for around in self.around.values():  # without those that were removed for good between these queries
            around &= {path for path in around if path[0] in self.finest and self.sums.keys() >= set(path)}

    def place(self, position: int) -> Path:
        """Join the vector at this position to what is there. Gives its path."""
        vector = self.vectors[position]
        paths = [*self.around[position], *self.joined]
        path = self.way(vector, paths)
        for level, cluster in enumerate(path):
            self.sizes[cluster] = self.sizes.get(cluster, 0) + 1
            self.sums[cluster] = self.sums.get(cluster, 0) + vector
            self.touched[cluster] = level
        self.finest[path[0]].append(vector)
        self.joined.append(path)
        return path

    def way(self, vector: Vector, paths: list[Path]) -> Path:
        """From the lowest level at which a cluster is within reach, along that of the nearest; below, a new one."""
        for level, height in enumerate(self.heights):
            ways = {path[level]: path for path in paths}
            ranked = sorted((self.distance(vector, cluster), cluster) for cluster in ways)
            for distance, cluster in ranked:
                if distance <= height and (level or self.farthest(vector, cluster) <= 2 * height):
                    return (*(uuid.uuid4() for _ in range(level)), *ways[cluster][level:])
        return tuple(uuid.uuid4() for _ in self.heights)

    def distance(self, vector: Vector, cluster: UUID) -> float:
        """The average cosine distance to all members."""
        return 1 - float(vector @ self.sums[cluster]) / self.sizes[cluster]

    def farthest(self, vector: Vector, cluster: UUID) -> float:
        return 1 - float(min(vector @ member for member in self.finest[cluster]))

    def changed(self) -> list[Cluster]:
        """The rows of the clusters that have grown; of one alone there is none."""
        return [
            Cluster(
                pk=pk, clustering=self.clustering, level=level, size=self.sizes[pk], mean=self.sums[pk] / self.sizes[pk]
            )
            for pk, level in self.touched.items()
            if self.sizes[pk] > 1
        ]
