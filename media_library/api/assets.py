from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from dam.parsing import JsonParser
from media_library import fetch, ingest
from media_library.api.base import (
    FILTERS,
    PAGING,
    AssetView,
    LibraryView,
    asset_json,
    assets_json,
    caller,
    validated,
)
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
from media_library.models import Asset
from media_library.paging import SORTS, limit_of, page


class Assets(LibraryView):
    parser_classes = [MultiPartParser, FormParser]

    @extend_schema(
        operation_id="assets_list",
        parameters=[*FILTERS, *PAGING, OpenApiParameter("sort", OpenApiTypes.STR, enum=SORTS)],
        responses=listing("AssetList", AssetSerializer),
    )
    def get(self, request: Request, library_id: str) -> Response:
        """The live assets, filtered and sorted, a page at a time."""
        params = request.query_params
        filters = AssetFilters.from_params(self.library, params)
        assets = Asset.objects.visible_to(request.user).live().filter(library=self.library)
        shown = page(
            filters.apply(assets).with_tag_names(),
            sort=params.get("sort") or "-created_at",
            limit=limit_of(params.get("limit")),
            cursor=params.get("cursor", ""),
        )
        return Response({"results": assets_json(self, shown.items), "next_cursor": shown.next_cursor})

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: AssetDetailSerializer})
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Upload one picture."""
        data = validated(UploadSerializer(data=request.data, context={"library": self.library}))
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
        data = validated(UrlUploadSerializer(data=request.data, context={"library": self.library}))
        keep = data.pop("on_duplicate") == "keep"
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


class AssetDetail(AssetView):
    @extend_schema(responses=AssetDetailSerializer)
    def get(self, request: Request, asset_id: str) -> Response:
        """All that is known of one asset, in the trash too."""
        return Response(asset_json(self, self.asset.pk))

    @extend_schema(request=AssetChangesSerializer, responses=AssetDetailSerializer)
    def patch(self, request: Request, asset_id: str) -> Response:
        """Change the named fields; the rest stays. Its id, `public_id` and URLs never change."""
        context = {"library": self.asset.library}
        changes = validated(AssetChangesSerializer(data=request.data, context=context))
        ingest.update(self.asset, caller(request), changes)
        return Response(asset_json(self, self.asset.pk))

    @extend_schema(
        parameters=[OpenApiParameter("purge", OpenApiTypes.BOOL, description="Remove for good (editors).")],
        responses={204: None},
    )
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
