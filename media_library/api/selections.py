"""Which assets a request is about: `assets`, or what a `query` finds."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from dam.errors import InvalidRequest
from media_library import findable
from media_library.api.base import FILTERS
from media_library.api.priorities import PriorityField
from media_library.filters import AssetFilters
from media_library.models import Library, User
from media_library.paging import limit_of
from media_library.properties import METADATA

MOST_ASSETS = 50_000
RANKED = 1000


class SelectionSerializer(serializers.Serializer[Any]):
    """Exactly one of `assets` and `query`."""

    rules = {"oneOf": [{"required": ["assets"]}, {"required": ["query"]}]}

    assets = serializers.ListField(
        child=serializers.UUIDField(), required=False, min_length=1, max_length=MOST_ASSETS, help_text="Ids."
    )
    query = serializers.DictField(
        required=False,
        help_text="The parameters of a list of assets, by name; {} is all of the library. With those of a search "
        "(`text`, `like`, …) the best `limit` of what it finds, at most 1,000.",
    )
    priority = PriorityField(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("assets" in data) == ("query" in data):
            raise serializers.ValidationError(_("Give exactly one of assets and query."))
        return data


def selected(library: Library, user: User, data: dict[str, Any], *, needs_limit: bool) -> dict[str, Any]:
    """Take the selection out of `data`. Gives fields of a job: `items`, or `parameters` with a `query` of filters;
    and its `priority`, if that was said.

    A search is made now, and stands for what it has found. Raises InvalidRequest.
    """
    urgent = {"priority": data.pop("priority")} if "priority" in data else {}
    return urgent | chosen(library, user, data, needs_limit=needs_limit)


def chosen(library: Library, user: User, data: dict[str, Any], *, needs_limit: bool) -> dict[str, Any]:
    if "assets" in data:
        return {"items": list(dict.fromkeys(str(pk) for pk in data.pop("assets"))), "parameters": {}}
    query = data.pop("query")
    require_known(query)
    if not findable.search.SEARCH_PARAMETERS & query.keys():
        AssetFilters.from_params(library, query, user)
        return {"parameters": {"query": query}}
    if needs_limit and not query.get("limit"):
        raise InvalidRequest(
            _("A search ranks everything. Say with limit how many of the best are meant, at most 500."),
            code="missing_limit",
        )
    most = limit_of(query.get("limit"), default=RANKED)
    found = findable.search.found(library, user, query, most)
    return {"items": [str(pk) for pk in found], "parameters": {}}


def require_known(query: Mapping[str, Any]) -> None:
    """A name that is misspelt would let everything through."""
    known = {filter_.name for filter_ in FILTERS} | findable.search.SEARCH_PARAMETERS | {"limit"}
    unknown = sorted(name for name in query if name not in known and not name.startswith(METADATA))
    if unknown:
        raise InvalidRequest(
            _("There is no filter %(name)s. See the parameters of the list of assets.") % {"name": unknown[0][:80]},
            code="unknown_filter",
        )
