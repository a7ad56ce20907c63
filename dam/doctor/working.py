"""Whether what was begun gets on."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from dam.doctor import Check, Finding, ok, problem
from media_library.models import Asset, Delivery, Job, PartialUpload, Version
from search import indexing
from search.models import IndexEntry

LONG = timedelta(hours=1)
OVERDUE = timedelta(minutes=15)


def stuck() -> Iterator[Finding]:
    """Nothing waits longer than an hour before a worker has tried it, unless an import is very large."""
    now = timezone.now()
    jobs = Job.objects.due().filter(due_at__lt=now - OVERDUE)
    found = {
        "pictures without thumbnails": (
            Asset.objects.filter(state=Asset.State.PROCESSING, created_at__lt=now - LONG).count(),
            "media",
        ),
        "new files of assets": (
            Version.objects.filter(state=Version.State.PROCESSING, requested_at__lt=now - LONG).count(),
            "media",
        ),
        "pictures in the hands of an index worker": (
            IndexEntry.objects.filter(
                state=IndexEntry.State.RUNNING, started_at__lt=now - indexing.LEASE - OVERDUE
            ).count(),
            "index",
        ),
        "jobs that are due": (jobs.count(), "jobs"),
        "messages to webhooks": (Delivery.objects.due(now - OVERDUE).count(), "media"),
        "uploads that are complete and not stored": (
            PartialUpload.objects.complete().filter(expires_at__lt=now + PartialUpload.LIFETIME - OVERDUE).count(),
            "media",
        ),
    }
    waiting = {what: told for what, told in found.items() if told[0]}
    for what, (count, worker) in waiting.items():
        advice = f"See that the {worker} worker and beat run, and what the worker's log says."
        yield problem("stuck", f"{count} {what} have not got on for long.", advice)
    if not waiting:
        yield ok("stuck", "Nothing waits longer than it should.")


CHECKS = [Check("stuck", stuck, ("database", "migrations"))]
