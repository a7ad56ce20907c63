"""The clusters of a whole library, computed anew and put in place of the former ones in one transaction.

Computing takes minutes and changes nothing; whatever ends it in between leaves the former clusters as they were. When
a run has given no sign of life for LEASE, another one may begin.
"""

import hashlib
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from search.clusters import graph, heights, joining, kinds, linkage, stored
from search.clusters.graph import Vectors
from search.clusters.identity import names
from search.clusters.joining import Path
from search.clusters.linkage import Labels
from search.clusters.stored import Stored
from search.models import Clustering
from search.models.cluster import LEVELS, level_field

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
SIGN_OF_LIFE_SECONDS = 5.0
GRAPH_PERCENT = 60  # the graph's share of the time


class Superseded(Exception):
    """This run was taken for dead, and another one has begun."""


@dataclass
class Run:
    """One computation: its name in the clustering's row is its right to replace the clusters."""

    clustering: Clustering
    id: UUID
    told_at: float = 0.0

    @classmethod
    def claim(cls, clustering: Clustering) -> "Run | None":
        """None while another one is at it."""
        now, run = timezone.now(), uuid.uuid4()
        free = Clustering.objects.filter(Q(run=None) | Q(run_seen_at__lt=now - LEASE), pk=clustering.pk)
        claimed = free.update(run=run, run_seen_at=now, run_percent=0)
        return cls(clustering, run) if claimed else None

    def tell(self, percent: float) -> None:
        """Progress and a sign of life, every few seconds. Raises Superseded where another run has begun."""
        if time.monotonic() - self.told_at < SIGN_OF_LIFE_SECONDS:
            return
        self.told_at = time.monotonic()
        mine = Clustering.objects.filter(pk=self.clustering.pk, run=self.id)
        if not mine.update(run_seen_at=timezone.now(), run_percent=int(percent)):
            raise Superseded
        logger.info(
            "Clusters of %s of library %s: %d %%.", self.clustering.entity_type, self.clustering.library_id, percent
        )

    def end(self) -> None:
        Clustering.objects.filter(pk=self.clustering.pk, run=self.id).update(run=None, run_percent=0)


def compute(clustering: Clustering) -> bool:
    """Compute a library's clusters and switch to them. False if another worker is at it.

    What has been indexed meanwhile joins the new clusters before anybody sees them.
    """
    run = Run.claim(clustering)
    if run is None:
        return False
    started = time.monotonic()
    try:
        cut_at = heights.settle(clustering.model)
        found = stored.read(kinds.of(clustering), stored.belonging_to(clustering), clustering.model.dimensions)
        levels = partitions(found.vectors, cut_at, run.tell)
        joining.despite_purges(lambda: switch(run, cut_at, found, levels, started))
    except Superseded:
        logger.warning("Another computation of the clusters of library %s has begun.", clustering.library_id)
        return False
    finally:
        run.end()
    return True


def partitions(vectors: Vectors, cut_at: list[float], tell: Callable[[float], None]) -> list[Labels]:
    """The cluster of each vector at each of the heights. Equal vectors are one point that counts as many times."""
    points, point_of = distinct(vectors)
    edges = graph.of(vectors[points], lambda share: tell(GRAPH_PERCENT * share))
    linked = linkage.partitions(
        vectors[points],
        np.bincount(point_of, minlength=len(points)).tolist(),
        edges,
        cut_at,
        lambda share: tell(GRAPH_PERCENT + (99 - GRAPH_PERCENT) * share),
    )
    return [labels[point_of] for labels in linked]


def distinct(vectors: Vectors) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The positions of vectors that differ, and for each vector the number of the one that equals it."""
    number: dict[bytes, int] = {}
    digests = [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in vectors]
    point_of = np.array([number.setdefault(digest, len(number)) for digest in digests], np.int64)
    return np.unique(point_of, return_index=True)[1], point_of


@transaction.atomic
def switch(run: Run, cut_at: list[float], found: Stored, levels: list[Labels], started: float) -> None:
    """Replace the clusters. Readers see the former ones until this transaction ends, and then these."""
    clustering = joining.locked(run.clustering)
    if clustering.run != run.id:
        raise Superseded
    found, levels = still_there(clustering, found, levels)
    paths = named(clustering, found.keys, levels)
    kinds.of(clustering).members(clustering).delete()
    clustering.clusters.all().delete()
    stored.add_members(clustering, found, paths)
    for level, labels in enumerate(levels):
        stored.add_clusters(clustering, level, [path[level] for path in paths], *means(found.vectors, labels))
    clustering.heights, clustering.size = cut_at, len(found.keys)
    clustering.save(update_fields=["heights", "size"])
    while joining.take_in_batch(clustering, stored.belonging_to(clustering)):
        pass
    clustering.computed_at, clustering.seconds = timezone.now(), time.monotonic() - started
    clustering.save(update_fields=["computed_at", "seconds"])


def still_there(clustering: Clustering, found: Stored, levels: list[Labels]) -> tuple[Stored, list[Labels]]:
    """Without what has been removed for good since it was read."""
    present = set(stored.belonging_to(clustering).values_list("pk", flat=True))
    kept = [position for position, key in enumerate(found.keys) if key in present]
    if len(kept) == len(found.keys):
        return found, levels
    remaining = Stored([found.keys[i] for i in kept], [found.owners[i] for i in kept], found.vectors[kept])
    return remaining, [labels[kept] for labels in levels]


def named(clustering: Clustering, keys: list[int], levels: list[Labels]) -> list[Path]:
    """The path of each vector; clusters that are mostly the former ones keep their ids."""
    fields = [level_field(level) for level in range(LEVELS)]
    former = {key: path for key, *path in kinds.of(clustering).members(clustering).values_list("pk", *fields)}
    before = [former.get(key) for key in keys]
    by_level = [names(labels, [path and path[level] for path in before]) for level, labels in enumerate(levels)]
    return list(zip(*by_level, strict=True))


def means(vectors: Vectors, labels: Labels) -> tuple[list[int], list[int], Vectors]:
    """Of every cluster of two or more: the position of a member, the size, and the mean of its vectors."""
    order = np.argsort(labels, kind="stable")
    order = order[np.bincount(labels)[labels[order]] > 1]
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    sums = np.add.reduceat(vectors[order], starts) if len(starts) else vectors[:0]
    return order[starts].tolist(), sizes.tolist(), np.asarray(sums / sizes[:, None], np.float32)
