from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library.models import Asset, Folder, Library

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


class InOpenLibraries(admin.ModelAdmin):
    """What lies in a library (`to_library`: the way there): that of others is neither shown nor added to by staff."""

    to_library = "library"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(**{f"{self.to_library}__in": Library.objects.open_to(request.user)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is Library:
            kwargs["queryset"] = Library.objects.open_to(request.user)
        elif db_field.related_model is Folder:
            kwargs["queryset"] = Folder.objects.filter(library__in=Library.objects.open_to(request.user))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class OfVisibleLibraries(InOpenLibraries, LookedOver):
    pass
