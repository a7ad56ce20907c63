"""What is being done: jobs with how far they are, and what is being processed and indexed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dam.errors import NotFound, StrOrPromise
from media_library import findable, jobs
from media_library.chips import address
from media_library.models import Asset, Job, JobQuerySet
from media_library.paging import page
from media_library.views.place import Place
from media_library.views.request import PageRequest

AT_ONCE = 20
FAILURES = 100
State = Job.State

KINDS: dict[str, StrOrPromise] = {
    "export_zip": gettext_lazy("Export as a ZIP file"),
    "export_jsonl": gettext_lazy("Export as JSON Lines"),
    "bulk_tag": gettext_lazy("Tag pictures"),
    "bulk_untag": gettext_lazy("Take tags off pictures"),
    "bulk_move": gettext_lazy("Move pictures"),
    "bulk_collect": gettext_lazy("Add pictures to a collection"),
    "bulk_delete": gettext_lazy("Move pictures to the trash"),
    "bulk_restore": gettext_lazy("Restore pictures"),
    "bulk_metadata": gettext_lazy("Change metadata"),
    "bulk_reindex": gettext_lazy("Index pictures again"),
    "import_urls": gettext_lazy("Import from addresses"),
    "import": gettext_lazy("Import from a folder or bucket"),
}


PRIORITIES: list[tuple[str, StrOrPromise]] = [
    ("high", gettext_lazy("Do first")),
    ("normal", gettext_lazy("In turn")),
    ("low", gettext_lazy("Do last")),
]


@dataclass(frozen=True)
class Row:
    """A job, and what the caller may do with it now."""

    job: Job
    owned: bool

    @property
    def title(self) -> StrOrPromise:
        action = f"_{self.job.parameters.get('action', '')}" if self.job.kind == "bulk" else ""
        return KINDS.get(self.job.kind + action, self.job.kind.replace("_", " "))

    @property
    def about(self) -> str:
        """What tells it from others of its kind: the name of a file, a place."""
        about = self.job.parameters.get("name") or self.job.parameters.get("address") or ""
        return about if isinstance(about, str) else ""

    @property
    def active(self) -> bool:
        return self.job.state in Job.ACTIVE

    @property
    def can_cancel(self) -> bool:
        return self.active or self.job.state == State.PAUSED

    @property
    def priorities(self) -> list[tuple[str, StrOrPromise]]:
        """Those that it could have instead: the name of the deed, and what its button says."""
        own = Job.Priority(self.job.priority).name.lower()
        return [each for each in PRIORITIES if each[0] != own] if self.can_cancel else []

    @property
    def can_retry(self) -> bool:
        job = self.job
        return job.state == State.FAILED or (job.state == State.DONE and job.failed > 0)

    @property
    def downloadable(self) -> bool:
        job = self.job
        kept = not job.result_expires_at or job.result_expires_at > timezone.now()
        return self.owned and kept and bool(job.result and "file" in job.result)


def jobs_of(place: Place) -> JobQuerySet:
    seen = Job.objects.visible_to(place.request.user).filter(library=place.library)
    return seen.select_related("owner").defer("items", "position")


@login_required
@require_safe
@vary_on_headers("HX-Request")
def activity(request: PageRequest, slug: str) -> HttpResponse:
    """One's own jobs and, for managers, everybody's, newest first; asked for by htmx, only them."""
    place = Place.of(request, slug)
    shown = page(jobs_of(place), limit=AT_ONCE, cursor=request.GET.get("cursor", ""))
    context = {
        "place": place,
        "rows": [Row(job, job.owner_id == request.user.pk) for job in shown.items],
        "more_url": address(request.path, [("cursor", shown.next_cursor)]) if shown.next_cursor else "",
        "polls": any(job.state in Job.ACTIVE for job in shown.items),
    }
    if request.htmx:
        return render(request, "media_library/_activity_jobs.html", context)
    return render(request, "media_library/activity.html", context | processing(place))


def processing(place: Place) -> dict[str, Any]:
    assets = Asset.objects.visible_to(place.request.user).live().filter(library=place.library)
    return {
        "progress": findable.index.progress(place.library, place.request.user),
        "rendering": assets.filter(state=Asset.State.PROCESSING).count(),
        "unreadable": assets.filter(state=Asset.State.FAILED).count(),
    }


def found(place: Place, job_id: UUID) -> Job:
    job = jobs_of(place).filter(pk=job_id).first()
    if job is None:
        raise NotFound
    return job


@login_required
@require_safe
@vary_on_headers("HX-Request")
def job(request: PageRequest, slug: str, job_id: UUID) -> HttpResponse:
    """One job, with what failed, one by one."""
    place = Place.of(request, slug)
    shown = found(place, job_id)
    row = Row(shown, shown.owner_id == request.user.pk)
    failures = page(shown.failures.all(), sort="created_at", limit=FAILURES, cursor=request.GET.get("cursor", ""))
    context = {
        "place": place,
        "row": row,
        "rows": [row],
        "polls": shown.state in Job.ACTIVE,
        "failures": named(place, [(each.item, each.message) for each in failures.items]),
        "more_url": address(request.path, [("cursor", failures.next_cursor)]) if failures.next_cursor else "",
    }
    return render(
        request, "media_library/_activity_jobs.html" if request.htmx else "media_library/activity_job.html", context
    )


def named(place: Place, failures: list[tuple[str, str]]) -> list[tuple[str, Asset | None, str]]:
    """Items that are pictures with them: one query."""
    ids = [UUID(item) for item, _message in failures if is_id(item)]
    assets = Asset.objects.visible_to(place.request.user).filter(library=place.library).in_bulk(ids)
    return [(item, assets.get(UUID(item)) if is_id(item) else None, message) for item, message in failures]


def is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


DEEDS: dict[str, Callable[[Job], None]] = {
    "cancel": Job.cancel,
    "pause": Job.pause,
    "resume": lambda job: jobs.set_going(job, Job.resume),
    "retry": lambda job: jobs.set_going(job, Job.retry),
    "low": lambda job: job.prioritise(Job.Priority.LOW),
    "normal": lambda job: job.prioritise(Job.Priority.NORMAL),
    "high": lambda job: job.prioritise(Job.Priority.HIGH),
}


@login_required
@require_POST
def change(request: PageRequest, slug: str, job_id: UUID, deed: str) -> HttpResponse:
    """Cancel, pause, resume or retry it, or change its priority."""
    place = Place.of(request, slug)
    changed = found(place, job_id)
    if deed not in DEEDS:
        raise NotFound
    DEEDS[deed](changed)
    return redirect("activity", slug=slug)


@login_required
@require_safe
def progress(request: PageRequest, job_id: UUID) -> HttpResponse:
    """What a message shows of a job, for htmx; its page otherwise."""
    found = Job.objects.visible_to(request.user).select_related("library").filter(pk=job_id).first()
    if found is None:
        raise NotFound
    if not request.htmx:
        return redirect("activity-job", found.library.slug, found.pk)
    context = {"job": found, "active": found.state in Job.ACTIVE}
    return render(request, "media_library/_job_progress.html", context)
