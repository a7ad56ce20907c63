"""Searches that are kept under a name."""

from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from dam.parsing import JsonParser
from media_library.api.base import PAGING, LibraryView, by_name, caller, example, found, listed, validated
from media_library.api.booleans import Boolean
from media_library.api.conditional import ObjectView, if_match
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.filters import one
from media_library.parameters import EXAMPLES
from search import saved_queries
from search.models import SavedSearch, SavedSearchQuerySet

ADDRESS = "https://photos.example/api/v1/libraries/7f1c0c5e-6d3c-4f5e-9d56-0f6f3b1d8a10/"
EXAMPLE = {
    "id": "9d2b8f60-3c64-4b5e-8b3d-2f7c2a5e4d44",
    "name": "Night covers",
    "params": {"text": ["cold night"], "min_width": ["2000"]},
    "shared": True,
    "owner": 7,
    "results_url": f"{ADDRESS}search/?text=cold+night&min_width=2000",
    "created_at": "2024-05-31T18:00:00Z",
    "updated_at": "2024-05-31T18:00:00Z",
}
PARAMS = (
    "The parameters of a search or a list by name, each a value or a list of values: "
    '`{"text": "cold night", "min_width": 2000}`. Uploaded examples (`anchor`) cannot be kept: they expire.'
)


class SavedSearchSerializer(serializers.ModelSerializer[SavedSearch]):
    params = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    results_url = serializers.SerializerMethodField(
        help_text="What runs it: a search where something is looked for, else the list of assets."
    )

    class Meta:
        model = SavedSearch
        fields = ["id", "name", "params", "shared", "owner", "results_url", "created_at", "updated_at"]
        read_only_fields = fields

    def get_results_url(self, search: SavedSearch) -> str:
        view = "api:assets" if EXAMPLES.isdisjoint(search.params) else "api:search"
        address = f"{reverse(view, args=[search.library_id])}?{search.address.urlencode()}"
        return self.context["request"].build_absolute_uri(address)


class SavedSearchChangesSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    params = serializers.DictField(required=False, help_text=PARAMS)
    shared = Boolean(required=False, help_text="With all members of the library, or private.")


class NewSavedSearchSerializer(SavedSearchChangesSerializer):
    name = serializers.CharField(max_length=200)
    params = serializers.DictField(help_text=PARAMS)
    shared = Boolean(default=False, help_text="With all members of the library; private if absent.")


class SavedSearchView(LibraryView):
    parser_classes = [JsonParser]

    @property
    def searches(self) -> SavedSearchQuerySet:
        """Those of this library that the caller may see."""
        return SavedSearch.objects.visible_to(self.request.user).filter(library=self.library)

    def written(self, search: SavedSearch) -> Any:
        return SavedSearchSerializer(search, context={"request": self.request}).data


class SavedSearches(SavedSearchView):
    @extend_schema(
        operation_id="saved_searches_list",
        parameters=[
            *PAGING,
            OpenApiParameter("q", OpenApiTypes.STR, description="Only names that have this anywhere."),
        ],
        responses={200: listing("SavedSearchList", SavedSearchSerializer)},
        examples=[listed(EXAMPLE)],
    )
    def get(self, request: Request, library_id: str) -> Response:
        """The caller's own searches, and those that others share, by name."""
        rows = self.searches.filter(name__icontains=one(request.query_params, "q"))
        shown = by_name(request, rows)
        return Response({"results": [self.written(row) for row in shown.items], "next_cursor": shown.next_cursor})

    @extend_schema(
        request=NewSavedSearchSerializer,
        responses={201: SavedSearchSerializer},
        examples=[
            example({name: EXAMPLE[name] for name in ("name", "params", "shared")}, of="request"),
            example(EXAMPLE),
        ],
    )
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Keep a search: for oneself, or shared with the library (contributors). What would not run is not kept."""
        data = validated(NewSavedSearchSerializer(data=request.data))
        made = saved_queries.save(self.library, caller(request), **data)
        return Response(self.written(made), status.HTTP_201_CREATED)


class SavedSearchDetail(ObjectView, SavedSearchView):
    @cached_property
    def search(self) -> SavedSearch:
        return found(self.locked(self.searches.select_related("library")), pk=self.kwargs["search_id"])

    def body(self) -> Any:
        return self.written(self.search)

    @extend_schema(
        responses={200: SavedSearchSerializer},
        examples=[example(EXAMPLE)],
    )
    def get(self, request: Request, library_id: str, search_id: str) -> Response:
        """One saved search; `results_url` runs it."""
        return self.tell()

    @extend_schema(
        request=SavedSearchChangesSerializer,
        responses={200: SavedSearchSerializer},
        examples=[example({"shared": True}, of="request"), example(EXAMPLE)],
    )
    @if_match
    def patch(self, request: Request, library_id: str, search_id: str) -> Response:
        """Change it (its owner; of a shared one, editors, too)."""
        data = validated(SavedSearchChangesSerializer(data=request.data))
        saved_queries.change(self.search, caller(request), data)
        return self.tell()

    @extend_schema(responses={204: None})
    @if_match
    def delete(self, request: Request, library_id: str, search_id: str) -> Response:
        """Forget it (its owner; of a shared one, editors, too)."""
        saved_queries.remove(self.search, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
