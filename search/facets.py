"""Facets of a search: counted among the pictures that it ranks."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from media_library.filters import AssetFilters
from media_library.models import Asset, AssetQuerySet, User
from media_library.properties import Pairs
from search import anchors, queries
from search.query import IMAGES, Query


def of_search(query: Query, user: User) -> Callable[[AssetFilters], AssetQuerySet]:
    """The scope of a search is what it ranks, at most rankings.RANKING assets: all that can be paged through. Counting
    without a filter ranks again without it."""
    queries.require_something(query)
    model = anchors.active_model()
    ranked: dict[Pairs, list[UUID]] = {}

    def scope(filters: AssetFilters) -> AssetQuerySet:
        if filters.properties not in ranked:
            narrowed = replace(query, filters=filters, entity_type=IMAGES)
            ranked[filters.properties] = queries.rank(narrowed, user, model, queries.no_time()).fused.ids
        return Asset.objects.visible_to(user).live().filter(pk__in=ranked[filters.properties])

    return scope
