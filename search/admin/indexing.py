from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from search import indexing
from search.admin.base import OfVisibleAssets
from search.models import Embedding, IndexEntry, Isolation


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
        indexing.again(entries)
        indexing.request_indexing()


@admin.register(Isolation)
class IsolationAdmin(OfVisibleAssets):
    list_display = ["asset", "model", "distance", "outlier", "measured_at"]
    list_filter = ["outlier", "model"]
    list_select_related = ["asset", "model"]
