import csv
import json
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path

from media_library import audit
from media_library.admin.base import LookedOver
from media_library.models import AuditEntry

COLUMNS = [
    *["at", "event", "user_id", "username", "via", "address", "library_id", "library", "kind", "object_id", "name"],
    "data",
]
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


class Line:
    """What a CSV writer writes to: gives it back."""

    def write(self, text: str) -> str:
        return text


@admin.register(AuditEntry)
class AuditEntryAdmin(LookedOver):
    """Looked at, filtered and exported. Nobody changes or removes entries; the database would refuse it."""

    change_list_template = "admin/media_library/auditentry/change_list.html"
    list_display = ["at", "event", "username", "name", "library", "address", "via"]
    list_filter = ["event", "at"]
    search_fields = ["username", "address", "name", "object_id", "library"]
    date_hierarchy = "at"
    fields = [*COLUMNS]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "export/<str:form>/", self.admin_site.admin_view(self.export), name="media_library_auditentry_export"
        )
        return [export, *super().get_urls()]

    def export(self, request: HttpRequest, form: str) -> StreamingHttpResponse:
        """What the filters of the list choose, the newest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in FORMS:
            raise Http404
        rows = self.get_changelist_instance(request).get_queryset(request).values(*COLUMNS)
        audit.record(audit.Event.EXPORTED, name="audit log", data={"format": form, "filters": request.GET.dict()})
        written, content_type = FORMS[form]
        response = StreamingHttpResponse(written(rows), content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="audit.{form}"'
        return response


def as_csv(rows: QuerySet[Any, Any]) -> Iterator[str]:
    line = csv.writer(Line())
    yield line.writerow(COLUMNS)
    for row in rows.iterator(chunk_size=2000):
        yield line.writerow([cell(row[name]) for name in COLUMNS])


def cell(value: Any) -> str:
    text = json.dumps(value, cls=DjangoJSONEncoder) if isinstance(value, dict) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def as_json_lines(rows: QuerySet[Any, Any]) -> Iterator[str]:
    for row in rows.iterator(chunk_size=2000):
        yield json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"


FORMS: dict[str, Any] = {"csv": (as_csv, "text/csv; charset=utf-8"), "jsonl": (as_json_lines, "application/x-ndjson")}
