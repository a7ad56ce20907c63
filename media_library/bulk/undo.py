"""What takes changes of many assets back: kept for an hour for who made them, and good for once."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library import jobs
from media_library.bulk import ACTIONS, MOST_AT_ONCE, BulkChange, Failures, Step, change
from media_library.models import Job, Library, User
from media_library.models.job import WrongState

KEPT_SECONDS = 3600


class Over(AppError):
    code = "undo_over"
    status = 409
    message = _("This cannot be undone any more.")


@dataclass(frozen=True)
class Kept:
    library_id: UUID
    steps: list[Step]
    job_id: UUID | None  # that makes the change, if it is not made yet

    @property
    def ids(self) -> list[UUID]:
        return list(dict.fromkeys(pk for step in self.steps for pk in step.ids))


def keep(user: User, library: Library, steps: Sequence[Step], job: Job | None = None) -> str:
    """Gives the key to it, empty if there is nothing to take back."""
    if not any(step.ids for step in steps):
        return ""
    key = str(uuid4())
    cache.set(name(user, key), Kept(library.pk, list(steps), job.pk if job else None), KEPT_SECONDS)
    return key


def take(user: User, key: UUID) -> Kept:
    """Raises Over."""
    kept: Kept | None = cache.get(name(user, str(key)))
    if kept is None or not cache.delete(name(user, str(key))):  # of two who ask, one deletes it
        raise Over
    return kept


def name(user: User, key: str) -> str:
    return f"undo:{user.pk}:{key}"


def undo(kept: Kept, library: Library, user: User) -> Failures:
    """Take it back: at once, and what is too much for that as jobs. A job that is still at it is cancelled."""
    if kept.job_id and (job := Job.objects.filter(pk=kept.job_id, owner=user).first()):
        with suppress(WrongState):  # it is done
            job.cancel()
    failures: Failures = {}
    for step in kept.steps:
        failures |= one_step(step, library, user)
    return failures


def one_step(step: Step, library: Library, user: User) -> Failures:
    if len(step.ids) > MOST_AT_ONCE:
        parameters = {"action": step.action, "options": step.options}
        jobs.start(BulkChange.name, owner=user, library=library, items=list(map(str, step.ids)), parameters=parameters)
        return {}
    try:
        return change(ACTIONS[step.action], library, user, step.ids, step.options)
    except AppError as error:  # the former folder is gone
        return dict.fromkeys(step.ids, error)
