from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import history
from media_library.api.base import AssetView, caller, example
from media_library.api.libraries import listing
from media_library.api.serializers import FailureSerializer
from media_library.findable import STATES, Stage

STAGES = [
    *["uploaded", "replaced", "restored", "rendered", "indexed", "regions_detected", "region_indexed"],
    *["duplicates_compared", "trashed"],
]
EXAMPLE = {
    "stage": "indexed",
    "state": "failed",
    "by": "ViT-B-32",
    "region": None,
    "queued_at": "2024-05-31T18:00:02Z",
    "started_at": "2024-05-31T18:00:03Z",
    "finished_at": "2024-05-31T18:00:05Z",
    "attempts": 3,
    "error": {"code": "encoding_failed", "message": "The model could not encode this picture."},
}


class StageSerializer(serializers.Serializer[Stage]):
    stage = serializers.ChoiceField(choices=STAGES, source="name")
    state = serializers.ChoiceField(
        choices=STATES,
        help_text="skipped: excluded from it, or what it needs has failed.",
    )
    by = serializers.CharField(
        help_text="The model or the detector; of replaced and restored, the version, as v2; else empty."
    )
    region = serializers.SerializerMethodField(help_text="Of `region_indexed`: which.")
    queued_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True, help_text="The latest attempt.")
    finished_at = serializers.DateTimeField(allow_null=True, help_text="Null while it is not over, or not known.")
    attempts = serializers.IntegerField()
    error = serializers.SerializerMethodField(help_text="Why the latest attempt failed.")

    def get_region(self, stage: Stage) -> str | None:
        return stage.region or None

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, stage: Stage) -> dict[str, str] | None:
        return {"code": stage.error_code, "message": stage.error} if stage.error_code else None


StageList = listing("StageList", StageSerializer)


def body(view: AssetView) -> dict[str, Any]:
    return {"results": [StageSerializer(stage).data for stage in history.of(view.asset)], "next_cursor": None}


class AssetHistory(AssetView):
    @extend_schema(
        operation_id="asset_history_list",
        responses={200: StageList},
        examples=[example({"results": [EXAMPLE], "next_cursor": None})],
    )
    def get(self, request: Request, asset_id: str) -> Response:
        """Every stage from the upload on, with times, attempts and errors, as far as they are known; never paged."""
        return Response(body(self))


class AssetReindex(AssetView):
    @extend_schema(
        operation_id="asset_reindex",
        request=None,
        responses={202: StageList},
        examples=[example({"results": [EXAMPLE], "next_cursor": None})],
    )
    def post(self, request: Request, asset_id: str) -> Response:
        """Have it embedded and compared again, or decoded again if that failed (editors). The answer is its history."""
        history.reindex(self.asset, caller(request))
        del self.asset
        return Response(body(self), status.HTTP_202_ACCEPTED)
