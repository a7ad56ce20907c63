import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library.models.library import Library

if TYPE_CHECKING:
    from media_library.models.user import User

LEASE = timedelta(minutes=2)  # a worker that has saved nothing for longer than this is taken to be dead
RESULT_KEPT = timedelta(days=1)
MAX_ATTEMPTS = 5  # at one step
MOST_ACTIVE = 100  # of one owner


class WrongState(AppError):
    code = "job_state"
    status = 409
    message = _("This cannot be done with the job as it stands.")


class TooManyJobs(AppError):
    code = "too_many_jobs"
    status = 429
    retry_after = 60
    message = _("You have a hundred jobs that are not done. Wait for some, or cancel them.")


class Stopped(Exception):
    """The job was cancelled, paused or taken over: what was about to be saved is not."""


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: "User | AnonymousUser") -> "JobQuerySet":
        """One's own, and those of the libraries that one manages."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        ours = Q(owner=user) | Q(library__in=Library.objects.managed_by(user))
        return self.filter(ours, library__in=Library.objects.visible_to(user))

    def active(self) -> "JobQuerySet":
        return self.filter(state__in=Job.ACTIVE)

    def due(self) -> "JobQuerySet":
        """What waits for a worker, or had one that is dead by now."""
        return self.active().filter(due_at__lte=timezone.now())

    def before(self, pk: uuid.UUID) -> "JobQuerySet":
        """What is due and of a higher priority than that one, the most urgent first."""
        own = Job.objects.filter(pk=pk).values("priority")[:1]
        return self.due().filter(priority__gt=models.Subquery(own)).order_by("-priority", "due_at")

    def with_result_to_delete(self) -> "JobQuerySet":
        """Those whose result has had its time, or will never be complete."""
        now = timezone.now()
        given_up = Q(state=Job.State.CANCELLED) | Q(state=Job.State.FAILED, finished_at__lte=now - RESULT_KEPT)
        return self.filter(Q(result_expires_at__lte=now) | given_up, parts__isnull=False).distinct()

    def claim(self, pk: uuid.UUID) -> "Job | None":
        """The job, for this worker alone; None if there is nothing to do for it."""
        now, claim = timezone.now(), uuid.uuid4()
        taken = self.due().filter(pk=pk)
        if not taken.update(claim=claim, due_at=now + LEASE, attempts=F("attempts") + 1, state=Job.State.RUNNING):
            return None
        self.filter(claim=claim, started_at=None).update(started_at=now)
        self.filter(claim=claim, resumed_at=None).update(resumed_at=now)
        return self.select_related("library", "owner").filter(claim=claim).first()


class Job(models.Model):
    """Long work, and the record of it: what is to be done, how far it is, what has become of it.

    Celery only does what stands here. A worker claims a job, does a few seconds of it, saving each step together with
    how far that brings it, and puts it back; whoever claims it next goes on from `position`.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Priority(models.IntegerChoices):
        LOW = -1, _("Low")
        NORMAL = 0, _("Normal")
        HIGH = 1, _("High")

    ACTIVE = (State.PENDING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)  # of media_library.jobs.KINDS
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="jobs")
    library = models.ForeignKey(Library, models.CASCADE, related_name="jobs")
    parameters = models.JSONField(default=dict)
    items = models.JSONField(default=list)  # what it is about, one by one, if that was given so; may be long
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL, db_default=Priority.NORMAL)

    position = models.JSONField(default=dict, blank=True)  # where to go on; the kind knows what it means
    again_until = models.BigIntegerField(null=True, blank=True)  # doing failures again, up to this one
    total = models.PositiveIntegerField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)

    claim = models.UUIDField(null=True, blank=True, editable=False)  # the worker's that has it
    due_at = models.DateTimeField(default=timezone.now)  # from then on a worker may take it
    attempts = models.PositiveSmallIntegerField(default=0)  # since it last got ahead
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    resumed_at = models.DateTimeField(null=True, blank=True)  # the rate is counted from here
    resumed_count = models.PositiveIntegerField(default=0)  # how many were dealt with then
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)  # why all of it failed
    error = models.CharField(max_length=300, blank=True)
    result = models.JSONField(null=True, blank=True)  # of a stored one, `file`, `mime_type` and `bytes`
    result_expires_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["owner", "-created_at", "id"], name="job_of_owner"),
            models.Index(fields=["library", "-created_at", "id"], name="job_of_library"),
            models.Index(fields=["due_at"], name="job_due", condition=Q(state__in=["pending", "running"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    # --- how far it is ----------------------------------------------------------------------------------------

    @property
    def processed(self) -> int:
        return self.done + self.failed + self.skipped

    @property
    def percent(self) -> int | None:
        if self.state == self.State.DONE:
            return 100
        return min(99, 100 * self.processed // self.total) if self.total else None

    @property
    def rate(self) -> float | None:
        """Items per second since it was started, or last resumed."""
        if self.resumed_at is None:
            return None
        seconds = ((self.finished_at or timezone.now()) - self.resumed_at).total_seconds()
        return max(0, self.processed - self.resumed_count) / seconds if seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        if self.state != self.State.RUNNING or self.total is None or not self.rate:
            return None
        return max(0, self.total - self.processed) / self.rate

    # --- what a worker does with it ---------------------------------------------------------------------------

    @cached_property
    def failures_now(self) -> list["JobFailure"]:
        """Of the step that is being done."""
        return []

    @cached_property
    def done_again(self) -> list["JobFailure"]:
        """Failures that this step does again, and that therefore are none until it says so."""
        return []

    def fail_item(self, item: str, error: AppError) -> None:
        self.failed += 1
        self.failures_now.append(
            JobFailure(job=self, item=item, code=error.code[:40], message=str(error.message)[:300])
        )

    @contextmanager
    def saving(self) -> Iterator[None]:
        """One transaction for what a step does and for the record of it. Raises Stopped when the job is no longer this
        worker's: then nothing of it happens, and the job is not to be used any more."""
        with transaction.atomic():
            self.hold()
            yield
            self.save_step()

    def hold(self) -> None:
        """Keep it as it is until the end of the transaction. Raises Stopped."""
        held = Job.objects.select_for_update().filter(pk=self.pk, claim=self.claim, state=self.State.RUNNING)
        if not held.exists():
            raise Stopped

    def save_step(self) -> None:
        """Inside the transaction that holds it."""
        if self.done_again:
            JobFailure.objects.filter(pk__in=[failure.pk for failure in self.done_again]).delete()
            self.failed -= len(self.done_again)
            self.done_again.clear()
        JobFailure.objects.bulk_create(self.failures_now)
        self.failures_now.clear()
        self.attempts, self.due_at = 0, timezone.now() + LEASE
        counts = ["total", "done", "failed", "skipped"]
        self.save(update_fields=["position", *counts, "attempts", "due_at", "result", "result_expires_at"])

    def put_back(self) -> bool:
        """For the next worker. Gives whether it was this worker's still."""
        held = Job.objects.filter(pk=self.pk, claim=self.claim, state=self.State.RUNNING)
        return bool(held.update(claim=None, due_at=timezone.now(), attempts=0))

    def attempts_left(self) -> bool:
        """As it stands in the database: a step that was saved counts anew."""
        self.attempts = Job.objects.filter(pk=self.pk).values_list("attempts", flat=True).first() or 0
        return self.attempts < MAX_ATTEMPTS

    def put_off(self, delay: timedelta) -> None:
        """After a step that went wrong: it counts as an attempt."""
        held = Job.objects.filter(pk=self.pk, claim=self.claim, state=self.State.RUNNING)
        held.update(claim=None, due_at=timezone.now() + delay)

    def finish(self, state: "Job.State", error: AppError | None = None) -> None:
        """Inside the transaction that holds it, or where it does not matter whose it is."""
        self.state, self.finished_at, self.claim, self.again_until = state, timezone.now(), None, None
        if state == self.State.DONE and self.total is None:
            self.total = self.processed
        if error:
            self.error_code, self.error = error.code[:40], str(error.message)[:300]
        self.save(update_fields=["state", "finished_at", "total", "claim", "again_until", "error_code", "error"])

    # --- what people do with it -------------------------------------------------------------------------------

    def change(self, allowed: Sequence["Job.State"], sentence: Any, **fields: Any) -> None:
        """Set fields if its state is one of these, else raise WrongState."""
        if not Job.objects.filter(pk=self.pk, state__in=allowed).update(claim=None, **fields):
            raise WrongState(sentence)
        self.refresh_from_db()

    def cancel(self) -> None:
        """For good. What it has done stays."""
        ended = {"state": self.State.CANCELLED, "finished_at": timezone.now()}
        self.change([*self.ACTIVE, self.State.PAUSED], _("This job is over already."), **ended)

    def pause(self) -> None:
        self.change(self.ACTIVE, _("Only a job that waits or runs can be paused."), state=self.State.PAUSED)

    def prioritise(self, priority: "Job.Priority") -> None:
        """From the next step on. Who has it now, goes on with it."""
        unfinished = Job.objects.filter(pk=self.pk, state__in=[*self.ACTIVE, self.State.PAUSED])
        if not unfinished.update(priority=priority):
            raise WrongState(_("This job is over already."))
        self.refresh_from_db()

    def resume(self) -> None:
        self.change([self.State.PAUSED], _("This job is not paused."), **self._anew())

    def retry(self) -> None:
        """Do again what failed, and go on where it broke off."""
        last = self.failures.order_by("-id").values_list("pk", flat=True).first()
        if last is None and self.state != self.State.FAILED:
            raise WrongState(_("Nothing of this job has failed."))
        over = [self.State.DONE, self.State.FAILED]
        fields = {"again_until": last, "finished_at": None, "error": "", "error_code": ""}
        self.change(over, _("Only a job that is over can be retried."), **fields, **self._anew())

    def _anew(self) -> dict[str, Any]:
        return {
            "state": self.State.PENDING, "due_at": timezone.now(), "attempts": 0, "resumed_at": None,
            "resumed_count": F("done") + F("failed") + F("skipped"),
        }  # fmt: skip


class JobFailure(models.Model):
    """What could not be done of a job, and why."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="failures", db_index=False)
    item = models.TextField()  # the id of an asset, a path, a URL
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["job", "id"], name="job_failures")]

    def __str__(self) -> str:
        return f"{self.item}: {self.message}"


class ResultPart(models.Model):
    """A piece of a job's stored result, as one step has written it. The result is all pieces but the drafts, one after
    the other: nothing is written twice, and each piece may be written by another worker."""

    class Section(models.IntegerChoices):
        BODY = 0
        MANIFEST = 1
        DIRECTORY = 2
        END = 3
        DRAFT = 4  # not in the result: what the manifest is made of

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts", db_index=False)
    section = models.PositiveSmallIntegerField(choices=Section.choices)
    file = models.FileField(max_length=300)
    bytes = models.PositiveBigIntegerField()
    names = ArrayField(models.CharField(max_length=32), default=list, blank=True)  # of the files within it, as digests

    class Meta:
        ordering = ["section", "id"]
        indexes = [
            models.Index(fields=["job", "section", "id"], name="job_result_parts"),
            GinIndex(fields=["names"], name="job_result_names"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.file.name}"
