"""Clusters of what a search finds: the best hits grouped, or without anything to search with all clusters.

The scope decides what is counted and shown, as everywhere; conditions narrow it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from media_library.models import Asset, Library, User
from search import anchors, clusters, composition, nearest
from search.clusters import Group
from search.models import Clustering, Region, RegionQuerySet
from search.nearest import Neighbour, Scope
from search.query import OBJECTS, Query
from search.rankings import RANKING

BULKY = ("exif", "facts", "metadata", "colors", "traits")
ENTITY_TYPES = {OBJECTS: Clustering.EntityType.OBJECTS}


@dataclass(frozen=True)
class Limit:
    """Only what is at most this cosine distance from an example or a text of its own."""

    query: Query
    distance: float


@dataclass(frozen=True)
class Narrowing:
    """What the scope holds: assets for which all conditions hold, with a region that has one label of each group; among
    OBJECTS, such regions of such assets."""

    conditions: Sequence[Q] = ()
    labels: Sequence[Sequence[str]] = field(default_factory=list)

    def scope(self, library: Library, user: User, entity_type: str) -> Scope:
        assets = Asset.objects.visible_to(user).live().filter(*self.conditions, library=library, visual_search=True)
        if entity_type == OBJECTS:
            regions = Region.objects.filter(asset__in=assets.order_by().values("pk")).select_related("asset")
            for group in self.labels:
                regions = regions.labelled(group)
            return regions
        for group in self.labels:
            assets = assets.filter(pk__in=Region.objects.labelled(group).values("asset"))
        return assets


def clustering_of(library: Library, entity_type: str) -> Clustering | None:
    return clusters.current(library, ENTITY_TYPES.get(entity_type, Clustering.EntityType.IMAGES))


def ranked(query: Query, user: User, scope: Scope, level: int, limits: Sequence[Limit] = ()) -> list[Group]:
    """The 1,000 nearest of the scope by looks alone, less what exceeds a limit, by cluster: nearest cluster first.

    Of a large scope as many as the indexes are trusted with: all 1,000 would take it tenths of a second.
    """
    model = anchors.active_model()
    vector = composition.vector_for(query, user, model)
    enough = nearest.DEEP.depth
    hits = nearest.search(vector, scope, RANKING, model, modality=query.modality, enough=enough).neighbours
    for limit in limits:
        if limit.query == query:
            hits = [hit for hit in hits if hit.distance <= limit.distance]
        else:
            hits = within(hits, limit, user, scope)
    return clusters.group(clustering_of(query.library, query.entity_type), hits, level)


def within(hits: list[Neighbour], limit: Limit, user: User, scope: Scope) -> list[Neighbour]:
    model = anchors.active_model()
    vector = composition.vector_for(limit.query, user, model)
    ids = [hit.id for hit in hits]
    near = nearest.exact(vector, scope.filter(pk__in=ids), len(ids), model) if ids else []
    kept = {found.id for found in near if found.distance <= limit.distance}
    return [hit for hit in hits if hit.id in kept]


def loaded(scope: Scope, ids: Sequence[UUID]) -> dict[UUID, Asset | Region]:
    """What the scope still holds of these, without what is never shown in a list: one query."""
    prefix = "asset__" if isinstance(scope, RegionQuerySet) else ""
    return dict(scope.defer(*(prefix + name for name in BULKY)).in_bulk(ids))
