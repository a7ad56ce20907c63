"""Long work, as jobs that the database keeps and Celery does.

What can be done as a job is a Kind, registered here when the apps are loaded; other apps register theirs. How a job is
run: `media_library.jobs.running`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from django.db import transaction

from dam.errors import AppError
from media_library.models import Job, JobFailure, Library, User
from media_library.models.job import MOST_ACTIVE, TooManyJobs


class TryAgain(AppError):
    """Raised by a step that may well work in a while. The job fails with it after some attempts."""

    status = 503


class Kind(ABC):
    """A kind of long work. One instance serves all jobs of the kind, so it keeps nothing of any."""

    name: ClassVar[str]
    failures_at_once: ClassVar[int] = 16  # so many fit into a step

    @abstractmethod
    def work(self, job: Job) -> Iterator[None]:
        """Go on from `job.position`, a step of a second or so at a time, and yield after each: the worker may stop
        there. A step that changes anything does so inside `job.saving()`, and moves `job.position` there.

        Raises AppError if nothing of it can be done.
        """

    @abstractmethod
    def again(self, job: Job, failures: Sequence[JobFailure]) -> None:
        """One step with these items, which failed before and count as never done once it is saved."""


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    KINDS[kind.name] = kind


def start(kind: str, *, owner: User, library: Library, **fields: Any) -> Job:
    """Write a new job of this kind down, and have it begun once that is committed. Raises TooManyJobs."""
    from media_library.jobs import running

    if Job.objects.active().filter(owner=owner)[:MOST_ACTIVE].count() == MOST_ACTIVE:
        raise TooManyJobs
    job = Job.objects.create(kind=kind, owner=owner, library=library, **fields)
    transaction.on_commit(lambda: running.request(job), robust=True)  # the sweep asks again
    return job


def set_going(job: Job, change: Callable[[Job], None]) -> None:
    """Resume or retry it, and wake a worker."""
    from media_library.jobs import running

    change(job)
    running.request(job)
