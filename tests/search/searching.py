"""Assets in a known order around one, and searches among them."""

from typing import Any

from django.http import QueryDict

from media_library.models import Asset, Library, User
from search import queries
from search.models import EmbeddingModel
from search.query import Query
from tests import factories


def fan(library: Library, model: EmbeddingModel, count: int) -> list[Asset]:
    """Assets whose vectors turn away from the first one step by step."""
    return [
        factories.embedded(library, model, [1.0, step / 10] + [0.0] * 46, display_name=str(step))
        for step in range(count)
    ]


def run(library: Library, user: User, params: str, **options: Any) -> queries.Results[queries.Hit]:
    return queries.run(Query.from_params(library, QueryDict(params), None), user, **options)
