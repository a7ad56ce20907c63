from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import jobs
from media_library.api.base import LibraryView, caller, validated
from media_library.api.idempotency import idempotent
from media_library.api.job_serializers import JobSerializer
from media_library.api.jobs import LOCATION, accepted
from media_library.api.selections import SelectionSerializer, selected
from media_library.bulk import ACTIONS, MOST_AT_ONCE, BulkChange, change
from media_library.models import Role


class BulkSerializer(SelectionSerializer):
    """What to do with which assets. `tag` and `untag` need `tags`, `move` needs `folder`, `collect` a `collection` that
    was picked by hand, and `metadata` needs `metadata`, whose members that are null are removed."""

    action = serializers.ChoiceField(choices=[])
    tags = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=100)
    folder = serializers.UUIDField(required=False, allow_null=True)
    metadata = serializers.DictField(required=False)
    collection = serializers.UUIDField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        fields["action"] = serializers.ChoiceField(choices=sorted(ACTIONS))
        return fields


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    """`detail` and `code` where it failed."""

    asset = serializers.UUIDField()
    ok = serializers.BooleanField()
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)


class BulkAnswerSerializer(serializers.Serializer[Any]):
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = BulkOutcomeSerializer(many=True)


class Bulk(LibraryView):
    @extend_schema(
        parameters=[LOCATION],
        request=BulkSerializer,
        responses={200: BulkAnswerSerializer, 202: JobSerializer},
        examples=[
            OpenApiExample(
                "Tag two",
                request_only=True,
                value={
                    "assets": ["2f1f0d5e-6a77-4e0f-9f5d-2d6d3d2b7c01", "2f1f0d5e-6a77-4e0f-9f5d-2d6d3d2b7c02"],
                    "action": "tag", "tags": ["sea"],
                },
            ),
            OpenApiExample(
                "Move what is in a folder", request_only=True,
                value={"query": {"tags": ["old"]}, "action": "move", "folder": None},
            ),
            OpenApiExample(
                "One failed", response_only=True, status_codes=["200"],
                value={
                    "done": 1, "failed": 1,
                    "results": [
                        {"asset": "2f1f0d5e-6a77-4e0f-9f5d-2d6d3d2b7c01", "ok": True},
                        {"asset": "2f1f0d5e-6a77-4e0f-9f5d-2d6d3d2b7c02", "ok": False, "code": "not_found",
                         "detail": "There is nothing here, or you may not see it."},
                    ],
                },
            ),
        ],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Change many assets. Up to 300 are changed at once, with the outcome of each (200); more of them, or what a
        query finds, as a job (202). Contributors change what they uploaded themselves."""
        library, user = self.library, caller(request)
        library.require_somewhere(user, Role.CONTRIBUTOR)
        data = validated(BulkSerializer(data=request.data))
        action = ACTIONS[data.pop("action")]
        user.grant.require(action.scope)
        options = action.options(library, data)
        listed = "assets" in data
        chosen = selected(library, user, data, needs_limit=True)
        if listed and len(chosen["items"]) <= MOST_AT_ONCE:
            ids = [UUID(pk) for pk in chosen["items"]]
            return Response(answer(ids, change(action, library, user, ids, options)))
        chosen["parameters"] |= {"action": action.name, "options": options}
        return accepted(jobs.start(BulkChange.name, owner=user, library=library, **chosen))


def answer(ids: list[UUID], failures: dict[UUID, Any]) -> dict[str, Any]:
    results = [
        {"asset": pk, "ok": False, "code": failures[pk].code, "detail": str(failures[pk].message)}
        if pk in failures
        else {"asset": pk, "ok": True}
        for pk in ids
    ]
    return {"done": len(ids) - len(failures), "failed": len(failures), "results": results}
