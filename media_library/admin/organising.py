from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library.admin.base import InOpenLibraries, LookedOver, OfVisibleAssets
from media_library.models import Collection, CollectionItem, Folder, FolderGrant, Tag


class FolderGrantInline(admin.TabularInline):
    model = FolderGrant
    extra = 0
    autocomplete_fields = ["user", "group"]


@admin.register(Folder)
class FolderAdmin(InOpenLibraries):
    inlines = [FolderGrantInline]
    list_display = ["name", "parent", "library"]
    list_filter = [("library", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["parent", "library"]
    search_fields = ["name"]
    autocomplete_fields = ["parent", "library"]


@admin.register(FolderGrant)
class FolderGrantAdmin(InOpenLibraries):
    to_library = "folder__library"
    list_display = ["folder", "library", "user", "group", "role", "created_at"]
    list_filter = ["role", "group"]
    list_select_related = ["folder__library", "user", "group"]
    search_fields = ["folder__name", "user__username", "group__name"]
    autocomplete_fields = ["folder", "user", "group"]

    @admin.display(description=_("library"), ordering="folder__library")
    def library(self, grant: FolderGrant) -> str:
        return str(grant.folder.library)


@admin.register(Tag)
class TagAdmin(InOpenLibraries):
    list_display = ["name", "library"]
    list_filter = [("library", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["library"]
    search_fields = ["name"]
    autocomplete_fields = ["library"]


@admin.register(Collection)
class CollectionAdmin(LookedOver):
    list_display = ["name", "library", "kind", "owner", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["library", "owner"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        return Collection.objects.visible_to(request.user)


@admin.register(CollectionItem)
class CollectionItemAdmin(OfVisibleAssets):
    list_display = ["collection", "asset", "position", "added_at"]
    list_select_related = ["collection", "asset"]
