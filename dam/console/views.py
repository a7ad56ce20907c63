import shutil
from typing import Any

import redis
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dam import slow
from dam.console import failures, features, findings, state
from dam.errors import NotFound
from media_library import tasks as media_tasks
from search import tasks as search_tasks
from search.models import EmbeddingModel


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def health(request: HttpRequest) -> HttpResponse:
    """For superusers, because it is about all libraries. A POST does what one of its buttons says."""
    if not request.user.is_superuser:
        raise PermissionDenied
    if request.method == "POST":
        messages.success(request, act(request.POST.get("do", ""), request.POST.get("what", "")))
        state.forget()
        return redirect("health")
    current = state.current()
    context: dict[str, Any] = {
        "title": _("Health"),
        "state": current,
        "attention": findings.attention(),
        "slow": slow_requests(),
        "slow_seconds": settings.SLOW_SECONDS,
        "disk": None if settings.S3_BUCKET else shutil.disk_usage(settings.DATA_DIR),
        "total": sum(each.bytes for each in current.storage),
        "features": features.in_force(),
        **admin.site.each_context(request),
    }
    return render(request, "admin/health.html", context)


def act(deed: str, what: str) -> str:
    """Gives what was done, as a sentence."""
    if deed == "retry":
        kind, _sep, reason = what.partition(":")
        number = failures.retry(kind, reason)
        said = ngettext("%(count)d is tried again.", "%(count)d are tried again.", number)
        return said % {"count": number}
    if deed == "rebuild" and (model := EmbeddingModel.objects.kept().filter(pk=number_of(what)).first()):
        search_tasks.rebuild_index.delay(model.pk)
        return _("The index is being rebuilt. Searches are answered by the old one meanwhile.")
    if deed == "recall" and (model := EmbeddingModel.objects.kept().filter(pk=number_of(what)).first()):
        search_tasks.measure_recall.delay(model.pk)
        return _("It is being measured; the figures will appear here.")
    if deed == "storage":
        media_tasks.measure_storage.delay()
        return _("It is being measured; the figures will appear here.")
    if deed == "forget-slow":
        slow.forget()
        return _("The slow requests have been forgotten.")
    raise NotFound


def number_of(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def slow_requests() -> list[dict[str, Any]]:
    try:
        return slow.newest()
    except redis.RedisError:
        return []
