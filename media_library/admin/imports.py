from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from media_library.admin.base import Made
from media_library.models import ImportedFile, ImportSource, Library


@admin.register(ImportSource)
class ImportSourceAdmin(Made):
    """The settings say which places there are."""

    list_display = ["address", "library", "watching", "folders_as", "look_at", "problem"]
    list_filter = ["watching", "library"]
    list_select_related = ["library"]
    readonly_fields = ["library", "address", "look_at", "problem", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportSource]:
        return super().get_queryset(request).filter(library__in=Library.objects.open_to(request.user))


@admin.register(ImportedFile)
class ImportedFileAdmin(Made):
    """What is removed here is imported anew."""

    list_display = ["path", "source", "outcome", "asset", "code", "at"]
    list_filter = ["outcome", "source"]
    list_select_related = ["source", "asset"]
    search_fields = ["path"]
    readonly_fields = ["source", "path", "version", "bytes", "sha256", "outcome", "asset", "code", "message", "at"]
    fields = ("source", "path", "version", "bytes", "sha256", "outcome", "asset", "code", "message", "at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportedFile]:
        return super().get_queryset(request).filter(source__library__in=Library.objects.open_to(request.user))
