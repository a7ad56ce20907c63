from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from search.admin.base import OfVisibleLibraries
from search.models import IndexedLibrary, SavedSearch, SavedView


@admin.register(SavedView)
class SavedViewAdmin(OfVisibleLibraries):
    list_display = ["name", "library", "owner", "created_at"]
    list_select_related = ["library", "owner"]


@admin.register(SavedSearch)
class SavedSearchAdmin(OfVisibleLibraries):
    """Those that are shared; private ones are their owners' alone."""

    list_display = ["name", "library", "owner", "shared", "created_at"]
    list_select_related = ["library", "owner"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(shared=True)


@admin.register(IndexedLibrary)
class IndexedLibraryAdmin(OfVisibleLibraries):
    list_display = ["library", "since"]
    list_select_related = ["library"]
