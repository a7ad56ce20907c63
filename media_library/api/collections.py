from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from dam.errors import AppError, InvalidRequest
from dam.parsing import JsonParser
from media_library import collections
from media_library.api.assets import POSITION, RELEVANCE, SORT, assets_page
from media_library.api.base import (
    FILTERS,
    PAGING,
    LibraryView,
    by_name,
    caller,
    example,
    found,
    listed,
    validated,
)
from media_library.api.conditional import ObjectView, if_match
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.api.serializers import AssetSerializer
from media_library.filters import AssetFilters, one, uuid_of
from media_library.models import Collection, CollectionItem
from media_library.models.collection import CollectionQuerySet

ADDRESS = "https://photos.example/api/v1/libraries/7f1c0c5e-6d3c-4f5e-9d56-0f6f3b1d8a10/collections/"
PICTURE = "0b9d2c1e-8a55-4c8e-b0a4-5f0b3c9d7e21"
EXAMPLE = {
    "id": "5b8e3a77-1f0e-4c43-9a0b-8f5f2f1d6c33",
    "name": "Covers 2024",
    "description": "",
    "kind": "query",
    "params": {"text": ["cold night"], "tags": ["cover"]},
    "band": "likely",
    "owner": 7,
    "assets": 41,
    "assets_url": f"{ADDRESS}5b8e3a77-1f0e-4c43-9a0b-8f5f2f1d6c33/assets/",
    "created_at": "2024-05-31T18:00:00Z",
    "updated_at": "2024-05-31T18:00:00Z",
}
PARAMS = (
    "What it holds, as the parameters of a search or a list by name, each a value or a list of values: "
    '`{"text": "cold night", "tags": ["cover"], "min_width": 2000}`. '
)


class CollectionSerializer(serializers.ModelSerializer[Collection]):
    """`context["assets"]`: the counts."""

    params = serializers.SerializerMethodField(help_text="Null where the assets are picked by hand.")
    band = serializers.SerializerMethodField(help_text="The weakest hits of a search that belong to it.")
    assets = serializers.SerializerMethodField(
        help_text="How many live assets it holds. Null for a query in a list, and for one that cannot be run."
    )
    assets_url = serializers.SerializerMethodField(help_text="Where its assets are listed.")

    class Meta:
        model = Collection
        fields = ["id", "name", "description", "kind", "params", "band", "owner", "assets", "assets_url", "created_at"]
        fields += ["updated_at"]
        read_only_fields = fields

    def get_params(self, collection: Collection) -> dict[str, list[str]] | None:
        return None if collection.is_manual else collection.params

    def get_band(self, collection: Collection) -> str | None:
        return None if collection.is_manual else collection.band

    def get_assets(self, collection: Collection) -> int | None:
        return self.context["assets"].get(collection.pk, 0 if collection.is_manual else None)

    def get_assets_url(self, collection: Collection) -> str:
        path = reverse("api:collection-assets", args=[collection.library_id, collection.pk])
        return self.context["request"].build_absolute_uri(path)


class CollectionChangesSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    params = serializers.DictField(required=False, help_text=PARAMS)
    band = serializers.ChoiceField(
        choices=Collection.Band.values,
        required=False,
        help_text="Of a search with text or examples: the weakest hits that belong to it, beside what has the "
        "words. `weak`, if absent: all that it ranks, at most 1,000.",
    )


class NewCollectionSerializer(CollectionChangesSerializer):
    name = serializers.CharField(max_length=200)
    params = serializers.DictField(required=False, help_text=f"{PARAMS}Without it, the assets are picked by hand.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if "band" in data and "params" not in data:
            raise serializers.ValidationError({"band": [_("Only a collection with params has a band.")]})
        return data


class PickedSerializer(serializers.Serializer[Any]):
    assets = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=collections.MOST_AT_ONCE, help_text="Their ids."
    )


class AddedSerializer(PickedSerializer):
    before = serializers.UUIDField(
        required=False, help_text="An asset in it. They go before it, also those that are in it already."
    )


class OutcomeSerializer(serializers.Serializer[Any]):
    changed = serializers.IntegerField(help_text="How many came into it, or went out of it.")


class CollectionView(LibraryView):
    parser_classes = [JsonParser]

    @property
    def collections(self) -> CollectionQuerySet:
        """Those of the library that the caller may see."""
        return Collection.objects.seen_in(self.library, caller(self.request))

    def written(self, shown: Sequence[Collection]) -> list[Any]:
        """Two queries, however many there are."""
        live = self.assets.live().order_by().values("pk")
        items = CollectionItem.objects.filter(collection__in=[each.pk for each in shown], asset__in=live).order_by()
        counts = dict(items.values_list("collection").annotate(Count("pk")))
        return [self.write(collection, counts) for collection in shown]

    def write(self, collection: Collection, counts: dict[Any, int]) -> Any:
        return CollectionSerializer(collection, context={"request": self.request, "assets": counts}).data


class Collections(CollectionView):
    @extend_schema(
        operation_id="collections_list",
        parameters=[
            *PAGING,
            OpenApiParameter("q", OpenApiTypes.STR, description="Only names that have this anywhere."),
            OpenApiParameter("asset", OpenApiTypes.UUID, description="Only those that it was picked for."),
        ],
        responses={200: listing("CollectionList", CollectionSerializer)},
        examples=[listed(EXAMPLE | {"assets": None})],
    )
    def get(self, request: Request, library_id: str) -> Response:
        """The library's collections, by name."""
        params = request.query_params
        rows = self.collections.filter(name__icontains=one(params, "q"))
        if asset := one(params, "asset"):
            rows = rows.filter(items__asset__in=self.assets.filter(pk=uuid_of(asset, "asset")))
        shown = by_name(request, rows)
        return Response({"results": self.written(shown.items), "next_cursor": shown.next_cursor})

    @extend_schema(
        request=NewCollectionSerializer,
        responses={201: CollectionSerializer},
        examples=[
            example({name: EXAMPLE[name] for name in ("name", "params", "band")}, of="request"),
            example(EXAMPLE),
        ],
    )
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Make a collection: empty, or with `params` one that holds what they find (contributors)."""
        data = validated(NewCollectionSerializer(data=request.data))
        made = collections.make(self.library, caller(request), **data)
        return Response(counted(self, made), status.HTTP_201_CREATED)


def counted(view: CollectionView, collection: Collection) -> Any:
    filters = AssetFilters(view.library, collection=collection)
    try:
        count = {collection.pk: filters.apply(view.assets.live(), caller(view.request)).count()}
    except AppError:  # the list of its assets says why; the collection itself can still be looked at and changed
        count = {}
    return view.write(collection, count)


class OneCollection(CollectionView):
    @cached_property
    def collection(self) -> Collection:
        return found(self.collections.select_related("library"), pk=self.kwargs["collection_id"])


class CollectionDetail(ObjectView, OneCollection):
    @cached_property
    def collection(self) -> Collection:
        rows = self.collections.select_related("library")
        return found(self.locked(rows), pk=self.kwargs["collection_id"])

    def body(self) -> Any:
        return counted(self, self.collection)

    @extend_schema(
        responses={200: CollectionSerializer},
        examples=[example(EXAMPLE)],
    )
    def get(self, request: Request, library_id: str, collection_id: str) -> Response:
        """One collection, counted."""
        return self.tell()

    @extend_schema(
        request=CollectionChangesSerializer,
        responses={200: CollectionSerializer},
        examples=[example({"name": "Covers 2024", "band": "likely"}, of="request"), example(EXAMPLE)],
    )
    @if_match
    def patch(self, request: Request, library_id: str, collection_id: str) -> Response:
        """Change its name, its description, or its query (who made it, and editors)."""
        data = validated(CollectionChangesSerializer(data=request.data))
        collections.change(self.collection, caller(request), data)
        return self.tell()

    @extend_schema(responses={204: None})
    @if_match
    def delete(self, request: Request, library_id: str, collection_id: str) -> Response:
        """Remove it (who made it, and editors). Its assets stay in the library."""
        collections.remove(self.collection, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class CollectionAssets(OneCollection):
    failures = {"GET": (409,)}

    @extend_schema(
        operation_id="collection_assets_list",
        parameters=[
            *[parameter for parameter in FILTERS if parameter.name != "collection"],
            *PAGING,
            SORT,
        ],
        responses={200: listing("CollectionAssetList", AssetSerializer)},
    )
    def get(self, request: Request, library_id: str, collection_id: str) -> Response:
        """Its live assets, filtered and sorted like any list of assets."""
        filters = AssetFilters.from_params(self.library, request.query_params, caller(request))
        if filters.collection:
            raise InvalidRequest(
                _("This list is of one collection already: leave collection out."), code="bad_parameter"
            )
        default = POSITION if self.collection.is_manual else RELEVANCE if self.collection.is_search else "-created_at"
        return assets_page(self, replace(filters, collection=self.collection), self.assets.live(), default)

    @extend_schema(
        request=AddedSerializer,
        responses={200: OutcomeSerializer},
        examples=[example({"assets": [PICTURE]}, of="request"), example({"changed": 1})],
    )
    def post(self, request: Request, library_id: str, collection_id: str) -> Response:
        """Put assets at its end, or before another one, in the order given (who made it, and editors): all or none."""
        data = validated(AddedSerializer(data=request.data))
        added = collections.add(self.collection, caller(request), data["assets"], data.get("before"))
        return Response({"changed": added})


class CollectionAssetsRemove(OneCollection):
    @extend_schema(
        request=PickedSerializer,
        responses={200: OutcomeSerializer},
        examples=[example({"assets": [PICTURE]}, of="request"), example({"changed": 1})],
    )
    def post(self, request: Request, library_id: str, collection_id: str) -> Response:
        """Take assets out of it (who made it, and editors); what is not in it is passed over. None is deleted."""
        data = validated(PickedSerializer(data=request.data))
        return Response({"changed": collections.take_out(self.collection, caller(request), data["assets"])})
