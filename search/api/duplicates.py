"""Duplicates over REST: groups of them, and what is decided about a group."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from media_library.api.base import PAGING, LibraryView, asset_context, caller, validated
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.api.serializers import AssetSerializer
from media_library.filters import one, uuid_of
from media_library.paging import limit_of
from search.duplicates import decisions, groups
from search.models import DuplicateDecision, DuplicatePair

UNDO = "undo"


class MemberSerializer(serializers.Serializer[Any]):
    asset = AssetSerializer()
    kind = serializers.ChoiceField(
        choices=["", *DuplicatePair.Kind.values], help_text="How it resembles the first; empty for the first itself."
    )
    score = serializers.FloatField(help_text="1 for the same file; else how well the two pictures agree, 0 to 1.")


class GroupSerializer(serializers.Serializer[Any]):
    """The oldest picture first, then those that resemble it, best match first: at most 25 of `size`."""

    members = MemberSerializer(many=True)
    size = serializers.IntegerField()


@extend_schema_field({"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 2, "maxItems": 25})
class GroupField(serializers.ListField):
    """`search.duplicates.decisions` says why it is none."""


class DecisionRequestSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=[*DuplicateDecision.Action.values, UNDO])
    rules = {"anyOf": [{"required": ["decision"]}, {"required": ["assets"]}]}

    assets = GroupField(child=serializers.UUIDField(), required=False, help_text="The group; all but for `undo`.")
    keep = serializers.UUIDField(
        required=False, help_text="For `keep_this_one`: the id that is not moved to the trash."
    )
    decision = serializers.UUIDField(required=False, help_text="For `undo`: the id of the decision.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        wanted = "decision" if data["action"] == UNDO else "assets"
        if wanted not in data:
            raise serializers.ValidationError({wanted: [_("This field is required.")]})
        return data


class DecisionSerializer(serializers.ModelSerializer[DuplicateDecision]):
    kept = serializers.UUIDField(source="kept_id", allow_null=True)
    trashed = serializers.ListField(
        child=serializers.UUIDField(), help_text="Moved to the trash by it, or taken back out of it by `undo`."
    )

    class Meta:
        model = DuplicateDecision
        fields = ["id", "action", "kept", "trashed", "decided_at"]
        read_only_fields = fields


class Duplicates(LibraryView):
    @extend_schema(
        operation_id="duplicates_list",
        parameters=[*PAGING, OpenApiParameter("asset", OpenApiTypes.UUID, description="Only groups that it is in.")],
        responses=listing("DuplicateGroupList", GroupSerializer),
    )
    def get(self, request: Request, library_id: str) -> Response:
        """Groups of pictures that show the same and that nobody has decided about, newest first."""
        params = request.query_params
        asset = one(params, "asset")
        shown = groups.page(
            self.library,
            caller(request),
            limit=limit_of(params.get("limit")),
            cursor=one(params, "cursor"),
            asset=uuid_of(asset, "asset") if asset else None,
        )
        context = asset_context(self, [asset for group in shown.groups for asset in group.assets])
        results = GroupSerializer(shown.groups, many=True, context=context)
        return Response({"results": results.data, "next_cursor": shown.next_cursor})


class DuplicateDecisions(LibraryView):
    @extend_schema(request=DecisionRequestSerializer, responses={201: DecisionSerializer, 200: DecisionSerializer})
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Decide about a group, or undo a decision (editors).

        `keep_all` and `not_duplicates` leave the pictures where they are; `keep_this_one` moves the others to the
        trash. A decided pair is never suggested again, until `undo`, which also brings back what was trashed.
        """
        data = validated(DecisionRequestSerializer(data=request.data))
        user = caller(request)
        if data["action"] == UNDO:
            undone = decisions.undo(data["decision"], user, self.library)
            return Response(DecisionSerializer(undone).data)
        made = decisions.decide(self.library, user, data["action"], data["assets"], data.get("keep"))
        return Response(DecisionSerializer(made).data, status.HTTP_201_CREATED)
