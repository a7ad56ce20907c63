from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import exports
from media_library.api.base import LibraryView, caller, validated
from media_library.api.booleans import Boolean
from media_library.api.idempotency import idempotent
from media_library.api.job_serializers import JobSerializer
from media_library.api.jobs import JOB_EXAMPLE, LOCATION, accepted
from media_library.api.selections import SelectionSerializer, selected
from media_library.api.serializers import origin_of
from media_library.scopes import Scope


class ExportSerializer(SelectionSerializer):
    """Which assets, and as what."""

    format = serializers.ChoiceField(
        choices=sorted(exports.FORMATS),
        default="zip",
        help_text="The originals with a manifest, or one asset's JSON a line.",
    )
    folders = Boolean(default=False, help_text="Keep the folders of the library within the ZIP file.")
    name = serializers.CharField(required=False, max_length=100, help_text="Of the file, without an extension.")


class Exports(LibraryView):
    scopes = {"POST": Scope.READ}

    @extend_schema(
        parameters=[LOCATION],
        request=ExportSerializer,
        responses={202: JobSerializer},
        examples=[
            OpenApiExample("All with a tag", request_only=True, value={"query": {"tags": ["sea"]}, "folders": True}),
            JOB_EXAMPLE,
        ],
    )
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Make a file of these assets, as a job; its owner downloads it from `/jobs/{id}/result/` within a day."""
        data = validated(ExportSerializer(data=request.data))
        chosen = selected(self.library, caller(request), data, needs_limit=False)
        data.setdefault("name", self.library.name)
        job = exports.start(self.library, caller(request), chosen, origin=origin_of(request), **data)
        return accepted(job)
