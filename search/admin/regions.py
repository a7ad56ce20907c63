from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from search.admin.base import OfVisibleAssets, ReadOnlyAdmin
from search.models import DetectorRun, Region, RegionEmbedding


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
    list_select_related = ["asset"]
