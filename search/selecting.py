"""Which assets a search finds, for who wants to do something with all of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from media_library.models import Library, User
from search import anchors, queries
from search.query import IMAGES, Query

# What makes a search of a list of assets, beside the filters.
SEARCH_PARAMETERS = frozenset(
    {"text", "not_text", "like", "unlike", "anchor", "weight", "keywords", "entity_type", "labels", "collapse", "stack"}
)


def found(library: Library, user: User, params: Mapping[str, Any], most: int) -> list[UUID]:
    """The best assets that it finds, at most 1,000. Raises InvalidRequest and what `composition.vector_for` raises."""
    query = replace(Query.from_params(library, params, user), entity_type=IMAGES)
    queries.require_something(query)
    ranking = queries.rank(query, user, anchors.active_model(), queries.no_time())
    return ranking.fused.ids[:most]
