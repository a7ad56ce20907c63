"""Models, vectors and the indexing queue, for administrators. Vectors are counted here and never shown."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library.models import Asset
from search import indexing
from search.embedders import engines
from search.models import Embedding, EmbeddingModel, IndexEntry, QueryAnchor


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


@admin.register(EmbeddingModel)
class EmbeddingModelAdmin(ReadOnlyAdmin):
    list_display = ["name", "source", "dimensions", "precision", "state", "created_at"]
    list_filter = ["state"]
    readonly_fields = ["engine"]

    @admin.display(description=_("Engine"))
    def engine(self, model: EmbeddingModel) -> str:
        try:
            return engines.engine(model.source).sentence
        except AppError as error:
            return str(error.message)


@admin.register(Embedding)
class EmbeddingAdmin(OfVisibleAssets):
    list_display = ["asset", "model"]
    list_filter = ["model"]
    list_select_related = ["asset", "model"]


@admin.register(IndexEntry)
class IndexEntryAdmin(OfVisibleAssets):
    list_display = ["asset", "model", "state", "attempts", "started_at", "finished_at", "error"]
    list_filter = ["state", "model", "error_code"]
    list_select_related = ["asset", "model"]
    actions = ["try_again"]

    @admin.action(description=_("Try to index again"), permissions=["view"])
    def try_again(self, request: HttpRequest, entries: QuerySet[IndexEntry]) -> None:
        entries.exclude(state=IndexEntry.State.RUNNING).update(state=IndexEntry.State.PENDING, attempts=0)
        indexing.request_indexing()


@admin.register(QueryAnchor)
class QueryAnchorAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "owner", "library", "model", "created_at", "expires_at"]
    list_filter = ["library"]
    list_select_related = ["owner", "library", "model"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(pk__in=QueryAnchor.objects.visible_to(request.user).values("pk"))
