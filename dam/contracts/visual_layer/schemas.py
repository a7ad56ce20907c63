"""How the answers of the dialect look, for `/api/schema/`: they are written by hand, as documented for others."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from search.models.cluster import LEVELS
from search.query import IMAGES, OBJECTS

STATUSES = ["DRAFT", "INDEXING", "READY", "PARTIAL INDEX", "ERROR"]


def text(name: str, description: str = "", **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, description=description, **more)


ENTITY_TYPE = text("entity_type", enum=[IMAGES, OBJECTS], required=True)
LEVEL = text("threshold", "0 (finest, if absent) to 4 (coarsest).", enum=[str(level) for level in range(LEVELS)])
PAGE_NUMBER = OpenApiParameter(
    "page_number", {"type": "integer", "minimum": 0, "maximum": 999_999_999}, description="From 0; 100 clusters each."
)
LONGEST_NAME = 200
SHARE = {"type": "number", "minimum": 0, "maximum": 1}


class DetailSerializer(serializers.Serializer[Any]):
    """How every call of this dialect fails."""

    detail = serializers.CharField()


class BoundingBoxSerializer(serializers.Serializer[Any]):
    """Fractions of the upright picture."""

    x = serializers.FloatField()
    y = serializers.FloatField()
    width = serializers.FloatField()
    height = serializers.FloatField()


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["ok"])


class DatasetSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    display_name = serializers.CharField()
    description = serializers.CharField()
    owned_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    status_new = serializers.ChoiceField(choices=STATUSES)
    progress = serializers.IntegerField(min_value=0, max_value=100)
    n_images = serializers.IntegerField()
    n_objects = serializers.IntegerField()
    n_videos = serializers.IntegerField()
    fatal_error_msg = serializers.CharField(allow_null=True)


class NewDatasetSerializer(DatasetSerializer):
    dataset_id = serializers.UUIDField()


class NewDatasetRequestSerializer(serializers.Serializer[Any]):
    dataset_name = serializers.CharField(max_length=LONGEST_NAME)


class IssueCountsSerializer(serializers.Serializer[Any]):
    blur = serializers.IntegerField()
    dark = serializers.IntegerField()
    bright = serializers.IntegerField()
    outliers = serializers.IntegerField()
    duplicates = serializers.IntegerField()


class StatsSerializer(serializers.Serializer[Any]):
    dataset_id = serializers.UUIDField()
    n_images = serializers.IntegerField()
    n_objects = serializers.IntegerField()
    n_videos = serializers.IntegerField()
    n_indexed = serializers.IntegerField()
    n_pending = serializers.IntegerField()
    n_failed = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    issues = IssueCountsSerializer()


class QueryPictureSerializer(serializers.Serializer[Any]):
    """The other parameters may stand in the form or in the address."""

    file = serializers.FileField(help_text="The query picture, of at most 40 MB.")
    bounding_box = serializers.CharField(
        required=False, help_text='JSON such as `{"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.6}`: fractions.'
    )


class UploadedAnchorSerializer(serializers.Serializer[Any]):
    anchor_media_id = serializers.UUIDField()
    anchor_type = serializers.ChoiceField(choices=["UPLOAD"])


class MediaRequestSerializer(serializers.Serializer[Any]):
    """Exactly one of `files` and `archive`."""

    files = serializers.ListField(child=serializers.FileField(), required=False, help_text="Of at most 40 MB each.")
    archive = serializers.FileField(required=False, help_text="ZIP, TAR or TAR.GZ of at most 400 MB.")


class AddedMediumSerializer(serializers.Serializer[Any]):
    media_id = serializers.UUIDField()
    file_name = serializers.CharField()


class RefusedMediumSerializer(serializers.Serializer[Any]):
    file_name = serializers.CharField()
    detail = serializers.CharField()


class AddedMediaSerializer(serializers.Serializer[Any]):
    dataset_id = serializers.UUIDField()
    media = AddedMediumSerializer(many=True)
    refused = RefusedMediumSerializer(many=True)


class MediumSerializer(serializers.Serializer[Any]):
    media_id = serializers.UUIDField()
    media_uri = serializers.URLField()
    media_thumb_uri = serializers.URLField()
    caption = serializers.CharField(allow_null=True)
    file_name = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class DetectedObjectSerializer(serializers.Serializer[Any]):
    media_id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    bounding_box = BoundingBoxSerializer()


class ImageSerializer(MediumSerializer):
    type = serializers.ChoiceField(choices=["IMAGE"])
    dataset_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    size_bytes = serializers.IntegerField()
    labels = serializers.ListField(child=serializers.CharField())
    user_tags = serializers.ListField(child=serializers.CharField())
    objects = DetectedObjectSerializer(many=True)
    metadata = serializers.DictField()


class PreviewSerializer(MediumSerializer):
    type = serializers.ChoiceField(choices=["IMAGE", "OBJECT"])
    image_id = serializers.UUIDField(required=False, help_text="Of an object, the image that it lies in.")
    bounding_box = BoundingBoxSerializer(allow_null=True)
    relevance_score = serializers.FloatField(allow_null=True)
    relevance_score_type = serializers.ChoiceField(choices=["cosine_distance"], allow_null=True)


class FoundClusterSerializer(serializers.Serializer[Any]):
    cluster_id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=[IMAGES, OBJECTS])
    n_images = serializers.IntegerField()
    n_objects = serializers.IntegerField()
    n_videos = serializers.IntegerField()
    similarity_threshold = serializers.CharField()
    relevance_score = serializers.FloatField(allow_null=True)
    relevance_score_type = serializers.ChoiceField(choices=["cosine_distance"], allow_null=True)
    previews = PreviewSerializer(many=True, help_text="At most nine, the nearest first.")
    labels = serializers.ListField(child=serializers.CharField(), allow_null=True)
    user_tags = serializers.ListField(child=serializers.CharField(), allow_null=True)
    captions = serializers.ListField(child=serializers.CharField(), allow_null=True)


class PageOfClustersSerializer(serializers.Serializer[Any]):
    used_duckdb = serializers.BooleanField()
    total_clusters = serializers.IntegerField()
    page_number = serializers.IntegerField()


class ExplorationSerializer(serializers.Serializer[Any]):
    clusters = FoundClusterSerializer(many=True)
    metadata = PageOfClustersSerializer()


class KeptFiltersSerializer(serializers.Serializer[Any]):
    entity_type = serializers.ChoiceField(choices=[IMAGES, OBJECTS])
    threshold = serializers.CharField()
    caption = serializers.CharField(allow_null=True)
    vql = serializers.ListField(child=serializers.DictField())


class OwnerSerializer(serializers.Serializer[Any]):
    user_id = serializers.CharField()
    name = serializers.CharField()


class ViewStatsSerializer(serializers.Serializer[Any]):
    n_images = serializers.IntegerField()
    n_objects = serializers.IntegerField()
    n_video_frames = serializers.IntegerField()


class SavedViewSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    dataset_id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    created_by = OwnerSerializer(allow_null=True)
    filters = KeptFiltersSerializer()
    stats = ViewStatsSerializer()
    total_results = serializers.IntegerField()
    monitoring_enabled = serializers.BooleanField()
    alerting_enabled = serializers.BooleanField()


class SavedViewRequestSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=LONGEST_NAME)


class ExportIdSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()


class ExportStateSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["COMPLETED"])
    download_uri = serializers.URLField()


NULL = {"application/json": {"type": "null"}}
EXPORT_ID = text("export_task_id", "The `id` that `export_context_async` gave.", required=True)
EXPLORE = [
    ENTITY_TYPE,
    LEVEL,
    PAGE_NUMBER,
    OpenApiParameter("anchor_media_id", OpenApiTypes.UUID, description="With `anchor_type`."),
    text("anchor_type", "What `anchor_media_id` is.", enum=["UPLOAD", "MEDIA"]),
    OpenApiParameter("caption", {"type": "string", "maxLength": 500}, description="Search by text."),
    OpenApiParameter("textual_similarity_threshold", SHARE, description="The largest cosine distance from `caption`."),
    text("labels", "A JSON array of strings: with one of these objects."),
    text("tags", "A JSON array of strings: with one of these tags."),
    text("vql", "A JSON array of filters; see docs/visual-layer.md."),
]
