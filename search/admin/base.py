from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from media_library.admin import base


class ReadOnlyAdmin(base.LookedOver):
    """Looked at, perhaps deleted, never written by hand; a vector is neither shown nor loaded."""

    exclude = ["vector"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.defer("vector") if "vector" in {field.name for field in rows.model._meta.fields} else rows


class OfVisibleAssets(base.OfVisibleAssets, ReadOnlyAdmin):
    pass


class OfVisibleLibraries(base.OfVisibleLibraries, ReadOnlyAdmin):
    pass
