"""How far a job is, and what it has made: a page, and what a message shows of it."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dam.errors import NotFound
from media_library.models import Job, Role
from media_library.views.place import Place
from media_library.views.request import PageRequest

SHOWN = 20


@login_required
@require_safe
def job(request: PageRequest, job_id: UUID) -> HttpResponse:
    found = Job.objects.visible_to(request.user).filter(pk=job_id).first()
    if found is None:
        raise NotFound
    context = {"job": found, "active": found.state in Job.ACTIVE}
    if request.htmx:
        return render(request, "media_library/_job.html", context)
    context |= {
        "place": Place.find(request, Role.VIEWER, pk=found.library_id),
        "failures": found.failures.all()[:SHOWN],
    }
    return render(request, "media_library/job.html", context)
