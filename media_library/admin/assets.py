from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library.admin.base import Made, OfVisibleAssets, ShownInline
from media_library.metadata.administration import AssetForm
from media_library.models import Asset, AssetWords, Rendition, Version


class RenditionInline(ShownInline):
    model = Rendition
    readonly_fields = ["name", "file", "width", "height", "bytes"]


@admin.register(Asset)
class AssetAdmin(Made):
    """What an administrator may see of assets goes through the same door as everything else."""

    form = AssetForm
    list_display = ["display_name", "library", "format", "size", "bytes", "state", "uploaded_by", "created_at"]
    list_filter = ["state", "format", "visual_search", "library", ("deleted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["library", "uploaded_by"]
    search_fields = ["display_name", "public_id", "description", "sha256"]
    date_hierarchy = "created_at"
    list_per_page = 50
    autocomplete_fields = ["folder", "tags"]
    inlines = [RenditionInline]
    shown = [
        "id", "library", "display_name", "public_id", "description", "alt_text", "folder", "tags", "metadata",
        "visual_search", "file", "format", "mime_type", "bytes", "size", "sha256", "phash", "colors", "exif",
        "taken_at", "uploaded_by", "state", "failure_code", "failure_message", "attempts", "created_at",
        "updated_at", "deleted_at",
    ]  # fmt: skip
    fields = tuple(shown)
    editable = {"display_name", "description", "alt_text", "folder", "tags", "metadata", "visual_search"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Asset]:
        return Asset.objects.visible_to(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Asset | None = None) -> list[str]:
        return [name for name in self.shown if name not in self.editable]

    @admin.display(description=_("size"))
    def size(self, asset: Asset) -> str:
        return f"{asset.width} \u00d7 {asset.height}"


@admin.register(Rendition)
class RenditionAdmin(OfVisibleAssets):
    list_display = ["asset", "name", "width", "height", "bytes"]
    list_filter = ["name"]
    list_select_related = ["asset"]


@admin.register(AssetWords)
class AssetWordsAdmin(OfVisibleAssets):
    """What can be found of an asset by its words. The database keeps it."""

    list_display = ["asset", "language"]
    list_select_related = ["asset"]
    fields = ("asset", "language", "lexemes")


@admin.register(Version)
class VersionAdmin(OfVisibleAssets):
    """Versions go with their asset; single ones are removed on its page, which keeps the present one."""

    list_display = ["asset", "number", "state", "format", "bytes", "created_by", "created_at"]
    list_filter = ["state", "format"]
    list_select_related = ["asset", "created_by"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Django asks this of everything that goes with an asset, too.
        place = request.resolver_match
        return not (place and place.url_name and place.url_name.startswith("media_library_version_"))
