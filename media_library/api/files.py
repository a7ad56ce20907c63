from collections.abc import Iterable

from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from dam.errors import NotFound
from dam.throttling import FileThrottle
from media_library import ingest, zips
from media_library.api.base import AssetView, found
from media_library.models import Asset, Rendition
from media_library.serving import serve


def file_name(asset: Asset) -> str:
    """What a copy of the original is called."""
    return ingest.clean_name(f"{asset.display_name}.{zips.extension(asset)}")


class NoRendition(NotFound):
    code = "not_ready"
    message = _("This picture has no rendition: it is still being processed, or it failed.")


class AnyType(BaseContentNegotiation):
    """An <img> asks for pictures only; errors are JSON whatever was asked for."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or "application/json"


class FileView(AssetView):
    throttle_classes = [FileThrottle]
    content_negotiation_class = AnyType


class AssetFile(FileView):
    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, asset_id: str) -> HttpResponseBase:
        """The original, as an attachment."""
        return serve(request._request, self.asset.file, self.asset.mime_type, download_as=file_name(self.asset))


class AssetRendition(FileView):
    rendition = Rendition.Name.THUMB

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY})
    def get(self, request: Request, asset_id: str) -> HttpResponseBase:
        # A page asks for dozens of these: one query for the right to see the asset and for the name of the file.
        visible = Asset.objects.visible_to(request.user).filter(pk=asset_id)
        made = Rendition.objects.filter(asset__in=visible, name=self.rendition).only("file").first()
        if made is None:
            found(visible)  # or there is nothing here at all
            raise NoRendition
        return serve(request._request, made.file, "image/webp")


class AssetThumb(AssetRendition):
    """At most 512 px on the longer side."""


class AssetPreview(AssetRendition):
    """At most 2048 px on the longer side."""

    rendition = Rendition.Name.PREVIEW
