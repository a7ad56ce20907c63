from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from media_library.admin.base import LookedOver, OfVisibleAssets
from media_library.models import Collection, CollectionItem, Folder, Tag


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
