from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from media_library.models import Library
from search.admin.base import OfVisibleAssets, OfVisibleLibraries, ReadOnlyAdmin
from search.models import Cluster, Clustering, ClusterMember, Region, RegionClusterMember


@admin.register(Clustering)
class ClusteringAdmin(OfVisibleLibraries):
    list_display = ["library", "model", "entity_type", "size", "computed_at", "seconds", "run_seen_at", "run_percent"]
    list_filter = ["entity_type", "model"]
    list_select_related = ["library", "model"]


@admin.register(Cluster)
class ClusterAdmin(ReadOnlyAdmin):
    list_display = ["id", "clustering", "level", "size"]
    list_filter = ["level"]
    list_select_related = ["clustering"]
    exclude = ["mean"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        libraries = Library.objects.open_to(request.user)
        return super().get_queryset(request).defer("mean").filter(clustering__library__in=libraries)


@admin.register(ClusterMember)
class ClusterMemberAdmin(OfVisibleAssets):
    list_display = ["asset", "level_0", "level_1", "level_2", "level_3", "level_4", "settled"]
    list_select_related = ["asset"]


@admin.register(RegionClusterMember)
class RegionClusterMemberAdmin(ReadOnlyAdmin):
    list_display = ["region", "level_0", "level_1", "level_2", "level_3", "level_4", "settled"]
    list_select_related = ["region"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(region__in=Region.objects.visible_to(request.user))
