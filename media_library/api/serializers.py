"""How libraries and assets look in JSON. Contract: `/api/schema/`."""

from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from media_library import facts, findable
from media_library.api.booleans import Boolean
from media_library.models import Asset, Folder, Library
from media_library.models.asset import ANY_ID, address_pattern
from media_library.models.tag import MAX_TAGS


class LibrarySerializer(serializers.ModelSerializer[Library]):
    """`language`: what its names, tags and descriptions are written in; `simple` takes all words as they are.
    `free_metadata`: whether metadata may have members that none of its fields names."""

    free_metadata = Boolean(required=False)

    class Meta:
        model = Library
        fields = ["id", "name", "slug", "language", "free_metadata", "created_at"]
        read_only_fields = ["id", "slug", "created_at"]


class CountsSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField(help_text="Pictures that can be found: live, not failed, not excluded.")
    indexed = serializers.IntegerField()
    pending = serializers.IntegerField()
    failed = serializers.IntegerField()


class LibraryDetailSerializer(LibrarySerializer):
    role = serializers.SerializerMethodField(
        help_text="The caller's role in the library as a whole; `viewer` for who was granted folders in it alone."
    )
    counts = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField(help_text="Percent of the pictures that are indexed.")
    status = serializers.SerializerMethodField()
    model = serializers.SerializerMethodField(help_text="The model that answers searches.")

    class Meta(LibrarySerializer.Meta):
        fields = [*LibrarySerializer.Meta.fields, "role", "status", "progress", "counts", "model"]

    def to_representation(self, instance: Library) -> dict[str, Any]:
        self._progress = findable.index.progress(instance, self.context["request"].user)
        return super().to_representation(instance)

    def get_role(self, library: Library) -> str:
        role = library.role_of(self.context["request"].user)
        return role.name.lower() if role else ""

    @extend_schema_field(CountsSerializer)
    def get_counts(self, library: Library) -> dict[str, int]:
        return CountsSerializer(self._progress).data

    def get_progress(self, library: Library) -> int:
        return self._progress.percent

    def get_status(self, library: Library) -> str:
        return "indexing" if self._progress.pending else "ready"

    def get_model(self, library: Library) -> str:
        return findable.index.model_name()


class UrlsSerializer(serializers.Serializer[Any]):
    page = serializers.URLField()
    file = serializers.URLField()
    thumb = serializers.URLField()
    preview = serializers.URLField()


class FailureSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class FactsSerializer(serializers.Serializer[Any]):
    """What the pixels say; see `media_library.facts`."""

    sharpness = serializers.FloatField(allow_null=True, help_text="0 to 1; null where there are no edges to judge.")
    lightness = serializers.FloatField(help_text="Mean OKLab lightness, 0 to 1.")
    highlights = serializers.FloatField(help_text="A tenth of the picture is lighter than this.")
    burnt_out = serializers.FloatField(help_text="Share that is nearly white.")
    chroma = serializers.FloatField(help_text="OKLab chroma of the most colourful hundredth; below 0.02 is grey.")
    transparency = serializers.FloatField(help_text="Share that is transparent.")
    colors = serializers.DictField(child=serializers.FloatField(), help_text="Shares of the sixteen named colours.")
    orientation = serializers.CharField()
    size = serializers.CharField(help_text="small (below 0.3 megapixels), medium (2), large (12), huge.")
    issues = serializers.ListField(child=serializers.CharField(), help_text="blurry, dark, bright")
    grey = serializers.BooleanField()
    transparent = serializers.BooleanField()


class AssetSerializer(serializers.ModelSerializer[Asset]):
    """`context["indexed"]`: the ids of the assets shown that have a vector. `context["origin"]`, where there is no
    `request`: what addresses begin with."""

    folder: serializers.Field = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True)
    tags: serializers.Field = serializers.ListField(child=serializers.CharField(), source="tag_names", read_only=True)
    colors = serializers.ListField(child=serializers.ListField(), read_only=True)
    facts = serializers.SerializerMethodField()
    failure = serializers.SerializerMethodField()
    indexed = serializers.SerializerMethodField()
    urls = serializers.SerializerMethodField()

    class Meta:
        model = Asset
        fields = [
            *[
                "id",
                "library",
                "public_id",
                "display_name",
                "folder",
                "format",
                "mime_type",
                "bytes",
                "width",
            ],
            *[
                "height",
                "sha256",
                "version",
                "colors",
                "taken_at",
                "description",
                "alt_text",
                "tags",
                "metadata",
                "exif",
                "camera",
                "facts",
            ],
            *["state", "failure", "visual_search", "indexed", "uploaded_by", "created_at", "updated_at"],
            *["deleted_at", "urls"],
        ]
        read_only_fields = fields

    def to_representation(self, asset: Asset) -> dict[str, Any]:
        """What the fields above give, without asking each of them: answers hold hundreds of assets, and that takes
        several times as long. The asset is one of `with_tag_names`."""
        return {
            "id": str(asset.pk),
            "library": asset.library_id,
            "public_id": asset.public_id,
            "display_name": asset.display_name,
            "folder": asset.folder_id,
            "format": asset.format,
            "mime_type": asset.mime_type,
            "bytes": asset.bytes,
            "width": asset.width,
            "height": asset.height,
            "sha256": asset.sha256,
            "version": asset.version,
            "colors": asset.colors,
            "taken_at": self._moment(asset.taken_at),
            "description": asset.description,
            "alt_text": asset.alt_text,
            "tags": asset.tag_names,
            "metadata": asset.metadata,
            "exif": asset.exif,
            "camera": asset.camera,
            "facts": self.get_facts(asset),
            "state": asset.state,
            "failure": self.get_failure(asset),
            "visual_search": asset.visual_search,
            "indexed": self.get_indexed(asset),
            "uploaded_by": asset.uploaded_by_id,
            "created_at": self._moment(asset.created_at),
            "updated_at": self._moment(asset.updated_at),
            "deleted_at": self._moment(asset.deleted_at),
            "urls": self.get_urls(asset),
        }

    @extend_schema_field(FactsSerializer(allow_null=True))
    def get_facts(self, asset: Asset) -> dict[str, Any] | None:
        return facts.described(asset.facts, asset.traits or []) if asset.facts else None

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_failure(self, asset: Asset) -> dict[str, str] | None:
        if not asset.failure_code:
            return None
        return {"code": asset.failure_code, "message": asset.failure_message}

    def get_indexed(self, asset: Asset) -> bool:
        return asset.pk in self.context["indexed"]

    @extend_schema_field(UrlsSerializer)
    def get_urls(self, asset: Asset) -> dict[str, str]:
        pk = str(asset.pk)
        urls = {name: pattern.replace(ANY_ID, pk) for name, pattern in self._url_patterns.items()}
        if asset.version > 1:  # as `Asset.thumb_url`
            urls |= {name: f"{urls[name]}?v={asset.version}" for name in ("thumb", "preview")}
        return urls

    @cached_property
    def _url_patterns(self) -> dict[str, str]:
        """Asked for once for all assets of the answer, like the time zone."""
        origin = self.context.get("origin") or origin_of(self.context["request"])
        views = {"page": "asset", "file": "api:asset-file", "thumb": "api:asset-thumb", "preview": "api:asset-preview"}
        return {name: origin + address_pattern(view) for name, view in views.items()}

    @cached_property
    def _time_zone(self) -> tzinfo:
        return timezone.get_current_timezone()

    def _moment(self, moment: datetime | None) -> str | None:
        """As `serializers.DateTimeField` writes it."""
        if moment is None:
            return None
        written = moment.astimezone(self._time_zone).isoformat()
        return f"{written[:-6]}Z" if written.endswith("+00:00") else written


def origin_of(request: HttpRequest | Request) -> str:
    """What addresses of this server begin with."""
    return request.build_absolute_uri("/").rstrip("/")


class AssetDetailSerializer(AssetSerializer):
    possible_duplicates = serializers.SerializerMethodField(
        help_text="Ids of pictures that look the same and that nobody has decided about; found soon after indexing."
    )

    class Meta(AssetSerializer.Meta):
        fields = [*AssetSerializer.Meta.fields, "possible_duplicates"]

    def to_representation(self, asset: Asset) -> dict[str, Any]:
        return super().to_representation(asset) | {"possible_duplicates": self.get_possible_duplicates(asset)}

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_possible_duplicates(self, asset: Asset) -> list[UUID]:
        return findable.index.lookalikes(asset, self.context["request"].user).ids


class AssetChangesSerializer(serializers.Serializer[Any]):
    """What PATCH may set."""

    display_name = serializers.CharField(max_length=255, required=False)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    alt_text = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    folder = serializers.PrimaryKeyRelatedField(
        queryset=Folder.objects.all(), required=False, allow_null=True, pk_field=serializers.UUIDField()
    )
    tags = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=MAX_TAGS)
    metadata = serializers.DictField(required=False)
    visual_search = Boolean(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if library := self.context.get("library"):
            seen = Folder.objects.seen_in(library, self.context["user"])
            self.fields["folder"].queryset = seen  # type: ignore[attr-defined]


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JsonObjectField(serializers.JSONField):
    pass


class UploadSerializer(AssetChangesSerializer):
    """What a multipart upload carries. `tags` may be repeated or comma-separated; `metadata` is a JSON object."""

    alt_text = None  # type: ignore[assignment]
    file = serializers.FileField(allow_empty_file=True, help_text="At most 40 MB (40 x 1024 x 1024 bytes).")
    metadata = JsonObjectField(required=False, binary=False)  # type: ignore[assignment]
    on_duplicate = serializers.ChoiceField(choices=["reject", "keep"], default="reject")

    def validate_tags(self, tags: list[str]) -> list[str]:
        return [part.strip() for tag in tags for part in tag.split(",") if part.strip()]

    def validate_metadata(self, metadata: Any) -> dict[str, Any]:
        if not isinstance(metadata, dict):
            raise serializers.ValidationError(_("metadata must be a JSON object."))
        return metadata


class UrlUploadSerializer(UploadSerializer):
    file = None  # type: ignore[assignment]
    url = serializers.CharField(max_length=2000)


class TokenRequestSerializer(serializers.Serializer[Any]):
    """`username` and `password`, or `api_key` and `api_secret`."""

    rules = {"anyOf": [{"required": ["username", "password"]}, {"required": ["api_key", "api_secret"]}]}

    username = serializers.CharField(required=False)
    password = serializers.CharField(required=False, trim_whitespace=False)
    code = serializers.CharField(required=False, max_length=100, help_text="Of the second factor, where there is one.")
    api_key = serializers.CharField(required=False)
    api_secret = serializers.CharField(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data.keys() - {"code"} not in ({"username", "password"}, {"api_key", "api_secret"}):
            raise serializers.ValidationError(_("Give username and password, or api_key and api_secret."))
        return data


class TokenSerializer(serializers.Serializer[Any]):
    access = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ErrorSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="One sentence for people.")
    code = serializers.CharField(help_text="One word for programs.")
    fields = serializers.DictField(required=False)  # type: ignore[assignment]
