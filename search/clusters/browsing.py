"""Clusters as people and programs see them: only what a scope of visible assets holds is listed, counted or shown.

The scope of a clustering of objects holds regions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from uuid import UUID, uuid5

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from media_library.models import Asset, Library
from search.clusters import kinds
from search.models import Clustering, EmbeddingModel, Region
from search.models.cluster import LEVELS, level_field
from search.nearest import Neighbour, Scope

PREVIEWS = 9


@dataclass(frozen=True)
class Listed:
    """A cluster as far as a scope holds it."""

    id: UUID
    size: int
    previews: list[Asset | Region] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """The hits of one cluster, nearest first."""

    id: UUID
    hits: list[Neighbour]

    @property
    def distance(self) -> float:
        return self.hits[0].distance


def current(library: Library, entity_type: Clustering.EntityType = Clustering.EntityType.IMAGES) -> Clustering | None:
    """The library's clustering under the active model; None while nothing is indexed."""
    active = Clustering.objects.filter(model__state=EmbeddingModel.State.ACTIVE, entity_type=entity_type)
    return active.filter(library=library).first()


def of(clustering: Clustering | None, ids: Iterable[UUID], level: int) -> dict[UUID, UUID]:
    """asset or region: its cluster at a level, in one query. What has none yet is a cluster of its own."""
    ids, kind = list(ids), kinds.of(clustering)
    members = kind.members(clustering).filter(Q((f"{kind.owner}__in", ids)))
    known = dict(members.values_list(f"{kind.owner}_id", level_field(level)))
    return {pk: known.get(pk) or uuid5(pk, f"level {level}") for pk in ids}


def group(clustering: Clustering | None, hits: Sequence[Neighbour], level: int) -> list[Group]:
    """The hits by cluster: nearest cluster first, ties by id; a cluster is as near as its nearest hit."""
    cluster_of = of(clustering, [hit.id for hit in hits], level)
    groups: dict[UUID, Group] = {}
    for hit in sorted(hits, key=lambda hit: hit.distance):
        cluster = cluster_of[hit.id]
        groups.setdefault(cluster, Group(cluster, [])).hits.append(hit)
    return sorted(groups.values(), key=lambda found: (found.distance, found.id))


def within(clustering: Clustering | None, scope: Scope) -> QuerySet:
    """The members that the scope holds."""
    kind = kinds.of(clustering)
    return kind.members(clustering).filter(Q((f"{kind.owner}__in", scope.order_by().values("pk"))))


def counted(clustering: Clustering | None, scope: Scope, level: int) -> QuerySet:
    """The clusters that the scope holds as `{"cluster": id, "size": members in scope}`, biggest first, then by id."""
    sized = within(clustering, scope).values(cluster=F(level_field(level))).annotate(size=Count("pk"))
    return sized.order_by("-size", "cluster")


def browse(
    clustering: Clustering | None,
    scope: Scope,
    level: int,
    *,
    limit: int,
    start: int = 0,
    after: tuple[int, UUID] | None = None,
) -> list[Listed]:
    """Clusters `start` to `start + limit`, or the first `limit` after one of this (size, id); with previews."""
    rows = counted(clustering, scope, level)
    if after:
        size, pk = after
        rows = rows.filter(Q(size__lt=size) | Q(size=size, cluster__gt=pk))
    found = [Listed(row["cluster"], row["size"]) for row in rows[start : start + limit]]
    shown = previews(clustering, scope, level, [cluster.id for cluster in found])
    return [Listed(cluster.id, cluster.size, shown.get(cluster.id, [])) for cluster in found]


def previews(
    clustering: Clustering | None, scope: Scope, level: int, clusters: Iterable[UUID]
) -> dict[UUID, list[Asset | Region]]:
    """At most PREVIEWS of the scope from each cluster: two queries, however many clusters."""
    column, owner = level_field(level), f"{kinds.of(clustering).owner}_id"
    members = within(clustering, scope).filter(Q((f"{column}__in", list(clusters))))
    place = Window(RowNumber(), partition_by=F(column), order_by=owner)
    shown = list(members.annotate(place=place).filter(place__lte=PREVIEWS).values_list(column, owner))
    there = scope.in_bulk([pk for _cluster, pk in shown])
    found: dict[UUID, list[Asset | Region]] = {}
    for cluster, pk in shown:
        if pk in there:  # it may have gone since
            found.setdefault(cluster, []).append(there[pk])
    return found


def opened(clustering: Clustering | None, scope: Scope, cluster: UUID) -> tuple[int, Scope] | None:
    """The level of a cluster and what the scope holds of it; None where that is nothing."""
    columns = [level_field(level) for level in range(LEVELS)]
    kind = kinds.of(clustering)
    members = kind.members(clustering)
    member = members.filter(reduce(or_, [Q((column, cluster)) for column in columns])).first()
    if member is None:
        return None
    level = [getattr(member, column) for column in columns].index(cluster)
    held = scope.filter(pk__in=members.filter(Q((columns[level], cluster))).values(kind.owner))
    return (level, held) if held.exists() else None
