from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library.models import Asset, Library

admin.site.site_header = admin.site.site_title = _("Media Library")


class Made(admin.ModelAdmin):
    """What the library makes: never by a form here, because it is checked, or its secret shown, where it is made."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class LookedOver(Made):
    """What can be looked over and removed, and is changed elsewhere."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ShownInline(admin.TabularInline):
    """Rows on the page of what they belong to, to be looked at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfVisibleAssets(LookedOver):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(asset__in=Asset.objects.visible_to(request.user))


class OfVisibleLibraries(LookedOver):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(library__in=Library.objects.open_to(request.user))
