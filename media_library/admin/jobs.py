from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library.admin.base import LookedOver, Made
from media_library.models import Job, JobFailure, ResultPart
from media_library.models.job import WrongState


@admin.register(Job)
class JobAdmin(Made):
    """Jobs are looked at here, and stopped."""

    shown = [
        "id", "kind", "owner", "library", "parameters", "state", "total", "done", "failed", "skipped", "attempts",
        "created_at", "started_at", "finished_at", "due_at", "error_code", "error", "result", "result_expires_at",
    ]  # fmt: skip
    list_display = ["id", "kind", "library", "owner", "state", "total", "done", "failed", "skipped", "created_at"]
    list_filter = ["state", "kind", "library"]
    list_select_related = ["library", "owner"]
    fields = tuple(shown)
    readonly_fields = shown
    actions = ["cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return Job.objects.visible_to(request.user).defer("items", "position")

    @admin.action(description=_("Cancel"), permissions=["change"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        for job in jobs.filter(state__in=[*Job.ACTIVE, Job.State.PAUSED]):
            with suppress(WrongState):  # it has just ended
                job.cancel()


class OfVisibleJobs(LookedOver):
    """Only to be looked at."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(job__in=Job.objects.visible_to(request.user))


@admin.register(JobFailure)
class JobFailureAdmin(OfVisibleJobs):
    list_display = ["item", "job", "code", "message", "created_at"]
    list_select_related = ["job"]
    fields = ("job", "item", "code", "message", "created_at")


@admin.register(ResultPart)
class ResultPartAdmin(OfVisibleJobs):
    list_display = ["file", "job", "section", "bytes"]
    list_select_related = ["job"]
    fields = ("job", "section", "file", "bytes")
