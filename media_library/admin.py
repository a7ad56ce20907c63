"""The records behind the library, for administrators. Files and vectors are never edited here."""

from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library import webhook_admin  # noqa: F401  registers its own
from media_library.metadata.administration import AssetForm
from media_library.models import (
    ApiKey,
    Asset,
    AssetWords,
    Collection,
    CollectionItem,
    Folder,
    ImportedFile,
    ImportSource,
    Job,
    JobFailure,
    Library,
    Membership,
    PersonalToken,
    Rendition,
    ResultPart,
    Tag,
    UploadPreset,
    User,
)
from media_library.models.job import WrongState


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


class UserMembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["library"]


class RenditionInline(admin.TabularInline):
    model = Rendition
    extra = 0
    can_delete = False
    readonly_fields = ["name", "file", "width", "height", "bytes"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(UserAdmin):
    inlines = [UserMembershipInline]
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login"]


@admin.register(Library)
class LibraryAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "language", "member_count", "created_at"]
    search_fields = ["name", "slug"]
    readonly_fields = ["id", "created_at"]
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Library]:
        return super().get_queryset(request).annotate(members=Count("memberships"))

    @admin.display(description=_("members"), ordering="members")
    def member_count(self, library: Library) -> int:
        return library.members  # type: ignore[attr-defined]  # annotated above


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ["user", "library", "role"]
    list_filter = ["role", "library"]
    list_select_related = ["user", "library"]
    autocomplete_fields = ["user", "library"]


@admin.register(Folder)
class FolderAdmin(admin.ModelAdmin):
    list_display = ["name", "parent", "library"]
    list_filter = ["library"]
    list_select_related = ["parent", "library"]
    search_fields = ["name"]
    autocomplete_fields = ["parent", "library"]


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ["name", "library"]
    list_filter = ["library"]
    list_select_related = ["library"]
    search_fields = ["name"]
    autocomplete_fields = ["library"]


class LookedOver(admin.ModelAdmin):
    """What can be looked over and removed; it is made and changed over REST, where it is checked."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Collection)
class CollectionAdmin(LookedOver):
    list_display = ["name", "library", "kind", "owner", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["library", "owner"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        return Collection.objects.visible_to(request.user)


@admin.register(CollectionItem)
class CollectionItemAdmin(LookedOver):
    list_display = ["collection", "asset", "position", "added_at"]
    list_select_related = ["collection", "asset"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CollectionItem]:
        return super().get_queryset(request).filter(asset__in=Asset.objects.visible_to(request.user))


@admin.register(Asset)
class AssetAdmin(admin.ModelAdmin):
    """What an administrator may see of assets goes through the same door as everything else."""

    form = AssetForm
    list_display = ["display_name", "library", "format", "size", "bytes", "state", "uploaded_by", "created_at"]
    list_filter = ["state", "format", "visual_search", "library", ("deleted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["library", "uploaded_by"]
    search_fields = ["display_name", "public_id", "description", "sha256"]
    date_hierarchy = "created_at"
    show_full_result_count = False
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        """An asset is born by uploading only."""
        return False

    @admin.display(description=_("size"))
    def size(self, asset: Asset) -> str:
        return f"{asset.width} \u00d7 {asset.height}"


@admin.register(Rendition)
class RenditionAdmin(admin.ModelAdmin):
    list_display = ["asset", "name", "width", "height", "bytes"]
    list_filter = ["name"]
    list_select_related = ["asset"]
    show_full_result_count = False
    readonly_fields = ["asset", "name", "file", "width", "height", "bytes"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rendition]:
        return super().get_queryset(request).filter(asset__in=Asset.objects.visible_to(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(AssetWords)
class AssetWordsAdmin(admin.ModelAdmin):
    """What can be found of an asset by its words. The database keeps it."""

    list_display = ["asset", "language"]
    list_select_related = ["asset"]
    show_full_result_count = False
    readonly_fields = ["asset", "language", "lexemes"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AssetWords]:
        return super().get_queryset(request).filter(asset__in=Asset.objects.visible_to(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(PersonalToken)
class PersonalTokenAdmin(admin.ModelAdmin):
    """Tokens can be looked over and revoked; their secrets are nowhere."""

    list_display = ["name", "hint", "user", "scopes", "created_at", "last_used_at", "expires_at"]
    list_select_related = ["user"]
    readonly_fields = ["user", "hint", "scopes", "libraries", "created_at", "last_used_at"]
    shown = ["name", "user", "hint", "scopes", "libraries", "created_at", "last_used_at", "expires_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        for key in keys:
            key.revoke()


@admin.register(UploadPreset)
class UploadPresetAdmin(admin.ModelAdmin):
    """Presets can be looked over, closed to strangers and deleted. Programs make them."""

    list_display = ["name", "library", "owner", "unsigned", "updated_at"]
    list_filter = ["unsigned", "library"]
    list_select_related = ["library", "owner"]
    search_fields = ["name", "owner__username"]
    fields = ["name", "library", "owner", "unsigned", "settings", "created_at", "updated_at"]
    readonly_fields = ["name", "library", "owner", "settings", "created_at", "updated_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    """Jobs are looked at here, and stopped."""

    shown = [
        "id", "kind", "owner", "library", "parameters", "state", "total", "done", "failed", "skipped", "attempts",
        "created_at", "started_at", "finished_at", "due_at", "error_code", "error", "result", "result_expires_at",
    ]  # fmt: skip
    list_display = ["id", "kind", "library", "owner", "state", "total", "done", "failed", "skipped", "created_at"]
    list_filter = ["state", "kind", "library"]
    list_select_related = ["library", "owner"]
    show_full_result_count = False
    fields = tuple(shown)
    readonly_fields = shown
    actions = ["cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return Job.objects.visible_to(request.user).defer("items", "position")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description=_("Cancel"), permissions=["change"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        for job in jobs.filter(state__in=[*Job.ACTIVE, Job.State.PAUSED]):
            with suppress(WrongState):  # it has just ended
                job.cancel()


class OfVisibleJobs(admin.ModelAdmin):
    """Only to be looked at."""

    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(job__in=Job.objects.visible_to(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(JobFailure)
class JobFailureAdmin(OfVisibleJobs):
    list_display = ["item", "job", "code", "message", "created_at"]
    list_select_related = ["job"]
    fields = ("job", "item", "code", "message", "created_at")


@admin.register(ResultPart)
class ResultPartAdmin(OfVisibleJobs):
    list_display = ["file", "job", "section", "bytes"]
    list_select_related = ["job"]
    fields = ("job", "section", "file", "bytes")


@admin.register(ImportSource)
class ImportSourceAdmin(admin.ModelAdmin):
    """The settings say which places there are."""

    list_display = ["address", "library", "watching", "folders_as", "look_at", "problem"]
    list_filter = ["watching", "library"]
    list_select_related = ["library"]
    readonly_fields = ["library", "address", "look_at", "problem", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportSource]:
        return super().get_queryset(request).filter(library__in=Library.objects.visible_to(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(ImportedFile)
class ImportedFileAdmin(admin.ModelAdmin):
    """What is removed here is imported anew."""

    list_display = ["path", "source", "outcome", "asset", "code", "at"]
    list_filter = ["outcome", "source"]
    list_select_related = ["source", "asset"]
    search_fields = ["path"]
    show_full_result_count = False
    readonly_fields = ["source", "path", "version", "bytes", "sha256", "outcome", "asset", "code", "message", "at"]
    fields = ("source", "path", "version", "bytes", "sha256", "outcome", "asset", "code", "message", "at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportedFile]:
        return super().get_queryset(request).filter(source__library__in=Library.objects.visible_to(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
