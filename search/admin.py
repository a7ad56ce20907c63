"""Models, vectors and the indexing queue, for administrators. Vectors are counted here and never shown."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library.models import Asset, Library
from search import indexing, recall, tasks
from search.models import (
    Cluster,
    Clustering,
    ClusterMember,
    DetectorRun,
    Embedding,
    EmbeddingModel,
    IndexEntry,
    Isolation,
    QueryAnchor,
    RecallMeasurement,
    Region,
    RegionEmbedding,
)


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
    list_display = ["name", "source", "dimensions", "precision", "state", "cluster_heights", "created_at"]
    list_filter = ["state"]
    actions = ["measure_recall", "rebuild_index"]

    @admin.action(description=_("Measure how much its searches find"), permissions=["view"])
    def measure_recall(self, request: HttpRequest, models: QuerySet[EmbeddingModel]) -> None:
        for model in models:
            tasks.measure_recall.delay(model.pk)
        self.message_user(request, _("It is being measured; the figures will appear under Recall measurements."))

    @admin.action(description=_("Rebuild its index, without a pause for searches"), permissions=["view"])
    def rebuild_index(self, request: HttpRequest, models: QuerySet[EmbeddingModel]) -> None:
        for model in models:
            tasks.rebuild_index.delay(model.pk)
        self.message_user(request, _("The index is being rebuilt. Searches are answered by the old one meanwhile."))


@admin.register(RecallMeasurement)
class RecallMeasurementAdmin(ReadOnlyAdmin):
    list_display = ["measured_at", "model", "library", "kind", "scope", "assets", "found", "hits", "plans", "times"]
    list_filter = ["model", "kind", "scope"]
    list_select_related = ["model", "library"]
    date_hierarchy = "measured_at"

    @admin.display(description=_("recall"), ordering="recall")
    def found(self, measured: RecallMeasurement) -> str:
        low = recall.too_low([measured])
        return f"{'⚠ ' if low else ''}{100 * measured.recall:.1f} %"

    @admin.display(description=_("fewest hits"), ordering="fewest_hits")
    def hits(self, measured: RecallMeasurement) -> str:
        return f"{measured.fewest_hits} / {min(measured.k, measured.assets)}"

    @admin.display(description=_("ms, search / exact"))
    def times(self, measured: RecallMeasurement) -> str:
        return f"{measured.search_ms:.1f} / {measured.exact_ms:.1f}"


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


@admin.register(Isolation)
class IsolationAdmin(OfVisibleAssets):
    list_display = ["asset", "model", "distance", "outlier", "measured_at"]
    list_filter = ["outlier", "model"]
    list_select_related = ["asset", "model"]


@admin.register(Region)
class RegionAdmin(OfVisibleAssets):
    list_display = ["label", "asset", "source", "confidence", "created_by", "created_at"]
    list_filter = ["source"]
    list_select_related = ["asset", "created_by"]


@admin.register(RegionEmbedding)
class RegionEmbeddingAdmin(ReadOnlyAdmin):
    list_display = ["region", "model", "attempts", "started_at", "finished_at", "error"]
    list_filter = ["model", "error_code"]
    list_select_related = ["region", "model"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(region__in=Region.objects.visible_to(request.user))


@admin.register(DetectorRun)
class DetectorRunAdmin(OfVisibleAssets):
    list_display = ["asset", "detector", "attempts", "started_at", "finished_at", "error"]
    list_filter = ["error_code"]


@admin.register(Clustering)
class ClusteringAdmin(ReadOnlyAdmin):
    list_display = ["library", "model", "entity_type", "size", "computed_at", "seconds", "run_seen_at", "run_percent"]
    list_filter = ["entity_type", "model"]
    list_select_related = ["library", "model"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(library__in=Library.objects.visible_to(request.user))


@admin.register(Cluster)
class ClusterAdmin(ReadOnlyAdmin):
    list_display = ["id", "clustering", "level", "size"]
    list_filter = ["level"]
    list_select_related = ["clustering"]
    exclude = ["mean"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        libraries = Library.objects.visible_to(request.user)
        return super().get_queryset(request).defer("mean").filter(clustering__library__in=libraries)


@admin.register(ClusterMember)
class ClusterMemberAdmin(OfVisibleAssets):
    list_display = ["asset", "level_0", "level_1", "level_2", "level_3", "level_4", "settled"]
    list_select_related = ["asset"]


@admin.register(QueryAnchor)
class QueryAnchorAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "owner", "library", "model", "created_at", "expires_at"]
    list_filter = ["library"]
    list_select_related = ["owner", "library", "model"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(pk__in=QueryAnchor.objects.visible_to(request.user).values("pk"))
