"""Search by expression, among assets and among folders."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import fields, keyset, parameters, resources
from dam.contracts.cloudinary.fields import Scope
from dam.contracts.cloudinary.keyset import Key
from dam.contracts.cloudinary.views import CloudView
from dam.errors import InvalidRequest
from media_library.models import Asset, Folder
from media_library.scopes import Scope as GrantScope

MAX_RESULTS = 50
# By what assets are sorted. Those without a capture date count as the oldest.
SORTS = {
    **{name: name for name in ("created_at", "public_id", "display_name", "bytes", "width", "height", "format")},
    **{name: name for name in ("pixels", "aspect_ratio")},
    "uploaded_at": "created_at",
    "filename": "display_name",
    "asset_id": "pk",
    "taken_at": "taken",
}
FOLDER_SORTS = {"name": "name"}
AGGREGATES = {"format", "resource_type", "type"}
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class SearchView(ABC, CloudView):
    scopes = {"POST": GrantScope.READ}

    def sort_keys(self, sorts: Mapping[str, str], default: Key) -> list[Key]:
        """`sort_by` is `[{"field": "desc"}, …]`, or in an address `field:desc,…`."""
        wanted = self.params.get("sort_by") or []
        if isinstance(wanted, str):
            wanted = [dict([pair.partition(":")[::2]]) for pair in wanted.split(",")]
        if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
            raise InvalidRequest(_('sort_by has to look like [{"created_at": "desc"}].'))
        pairs = [pair for item in wanted for pair in item.items()]
        for field, direction in pairs:
            if field not in sorts:
                raise InvalidRequest(_("Unknown field %(name)s in sort_by.") % {"name": field})
            if direction not in ("asc", "desc", ""):
                raise InvalidRequest(_("A direction in sort_by is asc or desc."))
        return [Key(sorts[field], direction != "asc") for field, direction in pairs] or [default]

    def post(self, request: Request, cloud: str) -> Response:
        started = time.perf_counter()
        body = self.found()
        return Response(body | {"time": round(1000 * (time.perf_counter() - started))})

    get = post

    @abstractmethod
    def found(self) -> dict[str, Any]:
        """A page of what is looked for, under the name that the SDKs know it by."""

    def condition(self, scope: Scope) -> Q:
        from dam.contracts.cloudinary import expression  # the parser would take its part of every start

        return expression.compile_(parameters.text(self.params, "expression"), scope)

    def page(self, rows: QuerySet[Any], keys: list[Key]) -> tuple[list[Any], dict[str, Any]]:
        """The rows and what the answer says of the others."""
        limit = parameters.max_results(self.params, MAX_RESULTS)
        found, cursor = keyset.page(rows, keys, limit, parameters.text(self.params, "next_cursor"))
        return found, {"total_count": rows.count()} | ({"next_cursor": cursor} if cursor else {})


class Search(SearchView):
    def found(self) -> dict[str, Any]:
        keys = self.sort_keys(SORTS, Key("created_at", descending=True))
        condition = self.condition(fields.of_assets(self.library))
        assets = self.assets.alias(**fields.ANNOTATIONS).filter(condition)
        aggregates = self.aggregates(assets)
        columns = {
            name: value
            for name, value in {**fields.ANNOTATIONS, "taken": Coalesce("taken_at", Value(LONG_AGO))}.items()
            if name in {key.column for key in keys}
        }
        found, about = self.page(assets.annotate(**columns), keys)
        bodies = resources.resources(found, self.request._request, self.library, self.params)
        return {"resources": bodies} | about | aggregates

    def aggregates(self, assets: QuerySet[Asset]) -> dict[str, Any]:
        """How many have which value."""
        counts: dict[str, dict[str, int]] = {}
        for name in parameters.comma_list(self.params, "aggregate"):
            if name not in AGGREGATES:
                raise InvalidRequest(_("Unknown field %(name)s in aggregate.") % {"name": name})
            if name == "format":
                rows = assets.order_by().values_list("format").annotate(count=Count("pk"))
                counts[name] = {resources.EXTENSIONS[format_][0]: count for format_, count in rows}
            else:
                counts[name] = {{"resource_type": "image", "type": "upload"}[name]: assets.count()}
        return {"aggregations": counts} if counts else {}


class SearchFolders(SearchView):
    def found(self) -> dict[str, Any]:
        keys = self.sort_keys(FOLDER_SORTS, Key("name"))
        scope = fields.of_folders(self.library)
        condition = self.condition(scope)
        folders, about = self.page(Folder.objects.filter(condition, library=self.library), keys)
        return {"folders": [folder_body(folder, scope.paths[folder.pk]) for folder in folders]} | about


def folder_body(folder: Folder, path: str) -> dict[str, str]:
    return {"name": folder.name, "path": path, "external_id": str(folder.pk)}
