from django.contrib import admin

from search.admin.base import OfVisibleLibraries
from search.models import IndexedLibrary, SavedView


@admin.register(SavedView)
class SavedViewAdmin(OfVisibleLibraries):
    list_display = ["name", "library", "owner", "created_at"]
    list_select_related = ["library", "owner"]


@admin.register(IndexedLibrary)
class IndexedLibraryAdmin(OfVisibleLibraries):
    list_display = ["library", "since"]
    list_select_related = ["library"]
