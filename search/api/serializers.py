"""How searches and their answers look in JSON. Contract: `/api/schema/`."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from media_library.api.serializers import AssetSerializer
from search.models import QueryAnchor


class SearchRequestSerializer(serializers.Serializer[Any]):
    """At least one of `text`, `like` and `anchor`; the filters narrow the scope."""

    text = serializers.CharField(required=False, max_length=500)
    like = serializers.ListField(child=serializers.UUIDField(), required=False, help_text="Ids of example assets.")
    anchor = serializers.ListField(child=serializers.UUIDField(), required=False, help_text="Ids of anchors.")
    filters = serializers.DictField(required=False, help_text="folder, recursive, tags, q, state")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500)
    cursor = serializers.CharField(required=False)


class HitSerializer(serializers.Serializer[Any]):
    asset = AssetSerializer()
    distance = serializers.FloatField(help_text="Cosine distance between the query and the hit, 0 to 2.")
    score = serializers.FloatField(help_text="1 - distance.")
    reasons = serializers.ListField(child=serializers.CharField())


class QueryEchoSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    like = serializers.ListField(child=serializers.UUIDField())
    anchors = serializers.ListField(child=serializers.UUIDField())
    model = serializers.CharField(help_text="The model that answered.")


class SearchAnswerSerializer(serializers.Serializer[Any]):
    """Most similar first."""

    results = HitSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)
    total = serializers.IntegerField(help_text="How many are ranked: at most 1,000.")
    query = QueryEchoSerializer()
    plan = serializers.ChoiceField(choices=["exact", "index"])
    took_ms = serializers.DictField(child=serializers.FloatField())


class BoxField(serializers.JSONField):
    """`{"x", "y", "width", "height"}`: fractions of the upright image."""


class AnchorRequestSerializer(serializers.Serializer[Any]):
    """Exactly one of `file`, `image_url` and `asset`."""

    file = serializers.FileField(required=False, allow_empty_file=True, help_text="At most 40 MB.")
    image_url = serializers.CharField(required=False, max_length=2000)
    asset = serializers.UUIDField(required=False)
    box = BoxField(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len({"file", "image_url", "asset"} & data.keys()) != 1:
            raise serializers.ValidationError("Give exactly one of file, image_url and asset.")
        return data


class AnchorSerializer(serializers.ModelSerializer[QueryAnchor]):
    type = serializers.SerializerMethodField()
    thumb = serializers.SerializerMethodField()

    class Meta:
        model = QueryAnchor
        fields = ["id", "type", "name", "box", "expires_at", "thumb"]
        read_only_fields = fields

    def get_type(self, anchor: QueryAnchor) -> str:
        return "UPLOAD"

    def get_thumb(self, anchor: QueryAnchor) -> str:
        return self.context["request"].build_absolute_uri(reverse("api:anchor-thumb", args=[anchor.pk]))
