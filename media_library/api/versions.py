"""The files that an asset has had."""

from typing import Any

from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import ingest, versions, zips
from media_library.api.base import AssetView, asset_json, caller, example, found, validated
from media_library.api.conditional import ObjectView, if_match
from media_library.api.files import FileView, NoRendition
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.api.serializers import FailureSerializer, origin_of
from media_library.models import Asset, Rendition, Version
from media_library.serving import serve

EXAMPLE = {
    "number": 2,
    "state": "present",
    "format": "jpeg",
    "mime_type": "image/jpeg",
    "bytes": 2401733,
    "width": 3000,
    "height": 2000,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": "2026-05-31T12:00:00Z",
    "created_by": 7,
    "requested_at": "2026-05-31T12:00:00Z",
    "requested_by": 7,
    "placed_at": "2026-05-31T12:00:02Z",
    "failure": None,
    "urls": {
        "file": "https://dam.example/api/v1/assets/0e9f6c1e-5d0c-4a53-9b8e-2c1f6f0a7d11/versions/2/file/",
        "thumb": "https://dam.example/api/v1/assets/0e9f6c1e-5d0c-4a53-9b8e-2c1f6f0a7d11/versions/2/thumb/",
    },
}


class VersionUrlsSerializer(serializers.Serializer[Any]):
    file = serializers.URLField()
    thumb = serializers.URLField(allow_null=True)


class VersionSerializer(serializers.ModelSerializer[Version]):
    """`context["request"]` says where addresses begin."""

    failure = serializers.SerializerMethodField()
    urls = serializers.SerializerMethodField()

    class Meta:
        model = Version
        fields = ["number", "state", "format", "mime_type", "bytes", "width", "height", "sha256"]
        fields += ["created_at", "created_by", "requested_at", "requested_by", "placed_at", "failure", "urls"]
        read_only_fields = fields
        extra_kwargs = {
            "state": {"help_text": "processing: it becomes the present one as soon as it is decoded."},
            "requested_at": {"help_text": "When it was sent, or restored the last time; `requested_by` did it."},
            "placed_at": {"help_text": "Since when it is, or was the last time, the file of the picture."},
        }

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_failure(self, version: Version) -> dict[str, str] | None:
        if not version.failure_code:
            return None
        return {"code": version.failure_code, "message": version.failure_message}

    def get_urls(self, version: Version) -> VersionUrlsSerializer:
        base = f"{origin_of(self.context['request'])}{version.asset.address('api:versions')}{version.number}/"
        shown = version.is_present or version.thumb
        return {"file": f"{base}file/", "thumb": f"{base}thumb/" if shown else None}  # type: ignore[return-value]


class ReplacementSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True, help_text="At most 40 MB (40 x 1024 x 1024 bytes).")
    on_duplicate = serializers.ChoiceField(
        choices=["reject", "keep"], default="reject", help_text="Where another picture of the library has this file."
    )


class VersionsView(ObjectView, AssetView):
    """ETags are those of the asset."""

    has_etag = False

    @cached_property
    def asset(self) -> Asset:
        return found(self.locked(self.visible), pk=self.kwargs["asset_id"])

    def body(self) -> Any:
        return asset_json(self, self.asset.pk)

    def told(self, version: Version) -> Any:
        return VersionSerializer(version, context={"request": self.request}).data


class Versions(VersionsView):
    parser_classes = [MultiPartParser, FormParser]

    @extend_schema(
        operation_id="versions_list",
        responses={200: listing("VersionList", VersionSerializer)},
        examples=[example({"results": [EXAMPLE], "next_cursor": None})],
    )
    def get(self, request: Request, asset_id: str) -> Response:
        """All files that the asset has had, the newest first; at most 100 and never paged."""
        shown = [self.told(version) for version in versions.of(self.asset)]
        return Response({"results": shown, "next_cursor": None})

    @extend_schema(
        request={"multipart/form-data": ReplacementSerializer},
        responses={201: VersionSerializer},
        examples=[example(EXAMPLE | {"state": "processing", "placed_at": None})],
    )
    @idempotent
    @if_match
    def post(self, request: Request, asset_id: str) -> Response:
        """Give the asset another file. Until that is decoded, and if it cannot be, it keeps the one that it has."""
        data = validated(ReplacementSerializer(data=request.data))
        keep = data["on_duplicate"] == "keep"
        made = versions.replace(self.asset, caller(request), data["file"], keep_duplicate=keep)
        return Response(self.told(made), status.HTTP_201_CREATED)


class VersionDetail(VersionsView):
    @cached_property
    def version(self) -> Version:
        return versions.found(self.asset, self.kwargs["number"])

    @extend_schema(operation_id="versions_retrieve", responses={200: VersionSerializer}, examples=[example(EXAMPLE)])
    def get(self, request: Request, asset_id: str, number: int) -> Response:
        """One of them."""
        return Response(self.told(self.version))

    @extend_schema(responses={204: None})
    @if_match
    def delete(self, request: Request, asset_id: str, number: int) -> Response:
        """Remove it for good (editors); not the one that the asset has."""
        versions.remove(self.version, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class VersionRestore(VersionsView):
    @extend_schema(request=None, responses={202: VersionSerializer}, examples=[example(EXAMPLE)])
    @if_match
    def post(self, request: Request, asset_id: str, number: int) -> Response:
        """Make it the asset's file again. The one that the asset has now is kept."""
        again = versions.restore(versions.found(self.asset, number), caller(request))
        return Response(self.told(again), status.HTTP_202_ACCEPTED)


class VersionFile(FileView):
    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, asset_id: str, number: int) -> HttpResponseBase:
        """The original of this version, as an attachment."""
        version = versions.found(self.asset, number)
        file = self.asset.file if version.is_present else version.file
        name = ingest.clean_name(f"{self.asset.display_name} (v{number}).{zips.suffix(file)}")
        return serve(request._request, file, version.mime_type, download_as=name)


class VersionThumb(FileView):
    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY})
    def get(self, request: Request, asset_id: str, number: int) -> HttpResponseBase:
        """At most 512 px on the longer side; of a version that was decoded."""
        version = versions.found(self.asset, number)
        thumb = version.thumb
        if version.is_present and (made := self.asset.renditions.filter(name=Rendition.Name.THUMB).first()):
            thumb = made.file
        if not thumb:
            raise NoRendition
        return serve(request._request, thumb, "image/webp")
