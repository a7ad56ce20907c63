"""When pictures and regions join clusters, and when so many changed that a library's clusters are computed anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from search.clusters import computing, heights, joining, stored
from search.clusters.kinds import IMAGES, KINDS, Kind
from search.models import Clustering, EmbeddingModel

AT_ONCE = 64  # joining takes about as long as encoding, so an import would take twice as long
LEAST_CHANGED = 100
SHARE_CHANGED = 0.2
AT_LEAST_EVERY = timedelta(days=1)  # if anything changed


@dataclass(frozen=True)
class Standing:
    """How far a library's clusters have fallen behind its vectors."""

    clustering: Clustering
    vectors: int
    members: int
    settled: int  # members since the last computation

    @property
    def missing(self) -> int:
        return self.vectors - self.members

    @property
    def changed(self) -> int:
        """What came and what went since the last computation."""
        return (self.vectors - self.settled) + (self.clustering.size - self.settled)

    @property
    def is_due(self) -> bool:
        clustering = self.clustering
        if clustering.computed_at is None or clustering.heights != heights.of(clustering.model):
            return True
        if timezone.now() - clustering.computed_at > AT_LEAST_EVERY:
            return self.changed > 0
        return self.changed >= max(LEAST_CHANGED, SHARE_CHANGED * clustering.size)


def take_in(model: EmbeddingModel, ids: Sequence[UUID], kind: Kind = IMAGES) -> None:
    """Of what has just been indexed: a few join now, an import is left to the cluster worker."""
    from search import tasks

    if len(ids) <= AT_ONCE:
        joining.join(model, ids, kind)
    else:
        tasks.sweep_clusters.delay()


def sweep() -> None:
    """Compute the clusters of libraries that changed enough; elsewhere take in what was left out."""
    model = EmbeddingModel.active()
    if model is None:
        return
    for kind in KINDS:
        for standing in standings(model, kind):
            if standing.is_due:
                computing.compute(standing.clustering)
            elif standing.missing:
                joining.take_in(standing.clustering, stored.belonging_to(standing.clustering))


def standings(model: EmbeddingModel, kind: Kind) -> list[Standing]:
    """Of every library that has vectors of the kind under the model."""
    members = kind.member.objects.filter(clustering__model=model).values("clustering_id")
    counted = members.annotate(members=Count("pk"), settled=Count("pk", filter=Q(settled=True)))
    by_clustering = {row["clustering_id"]: (row["members"], row["settled"]) for row in counted}
    vectors = kind.embedded(model).order_by().values_list(kind.library).annotate(Count("pk"))
    found = []
    for library_id, count in vectors:
        clustering = joining.clustering_of(library_id, model, kind)
        found.append(Standing(clustering, count, *by_clustering.get(clustering.pk, (0, 0))))
    return found
