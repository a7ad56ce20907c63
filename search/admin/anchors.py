from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from search.admin.base import ReadOnlyAdmin
from search.models import QueryAnchor


@admin.register(QueryAnchor)
class QueryAnchorAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "owner", "library", "model", "created_at", "expires_at"]
    list_filter = ["library"]
    list_select_related = ["owner", "library", "model"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(pk__in=QueryAnchor.objects.visible_to(request.user).values("pk"))
