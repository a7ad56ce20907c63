from typing import Any

from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from dam.parsing import JsonParser
from media_library import audit, fetch, ingest, ranked
from media_library.api.base import (
    FILTERS,
    PAGING,
    AssetView,
    LibraryView,
    asset_json,
    assets_json,
    caller,
    found,
    validated,
)
from media_library.api.conditional import ObjectView, if_match
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.api.serializers import (
    AssetChangesSerializer,
    AssetDetailSerializer,
    AssetSerializer,
    UploadSerializer,
    UrlUploadSerializer,
)
from media_library.filters import AssetFilters, boolean
from media_library.models import Asset, AssetQuerySet, Role
from media_library.paging import SORTS, limit_of, page

POSITION, RELEVANCE = "position", "relevance"
SORT = OpenApiParameter(
    "sort",
    OpenApiTypes.STR,
    enum=[*SORTS, POSITION, RELEVANCE],
    description="If absent, the newest first; in the trash, what went there last; in a collection, its own order. "
    "`position` is that of a collection that is picked by hand. `relevance` needs `q`, or a `collection` that is a "
    "search; at most 1,000 are listed then.",
)


def assets_page(view: LibraryView, filters: AssetFilters, assets: AssetQuerySet, default: str) -> Response:
    """A page of those of the assets that pass, in the order that the parameters ask for."""
    params = view.request.query_params
    sort, user = params.get("sort") or default, caller(view.request)
    cursor, limit = params.get("cursor", ""), limit_of(params.get("limit"))
    if filters.keywords and not cursor:
        audit.searched(view.library, filters.params())
    if sort == RELEVANCE:
        shown = ranked.page(filters, assets, user, limit=limit, cursor=cursor)
    else:
        rows = filters.apply(assets, user).with_tag_names()
        if sort == POSITION and filters.collection and filters.collection.is_manual:
            shown = page(rows.placed_in(filters.collection), sort=sort, sorts=[sort], limit=limit, cursor=cursor)
        else:
            shown = page(rows, sort=sort, limit=limit, cursor=cursor)
    return Response({"results": assets_json(view, shown.items), "next_cursor": shown.next_cursor})


class Assets(LibraryView):
    parser_classes = [MultiPartParser, FormParser]
    failures = {"GET": (409,)}

    @extend_schema(
        operation_id="assets_list",
        parameters=[
            *FILTERS,
            OpenApiParameter("deleted", OpenApiTypes.BOOL, description="What is in the trash, instead of what is not."),
            *PAGING,
            SORT,
        ],
        responses={200: listing("AssetList", AssetSerializer)},
    )
    def get(self, request: Request, library_id: str) -> Response:
        """The live assets, or the trash, filtered and sorted, a page at a time."""
        filters = AssetFilters.from_params(self.library, request.query_params, caller(request))
        if boolean(request.query_params, "deleted", default=False):
            return assets_page(self, filters, self.assets.trashed(), "-deleted_at")
        return assets_page(self, filters, self.assets.live(), "-created_at")

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: AssetDetailSerializer})
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Upload one picture."""
        data = validated(
            UploadSerializer(data=request.data, context={"library": self.library, "user": caller(request)})
        )
        keep = data.pop("on_duplicate") == "keep"
        file = data.pop("file")
        asset = ingest.store_upload(
            library=self.library, user=caller(request), file=file, name=file.name, keep_duplicate=keep, **data
        )
        return Response(asset_json(self, asset.pk), status.HTTP_201_CREATED)


class AssetsFromUrl(LibraryView):
    parser_classes = [JsonParser, FormParser, MultiPartParser]

    @extend_schema(request=UrlUploadSerializer, responses={201: AssetDetailSerializer})
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Fetch a picture from the web and keep it."""
        data = validated(
            UrlUploadSerializer(data=request.data, context={"library": self.library, "user": caller(request)})
        )
        keep = data.pop("on_duplicate") == "keep"
        folder = data.get("folder")  # nothing is fetched for who may not keep it
        self.library.require_in(request.user, Role.CONTRIBUTOR, folder.pk if folder else None)
        fetched = fetch.fetch(data.pop("url"))
        with fetched.file:
            asset = ingest.store_upload(
                library=self.library,
                user=caller(request),
                file=fetched.as_file(),
                name=fetched.name,
                keep_duplicate=keep,
                **data,
            )
        return Response(asset_json(self, asset.pk), status.HTTP_201_CREATED)


class AssetDetail(ObjectView, AssetView):
    @cached_property
    def asset(self) -> Asset:
        return found(self.locked(self.visible), pk=self.kwargs["asset_id"])

    def body(self) -> Any:
        return asset_json(self, self.asset.pk)

    @extend_schema(responses={200: AssetDetailSerializer})
    def get(self, request: Request, asset_id: str) -> Response:
        """All that is known of one asset, in the trash too."""
        return self.tell()

    @extend_schema(
        request=AssetChangesSerializer,
        responses={200: AssetDetailSerializer},
    )
    @if_match
    def patch(self, request: Request, asset_id: str) -> Response:
        """Change the named fields; the rest stays. Its id, `public_id` and URLs never change."""
        context = {"library": self.asset.library, "user": caller(request)}
        changes = validated(AssetChangesSerializer(data=request.data, context=context))
        ingest.update(self.asset, caller(request), changes)
        return self.tell()

    @extend_schema(
        parameters=[
            OpenApiParameter("purge", OpenApiTypes.BOOL, description="Remove for good (editors)."),
        ],
        responses={204: None},
    )
    @if_match
    def delete(self, request: Request, asset_id: str) -> Response:
        """Move to the trash."""
        remove = ingest.purge if boolean(request.query_params, "purge", default=False) else ingest.trash
        remove(self.asset, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class AssetRestore(AssetView):
    @extend_schema(request=None, responses=AssetDetailSerializer)
    def post(self, request: Request, asset_id: str) -> Response:
        """Take back out of the trash."""
        ingest.restore(self.asset, caller(request))
        return Response(asset_json(self, self.asset.pk))
