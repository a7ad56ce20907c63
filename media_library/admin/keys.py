from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library import sharing
from media_library.admin.base import Made, OfVisibleLibraries
from media_library.models import ApiKey, PersonalToken, ShareLink, UploadPreset


@admin.register(PersonalToken)
class PersonalTokenAdmin(Made):
    """Tokens can be looked over and revoked; their secrets are nowhere."""

    list_display = ["name", "hint", "user", "scopes", "created_at", "last_used_at", "expires_at"]
    list_select_related = ["user"]
    readonly_fields = ["user", "hint", "scopes", "libraries", "created_at", "last_used_at"]
    shown = ["name", "user", "hint", "scopes", "libraries", "created_at", "last_used_at", "expires_at"]


@admin.register(ApiKey)
class ApiKeyAdmin(Made):
    """Keys can be looked over and revoked. Their owners make them, who alone see the secrets, once."""

    list_display = ["name", "key", "owner", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["owner"]
    search_fields = ["key", "name", "owner__username"]
    fields = [
        *["name", "key", "owner", "scopes", "libraries"],
        *["created_at", "last_used_at", "expires_at", "revoked_at"],
    ]
    readonly_fields = ["key", "owner", "scopes", "libraries", "created_at", "last_used_at", "revoked_at"]
    actions = ["revoke"]

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        for key in keys:
            key.revoke()


@admin.register(UploadPreset)
class UploadPresetAdmin(Made):
    """Presets can be looked over, closed to strangers and deleted. Programs make them."""

    list_display = ["name", "library", "owner", "unsigned", "updated_at"]
    list_filter = ["unsigned", "library"]
    list_select_related = ["library", "owner"]
    search_fields = ["name", "owner__username"]
    fields = ["name", "library", "owner", "unsigned", "settings", "created_at", "updated_at"]
    readonly_fields = ["name", "library", "owner", "settings", "created_at", "updated_at"]


@admin.register(ShareLink)
class ShareLinkAdmin(OfVisibleLibraries):
    """Links can be looked over and revoked. What makes their addresses is nowhere."""

    list_display = ["id", "library", "asset", "collection", "created_by", "opened", "expires_at", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter), "library"]
    list_select_related = ["library", "asset", "collection", "created_by"]
    actions = ["revoke"]

    @admin.action(description=_("Revoke"), permissions=["delete"])
    def revoke(self, request: HttpRequest, links: QuerySet[ShareLink]) -> None:
        for link in links.select_related("library", "asset", "collection"):
            sharing.end(link)
