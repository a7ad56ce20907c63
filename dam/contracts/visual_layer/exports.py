"""A dataset as a ZIP file: what is known of its images, and the images themselves if they are asked for.

It is written while it is sent, so that nothing has to be prepared: an export is complete as soon as it is asked for.
Its id is signed and says whose it is; for an hour it opens the download, which comes without a token.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from django.core import signing
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.visual_layer import schemas
from dam.contracts.visual_layer.base import DatasetView, DialectView, given
from dam.contracts.visual_layer.explore import media_json, object_json, origin_of
from dam.errors import InvalidRequest, NotFound
from media_library import audit, ingest, zips
from media_library.filters import boolean
from media_library.models import Asset, AssetQuerySet, Library, User

SALT = "visual-layer-export"
VALID_SECONDS = 3600
AT_ONCE = 500


class Export(NamedTuple):
    library: str
    user: int
    file_name: str
    images: bool

    @classmethod
    def read(cls, signed: str) -> "Export":
        try:
            return cls(*signing.loads(signed, salt=SALT, max_age=VALID_SECONDS))
        except (signing.BadSignature, ValueError, TypeError):
            raise NotFound(_("There is no such export, or it has expired.")) from None


class ExportContext(DatasetView):
    @extend_schema(
        parameters=[
            OpenApiParameter(
                "file_name",
                {"type": "string", "minLength": 1},
                required=True,
                description="What the file will be called.",
            ),
            schemas.text("export_format", enum=["json"], required=True),
            OpenApiParameter("include_images", OpenApiTypes.BOOL, description="With the originals."),
        ],
        responses=schemas.ExportIdSerializer,
    )
    def get(self, request: Request, dataset_id: str) -> Response:
        """Export a dataset as a ZIP file."""
        library, params = self.library, given(request)
        file_name = ingest.clean_name(str(params.get("file_name") or ""))
        if not file_name:
            raise InvalidRequest(_("file_name is required."))
        if params.get("export_format") != "json":
            raise InvalidRequest(_("export_format is required: json. parquet is not supported."))
        images = boolean(params, "include_images", default=False)
        export = Export(str(library.pk), self.user.pk, file_name, images)
        return Response({"id": signing.dumps(export, salt=SALT)})


class ExportStatus(DatasetView):
    @extend_schema(parameters=[schemas.EXPORT_ID], responses=schemas.ExportStateSerializer)
    def get(self, request: Request, dataset_id: str) -> Response:
        """Where an export can be downloaded."""
        signed = request.query_params.get("export_task_id", "")
        export = Export.read(signed)
        if (export.library, export.user) != (str(self.library.pk), self.user.pk):
            raise NotFound(_("There is no such export, or it has expired."))
        path = reverse("visual-layer:export", args=[self.library.pk])
        return Response(
            {"status": "COMPLETED", "download_uri": request.build_absolute_uri(f"{path}?export_task_id={signed}")}
        )


class Download(DialectView):
    authentication_classes: list[type] = []
    permission_classes = [AllowAny]

    @extend_schema(parameters=[schemas.EXPORT_ID], responses={(200, "application/zip"): OpenApiTypes.BINARY}, auth=[])
    def get(self, request: Request, dataset_id: str) -> HttpResponseBase:
        """Download an export: its signed id opens it, for an hour."""
        export = Export.read(request.query_params.get("export_task_id", ""))
        user = User.objects.filter(pk=export.user).first()
        library = Library.objects.open_to(user).filter(pk=export.library).first() if user else None
        if user is None or library is None or str(library.pk) != dataset_id:
            raise NotFound(_("There is no such export, or it has expired."))
        assets = Asset.objects.visible_to(user).live().filter(library=library).order_by("created_at", "id")
        audit.record(audit.Event.EXPORTED, library=library, name=export.file_name, user=user, via="export link")
        response = StreamingHttpResponse(
            zipped(library, assets, origin_of(request), images=export.images), content_type=zips.MIME_TYPE
        )
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(export.file_name, safe='')}"
        return response


def zipped(library: Library, assets: AssetQuerySet, origin: str, *, images: bool) -> Iterator[bytes]:
    sink = zips.Sink()
    with zips.writing(sink) as archive:
        with archive.open(zips.entry("metadata.json"), "w", force_zip64=True) as entry:
            for piece in described(library, assets, origin):
                entry.write(piece.encode())
                yield sink.taken()
        for asset in assets.iterator(AT_ONCE) if images else ():
            for _piece in zips.put(archive, image_name(asset), asset):
                yield sink.taken()
    yield sink.taken()


def described(library: Library, assets: AssetQuerySet, origin: str) -> Iterator[str]:
    """A JSON object, in pieces."""
    info = {"dataset_id": str(library.pk), "display_name": library.name}
    yield f'{{"info": {json.dumps(info)}, "media_items": ['
    comma = ""
    for asset in assets.prefetch_related("tags", "regions").iterator(AT_ONCE):
        yield comma + json.dumps(item(asset, origin))
        comma = ",\n"
    yield "]}"


def item(asset: Asset, origin: str) -> dict[str, Any]:
    return {
        "media_id": str(asset.pk),
        "image": image_name(asset),
        **media_json(asset, origin),
        "sha256": asset.sha256,
        "user_tags": [tag.name for tag in asset.tags.all()],
        "objects": [object_json(region) for region in asset.regions.all()],
        "metadata": asset.metadata,
    }


def image_name(asset: Asset) -> str:
    """Its place in the archive."""
    return f"images/{asset.pk}.{zips.extension(asset)}"
