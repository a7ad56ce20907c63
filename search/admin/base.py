from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from media_library.models import Asset, Library


class ReadOnlyAdmin(admin.ModelAdmin):
    """Looked at, perhaps deleted, never written by hand; a vector is neither shown nor loaded."""

    show_full_result_count = False
    exclude = ["vector"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.defer("vector") if "vector" in {field.name for field in rows.model._meta.fields} else rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OfVisibleAssets(ReadOnlyAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(asset__in=Asset.objects.visible_to(request.user))


class OfVisibleLibraries(ReadOnlyAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(library__in=Library.objects.visible_to(request.user))
