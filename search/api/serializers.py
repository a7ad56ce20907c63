"""How searches and their answers look in JSON. Contract: `/api/schema/`."""

from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from media_library.api.booleans import Boolean
from media_library.api.serializers import AssetSerializer
from search.models import QueryAnchor, Region
from search.queries import Found, Hit
from search.query import IMAGES, MAX_EXAMPLES, MAX_WEIGHT, OBJECTS

KEYWORDS = (
    "Whether names, tags, descriptions, metadata and folders that have words of `text` count, too; true if absent and "
    "`text` is all that is wanted, false if there are examples."
)


COLLAPSE = (
    "Fold look-alikes (the same file, or the same picture changed, as in duplicates) into the best hit of them: its "
    "`stack` has the others. Not among OBJECTS."
)


EXAMPLES: dict[str, Any] = {"required": False, "max_length": MAX_EXAMPLES}
FRACTION = {"type": "number", "minimum": 0, "maximum": 1}
SIDES = {
    "x": FRACTION | {"exclusiveMaximum": 1},
    "y": FRACTION | {"exclusiveMaximum": 1},
    "width": FRACTION | {"exclusiveMinimum": 0},
    "height": FRACTION | {"exclusiveMinimum": 0},
}
BOX = {"type": "object", "properties": SIDES, "required": [*SIDES]}
WEIGHTS = {"type": "object", "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_WEIGHT}}


@extend_schema_field(WEIGHTS)
class WeightsField(serializers.JSONField):
    pass


@extend_schema_field(BOX)
class BoxField(serializers.JSONField):
    """`{"x", "y", "width", "height"}`: fractions of the upright image."""


class SearchRequestSerializer(serializers.Serializer[Any]):
    """Something that is wanted: `text`, examples (`like`, `anchor`), or a picture (`file` or `image_url`). The filters
    narrow the scope."""

    text = serializers.CharField(required=False, max_length=500)
    not_text = serializers.ListField(
        child=serializers.CharField(max_length=500), help_text="What they should not show.", **EXAMPLES
    )
    like = serializers.ListField(
        child=serializers.UUIDField(), help_text="Ids of example assets or regions.", **EXAMPLES
    )
    unlike = serializers.ListField(
        child=serializers.UUIDField(), help_text="Ids of what they should not be like.", **EXAMPLES
    )
    anchor = serializers.ListField(child=serializers.UUIDField(), help_text="Ids of anchors.", **EXAMPLES)
    file = serializers.FileField(required=False, allow_empty_file=True, help_text="A picture of at most 40 MB.")
    image_url = serializers.CharField(
        required=False, allow_blank=True, max_length=2000, help_text="The address of a picture; empty as if absent."
    )
    box = BoxField(required=False, help_text="Search with this part only, of the one picture.")
    weights = WeightsField(
        required=False,
        binary=False,
        help_text="Of `text`, `not_text`, `picture` (what `file` or `image_url` gives) and examples by id; above 0, "
        "at most 10. 1 if absent, 0.5 for what is not wanted.",
    )
    keywords = Boolean(required=False, help_text=KEYWORDS)
    collapse = Boolean(required=False, help_text=COLLAPSE)
    filters = serializers.DictField(required=False, help_text="The parameters of a list, by name; and `labels`.")
    entity_type = serializers.ChoiceField(
        choices=[IMAGES, OBJECTS], required=False, help_text="OBJECTS finds regions of assets; IMAGES if absent."
    )
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500)
    cursor = serializers.CharField(required=False, allow_blank=True)

    def validate_weights(self, weights: Any) -> dict[str, Any]:
        if not isinstance(weights, dict):
            raise serializers.ValidationError('Weights look like {"text": 2, "<id of an example>": 0.5}.')
        return weights

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data.get("image_url") == "":
            del data["image_url"]
        pictures = [name for name in ("file", "image_url") if name in data]
        if len(pictures) > 1:
            raise serializers.ValidationError("Give file or image_url, or make anchors and give their ids.")
        if "box" in data and len(pictures) + len(data.get("like", [])) + len(data.get("anchor", [])) != 1:
            raise serializers.ValidationError("A box needs exactly one picture: file, image_url, a like or an anchor.")
        return data


class HitRegionSerializer(serializers.ModelSerializer[Region]):
    box = serializers.DictField(source="box.as_dict", child=serializers.FloatField(), help_text="Fractions.")

    class Meta:
        model = Region
        fields = ["id", "box", "label", "source", "confidence"]


class RankedSerializer(serializers.Serializer[Any]):
    distance = serializers.FloatField(
        allow_null=True,
        help_text="Cosine distance between the query and the hit, 0 to 2. Null for a picture that its words have found "
        "and that is not indexed yet, or excluded from visual search.",
    )
    score = serializers.FloatField(allow_null=True, help_text="1 - distance.")
    band = serializers.ChoiceField(
        choices=["strong", "likely", "weak"],
        allow_null=True,
        help_text="How good it is for this query, see docs/search.md; null if it was not found by its looks.",
    )
    reasons = serializers.ListField(
        child=serializers.CharField(),
        help_text="Why it is here, at most seven: `visual`, and with `keywords` where the words of the text are: "
        "`name:<word>`, `tag:<tag>`, `description:<word>`, `metadata:<field>`, `folder:<name>`.",
    )
    stack = serializers.ListField(
        child=serializers.UUIDField(), help_text="With `collapse`, the assets folded under this one, best first."
    )

    def ranked(self, found: Found) -> dict[str, Any]:
        """What the fields above give; see `AssetSerializer`."""
        return {
            "distance": found.distance,
            "score": found.score,
            "band": found.band,
            "reasons": list(found.reasons),
            "stack": [str(pk) for pk in found.stack],
        }


class FoundSerializer(RankedSerializer):
    id = serializers.UUIDField(help_text="Of the asset; among OBJECTS, of the region.")

    def to_representation(self, found: Found) -> dict[str, Any]:
        return {"id": str(found.id), **self.ranked(found)}


class HitSerializer(RankedSerializer):
    asset = AssetSerializer()
    region = HitRegionSerializer(allow_null=True, help_text="Among OBJECTS, the part of the asset that was found.")

    def to_representation(self, hit: Hit) -> dict[str, Any]:
        return {
            "asset": self._asset.to_representation(hit.asset),
            **self.ranked(hit),
            "region": self._region.to_representation(hit.region) if hit.region else None,
        }

    @cached_property
    def _asset(self) -> AssetSerializer:
        return AssetSerializer(context=self.context)

    @cached_property
    def _region(self) -> HitRegionSerializer:
        return HitRegionSerializer()


class QueryEchoSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    not_text = serializers.ListField(child=serializers.CharField())
    like = serializers.ListField(child=serializers.UUIDField())
    unlike = serializers.ListField(child=serializers.UUIDField())
    weights = serializers.DictField(child=serializers.FloatField())
    entity_type = serializers.ChoiceField(choices=[IMAGES, OBJECTS])
    labels = serializers.ListField(child=serializers.CharField())
    anchors = serializers.ListField(child=serializers.UUIDField())
    keywords = serializers.BooleanField(help_text="Whether words counted, too.")
    collapse = serializers.BooleanField(help_text="Whether look-alikes were folded.")
    model = serializers.CharField(help_text="The model that answered.")


class RankingSerializer(serializers.Serializer[Any]):
    next_cursor = serializers.CharField(allow_null=True)
    total = serializers.IntegerField(help_text="How many are ranked: at most 1,000, with `collapse` less those folded.")
    strong = serializers.IntegerField(
        help_text="How many of those ranked so far are strong. Of a large library only the first 100 or so are ranked "
        "until a later page is asked for: if all of those are strong, there may be more."
    )
    query = QueryEchoSerializer()
    plan = serializers.ChoiceField(choices=["exact", "index"])
    took_ms = serializers.DictField(child=serializers.FloatField())


class SearchAnswerSerializer(RankingSerializer):
    """Most similar first; with `keywords`, by the fused ranking of looks and words."""

    results = HitSerializer(many=True)


class FoundAnswerSerializer(RankingSerializer):
    results = FoundSerializer(many=True)


class JsonSearchRequestSerializer(SearchRequestSerializer):
    """The same as JSON, which holds no file: register one as an anchor, or send a form."""

    rules = {"anyOf": [{"required": [name]} for name in ("text", "like", "anchor", "image_url")]}
    file = None  # type: ignore[assignment]


class AnchorRequestSerializer(serializers.Serializer[Any]):
    """Exactly one of `file`, `image_url`, `asset` and `anchor`."""

    file = serializers.FileField(required=False, allow_empty_file=True, help_text="At most 40 MB.")
    image_url = serializers.CharField(required=False, max_length=2000)
    asset = serializers.UUIDField(required=False)
    anchor = serializers.UUIDField(required=False, help_text="Another anchor, of whose picture `box` is a part.")
    box = BoxField(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len({"file", "image_url", "asset", "anchor"} & data.keys()) != 1:
            raise serializers.ValidationError("Give exactly one of file, image_url, asset and anchor.")
        return data


class JsonAnchorRequestSerializer(AnchorRequestSerializer):
    """Exactly one of `image_url`, `asset` and `anchor`."""

    rules = {"oneOf": [{"required": [name]} for name in ("image_url", "asset", "anchor")]}
    file = None  # type: ignore[assignment]


class AnchorSerializer(serializers.ModelSerializer[QueryAnchor]):
    type = serializers.SerializerMethodField()
    box = BoxField(read_only=True, allow_null=True)
    thumb = serializers.SerializerMethodField()

    class Meta:
        model = QueryAnchor
        fields = ["id", "type", "name", "box", "expires_at", "thumb"]
        read_only_fields = fields

    def get_type(self, anchor: QueryAnchor) -> str:
        return "UPLOAD"

    def get_thumb(self, anchor: QueryAnchor) -> str:
        return self.context["request"].build_absolute_uri(reverse("api:anchor-thumb", args=[anchor.pk]))
