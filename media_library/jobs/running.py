"""How jobs get on: a worker claims one, does some seconds of it and puts it back, so that all take turns.

Whatever is killed at any moment, what was saved is saved, and the next worker goes on from there: a job's progress is
written in the same transaction as what it did, which only the worker that has the job can commit.
"""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from dam.errors import AppError
from media_library import audit, events
from media_library.jobs import KINDS, Kind, TryAgain
from media_library.jobs.results import delete_results
from media_library.models import Event, Job
from media_library.models.job import MAX_ATTEMPTS, Stopped

logger = logging.getLogger(__name__)

SLICE_SECONDS = 5.0
BACK_OFF = timedelta(seconds=10)  # times the number of attempts
REQUESTED_SECONDS = 60
TOLD = ("id", "kind", "state", "total", "done", "failed", "skipped", "error", "finished_at")  # to webhooks
KEPT = timedelta(days=90)  # the record of a job that is over


class Broken(AppError):
    code = "broken"
    status = 500
    message = _("Something broke on the server, several times. Its log says what.")


class WorkerDied(AppError):
    code = "worker_died"
    status = 500
    message = _("The worker died at the same place several times. Its log may say why.")


class UnknownKind(AppError):
    code = "unknown_kind"
    status = 500
    message = _("This version of the library does not know how to do this.")


def request(job: Job) -> None:
    """Wake a worker for it; one waiting message is enough."""
    from media_library import tasks

    if cache.add(requested(job.pk), 1, timeout=REQUESTED_SECONDS):
        tasks.run_job.delay(str(job.pk))


def requested(pk: UUID) -> str:
    return f"job-requested:{pk}"


def sweep() -> None:
    """Wake workers for what a crash left behind or whose message was lost; remove results and records in their time."""
    for job in Job.objects.due().order_by("-priority", "due_at").only("pk")[:1000]:
        request(job)
    for job in Job.objects.with_result_to_delete().only("pk")[:100]:
        delete_results(job)
    for job in Job.objects.filter(finished_at__lte=timezone.now() - KEPT).only("pk")[:100]:
        delete_results(job)
        job.delete()


def run(pk: UUID, *, seconds: float = SLICE_SECONDS) -> None:
    """Some seconds of this job, if nobody else is at it, or of one that is more urgent. May be called twice, and
    stopped at any moment."""
    cache.delete(requested(pk))
    job = claim_before(pk) or Job.objects.claim(pk)
    if job is None:
        return
    with audit.acting(audit.Origin(user=job.owner, via=f"job {job.pk}")):
        work_on(job, seconds)


def claim_before(pk: UUID) -> Job | None:
    """The most urgent job that has to wait no longer than that one, which then is asked for again."""
    for urgent in Job.objects.before(pk).values_list("pk", flat=True)[:10]:
        if job := Job.objects.claim(urgent):
            request(Job(pk=pk))
            return job
    return None


def work_on(job: Job, seconds: float) -> None:
    try:
        over = job.attempts > MAX_ATTEMPTS
        if over or advance(job, time.monotonic() + seconds):
            end(job, WorkerDied() if over else None)
        elif job.put_back():
            request(job)
    except Stopped:
        pass  # cancelled, paused, or another worker has it
    except TryAgain as error:
        break_off(job, error)
    except AppError as error:
        end(job, error)
    except Exception as error:  # what a store or a disk raises is its own
        logger.exception("Job %s stopped in the midst of it.", job)
        break_off(job, Broken(_("It stopped: %s.") % error.strerror if isinstance(error, OSError) else None))


def advance(job: Job, deadline: float) -> bool:
    """Whether it is done with, before the time is over."""
    kind = KINDS.get(job.kind)
    if kind is None:
        raise UnknownKind
    return all(time.monotonic() <= deadline for _step in steps(kind, job))


def steps(kind: Kind, job: Job) -> Iterator[None]:
    while job.again_until is not None:
        failures = list(job.failures.filter(pk__lte=job.again_until).order_by("pk")[: kind.failures_at_once])
        if not failures:
            break
        job.done_again[:] = failures
        kind.again(job, failures)
        yield
    yield from kind.work(job)


def end(job: Job, error: AppError | None = None) -> None:
    try:
        with events.gathered():
            job.hold()
            job.finish(Job.State.FAILED if error else Job.State.DONE, error)
            events.announced(Event.JOB_FINISHED, job.library_id, {"job": {name: getattr(job, name) for name in TOLD}})
    except Stopped:
        pass


def break_off(job: Job, error: AppError) -> None:
    """To be tried again after a while, unless it was tried often enough. What is known of it stays as it was saved."""
    if job.attempts_left():
        job.put_off(BACK_OFF * job.attempts)
    else:
        end(job, error)
