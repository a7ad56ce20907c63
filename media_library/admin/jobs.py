from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library.admin.base import LookedOver, Made
from media_library.jobs import set_going
from media_library.models import Job, JobFailure, ResultPart
from media_library.models.job import WrongState


@admin.register(Job)
class JobAdmin(Made):
    """Jobs are looked at here, stopped, and done before others."""

    shown = [
        "id", "kind", "owner", "library", "parameters", "state", "priority", "total", "done", "failed", "skipped",
        "attempts",
        "created_at", "started_at", "finished_at", "due_at", "error_code", "error", "result", "result_expires_at",
    ]  # fmt: skip
    list_display = ["id", "kind", "library", "owner", "state", "priority", "total", "done", "failed", "created_at"]
    list_filter = ["state", "priority", "kind", "library"]
    list_select_related = ["library", "owner"]
    fields = tuple(shown)
    readonly_fields = shown
    actions = ["pause", "resume", "cancel", "first", "in_turn", "last"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return Job.objects.visible_to(request.user).defer("items", "position")

    @admin.action(description=_("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        each(jobs, Job.pause)

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        each(jobs, lambda job: set_going(job, Job.resume))

    @admin.action(description=_("Cancel"), permissions=["change"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        each(jobs, Job.cancel)

    @admin.action(description=_("Do first"), permissions=["change"])
    def first(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        each(jobs, lambda job: job.prioritise(Job.Priority.HIGH))

    @admin.action(description=_("In turn"), permissions=["change"])
    def in_turn(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        each(jobs, lambda job: job.prioritise(Job.Priority.NORMAL))

    @admin.action(description=_("Do last"), permissions=["change"])
    def last(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        each(jobs, lambda job: job.prioritise(Job.Priority.LOW))


def each(jobs: QuerySet[Job], deed: Callable[[Job], None]) -> None:
    """To those whose state allows it."""
    for job in jobs:
        with suppress(WrongState):
            deed(job)


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
