"""Uploads that can be resumed: the tus protocol, see `docs/uploads.md` and `media_library.resumable`."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import AppError, NotFound
from media_library import parts, resumable
from media_library.api import tus
from media_library.api.base import LibraryView, caller, example
from media_library.api.idempotency import idempotent
from media_library.api.serializers import FailureSerializer
from media_library.models import PartialUpload
from media_library.scopes import Scope

ID = "0e9f6c1e-5d0c-4a53-9b8e-2c1f6f0a7d11"


class PartialUploadSerializer(serializers.ModelSerializer[PartialUpload]):
    offset = serializers.IntegerField(read_only=True, help_text="How many bytes have arrived.")
    length = serializers.IntegerField(read_only=True, help_text="How many it will be.")
    asset: serializers.Field = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True, help_text="Once it is stored."
    )
    failure = serializers.SerializerMethodField(help_text="Why it was refused, once all had arrived.")

    class Meta:
        model = PartialUpload
        fields = ["id", "state", "offset", "length", "asset", "failure", "created_at", "expires_at"]

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_failure(self, upload: PartialUpload) -> dict[str, Any] | None:
        failure = upload.failure
        return {"code": failure["code"], "message": failure["message"], **failure["data"]} if failure else None


class TusView(APIView):
    """What requests and answers of the protocol have in common."""

    parser_classes = [tus.PartParser]
    scopes = {"DELETE": Scope.WRITE}  # what has not become an asset yet

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        override = request.headers.get("X-HTTP-Method-Override", "").upper()
        if request.method == "POST" and override in {"PATCH", "DELETE"}:
            request.method = override
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS":
            tus.require_version(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = tus.VERSION
        if request.method == "HEAD":  # it has no body, also where it tells a failure
            response.data = None
        if response.status_code == tus.OtherVersion.status:
            response["Tus-Version"] = tus.VERSION
        if response.status_code == status.HTTP_413_REQUEST_ENTITY_TOO_LARGE:
            response["Tus-Max-Size"] = str(settings.MAX_UPLOAD_BYTES)
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """What this server can do."""
        headers = {
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
            "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
        }
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)

    def receive(self, upload: PartialUpload, offset: int) -> int:
        """Take what the body holds, and finish the upload with its last byte. Gives where it stands then."""
        body = tus.part_of(self.request)
        with body:
            if body.size:
                offset = resumable.append(upload, offset, body)
        if offset == upload.length:
            self.finish(upload)
        return offset

    def finish(self, upload: PartialUpload) -> None:
        """Raises why it was refused."""
        finished = resumable.finish(upload.pk, caller(self.request))
        if finished is None:
            raise NotFound
        upload.state, upload.asset_id, upload.failure = finished.state, finished.asset_id, finished.failure
        if upload.state == PartialUpload.State.REFUSED:
            raise resumable.refusal(upload)


class Uploads(TusView, LibraryView):
    telling_headers = ("Upload-Length", "Upload-Metadata")

    @extend_schema(
        operation_id="uploads_create",
        request=None,
        parameters=[
            OpenApiParameter(
                "Upload-Length",
                {"type": "integer", "minimum": 1},
                OpenApiParameter.HEADER,
                required=True,
                description="Bytes of the file: at most 40 MB.",
            ),
            OpenApiParameter(
                "Upload-Metadata",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="`filename` and, where wanted, `folder`, `new_folder`, `tags`, `description`, "
                "`display_name`, `metadata`, `visual_search` and `on_duplicate`, each with its value in base64.",
            ),
        ],
        responses={201: None},
    )
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Begin an upload that can be resumed (tus 1.0). Its address is in `Location`; the first bytes may be in the
        body. Clients of the protocol do all this by themselves."""
        library, written = self.library, request.headers.get("Upload-Metadata", "")
        length, details = tus.number(request, "Upload-Length"), tus.details_of(library, caller(request), written)
        upload = resumable.begin(library, caller(request), length, details, client_metadata=written)
        try:
            offset = self.receive(upload, 0)
        except AppError:  # without its address, nobody could go on with it
            parts.clear(upload.pk)
            resumable.give_up(upload)
            raise
        location = request.build_absolute_uri(reverse("api:upload", args=[upload.pk]))
        headers = tus.headers_of(upload, offset) | {"Location": location}
        return Response(status=status.HTTP_201_CREATED, headers=headers)


class UploadDetail(TusView):
    """One upload of the caller's own."""

    failures = {"GET": (410,), "PATCH": (410, 422, 460), "DELETE": (410,)}

    @cached_property
    def upload(self) -> PartialUpload:
        return resumable.find(caller(self.request), self.kwargs["upload_id"])

    def settled(self) -> PartialUpload:
        """Finished, if a process died before it could do that."""
        if self.upload.state == PartialUpload.State.OPEN and self.upload.offset == self.upload.length:
            found = resumable.finish(self.upload.pk, caller(self.request))
            if found is None:
                raise NotFound
            self.upload = found
        return self.upload

    @extend_schema(
        operation_id="uploads_retrieve",
        responses={200: PartialUploadSerializer},
        examples=[
            example(
                {
                    "id": ID,
                    "state": "open",
                    "offset": 5_242_880,
                    "length": 23_068_672,
                    "asset": None,
                    "failure": None,
                    "created_at": "2026-05-31T12:00:00Z",
                    "expires_at": "2026-06-01T12:00:00Z",
                }
            )
        ],
    )
    def get(self, request: Request, upload_id: UUID) -> Response:
        """How far it is, and what became of it."""
        upload = self.settled()
        return Response(PartialUploadSerializer(upload).data, headers=tus.headers_of(upload, upload.offset))

    def head(self, request: Request, upload_id: UUID) -> Response:
        """How far it is, in headers; the status says if it was refused."""
        upload = self.settled()
        if upload.state == PartialUpload.State.REFUSED:
            raise resumable.refusal(upload)
        return Response(headers=tus.headers_of(upload, upload.offset))

    @extend_schema(
        operation_id="uploads_continue",
        request={tus.CONTENT_TYPE: OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter(
                "Upload-Offset",
                {"type": "integer", "minimum": 0},
                OpenApiParameter.HEADER,
                required=True,
                description="Where the body belongs: how many bytes have arrived before it.",
            )
        ],
        responses={204: None},
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        """Send the next bytes. With the last one the asset is made; its id is in `Upload-Asset`."""
        upload = self.upload
        offset = tus.number(request, "Upload-Offset")
        resumable.require_at(upload, offset)
        offset = self.receive(upload, offset)
        return Response(status=status.HTTP_204_NO_CONTENT, headers=tus.headers_of(upload, offset))

    @extend_schema(operation_id="uploads_cancel", responses={204: None})
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Give it up: what has arrived is removed. An asset that was made of it stays."""
        resumable.give_up(self.upload)
        return Response(status=status.HTTP_204_NO_CONTENT)
