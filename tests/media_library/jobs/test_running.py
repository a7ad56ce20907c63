"""How jobs get on: turns, stops, failures, crashes; each thing done once."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dam.errors import AppError
from media_library import jobs
from media_library.jobs import Kind, TryAgain, running
from media_library.models import Folder, Job, JobFailure, Library, User
from media_library.models.job import MAX_ATTEMPTS, Stopped
from tests.media_library.jobs.doing import counts, failures, run, run_step

pytestmark = pytest.mark.django_db


class Refused(AppError):
    code = "refused"
    message = "Not this one."


class Folders(Kind):
    """Makes a folder of each item; `interrupt` is called in the midst of each step, `refuse` names what fails."""

    name = "folders"

    def __init__(self) -> None:
        self.interrupt: Any = lambda: None
        self.refuse: set[str] = set()

    def work(self, job: Job) -> Iterator[None]:
        while (at := job.position.get("at", 0)) < len(job.items):
            self.make(job, [job.items[at]], {"at": at + 1})
            yield

    def again(self, job: Job, failed: Sequence[JobFailure]) -> None:
        self.make(job, [failure.item for failure in failed], job.position)

    def make(self, job: Job, names: list[str], position: dict[str, int]) -> None:
        with job.saving():
            for name in names:
                if name in self.refuse:
                    job.fail_item(name, Refused())
                else:
                    Folder.objects.create(library=job.library, name=name)
                    job.done += 1
            self.interrupt()
            job.position = position


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Folders:
    made = Folders()
    monkeypatch.setitem(jobs.KINDS, Folders.name, made)
    return made


@pytest.fixture
def job(kind: Folders, library: Library, user: User) -> Job:
    return jobs.start(Folders.name, owner=user, library=library, items=["a", "b", "c"], total=3)


def names() -> list[str]:
    return list(Folder.objects.values_list("name", flat=True))


def test_it_is_done_and_says_how(job: Job) -> None:
    job = run(job)
    assert (job.state, job.percent, counts(job)) == (Job.State.DONE, 100, (3, 3, 0, 0))
    assert job.started_at and job.finished_at and job.rate
    assert names() == ["a", "b", "c"]


def test_it_goes_on_where_it_was_put_back(job: Job, messages: list[str]) -> None:
    job = run_step(job)
    assert (job.state, job.percent, names()) == (Job.State.RUNNING, 33, ["a"])
    assert messages == [str(job.pk)]  # whoever stops asks for the next turn
    run(job)
    assert names() == ["a", "b", "c"]


def test_the_time_left_follows_from_the_rate(job: Job) -> None:
    job = run_step(job)
    Job.objects.filter(pk=job.pk).update(resumed_at=timezone.now() - timedelta(seconds=10))
    job.refresh_from_db()
    assert job.rate and job.rate == pytest.approx(0.1, rel=0.1)
    assert job.seconds_left and job.seconds_left == pytest.approx(20, rel=0.1)


def test_only_one_worker_has_it(job: Job) -> None:
    assert Job.objects.claim(job.pk)
    assert Job.objects.claim(job.pk) is None
    run(job)
    assert names() == []


def test_what_a_dead_worker_had_is_taken_over_after_its_lease(job: Job, messages: list[str]) -> None:
    Job.objects.claim(job.pk)
    running.sweep()
    assert messages == []
    Job.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    running.sweep()
    assert messages == [str(job.pk)]
    assert run(job).state == Job.State.DONE


def test_a_worker_that_was_only_slow_commits_nothing(job: Job, kind: Folders) -> None:
    slow = Job.objects.claim(job.pk)
    assert slow
    Job.objects.update(due_at=timezone.now())
    run(job)
    with pytest.raises(Stopped):
        kind.make(slow, ["d"], {"at": 4})
    assert names() == ["a", "b", "c"]


def test_a_crash_in_the_midst_of_a_step_leaves_nothing_of_it(job: Job, kind: Folders) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    run_step(job)
    kind.interrupt = die
    with pytest.raises(KeyboardInterrupt):
        run(job)
    assert names() == ["a"]
    kind.interrupt = lambda: None
    Job.objects.update(due_at=timezone.now())
    assert counts(run(job)) == (3, 3, 0, 0)
    assert names() == ["a", "b", "c"]


def test_a_step_that_kills_its_worker_again_and_again_is_given_up(job: Job) -> None:
    for _attempt in range(MAX_ATTEMPTS):
        assert Job.objects.claim(job.pk)
        Job.objects.update(due_at=timezone.now())
    job = run(job)
    assert (job.state, job.error_code) == (Job.State.FAILED, "worker_died")


def test_slices_without_anything_to_save_are_no_attempts(job: Job) -> None:
    for _turn in range(MAX_ATTEMPTS + 2):
        held = Job.objects.claim(job.pk)
        assert held and held.put_back()
    assert run(job).state == Job.State.DONE


def test_what_broke_is_tried_again_later_and_then_given_up(job: Job, kind: Folders) -> None:
    def break_() -> None:
        raise OSError(28, "No space left on device")

    kind.interrupt = break_
    for _attempt in range(MAX_ATTEMPTS):
        assert run(job).state == Job.State.RUNNING
        assert not Job.objects.due().exists()
        Job.objects.update(due_at=timezone.now())
        job.refresh_from_db()
        if job.attempts == MAX_ATTEMPTS - 1:
            break
    job = run(job)
    assert (job.state, job.error_code, job.error) == (
        Job.State.FAILED,
        "broken",
        "It stopped: No space left on device.",
    )
    assert names() == []


def test_what_may_work_in_a_while_says_so_when_it_never_does(job: Job, kind: Folders) -> None:
    class Away(TryAgain):
        code = "away"
        message = "It is away."

    def away() -> None:
        raise Away

    kind.interrupt = away
    assert run(job).state == Job.State.RUNNING
    Job.objects.update(due_at=timezone.now(), attempts=MAX_ATTEMPTS - 1)
    job = run(job)
    assert (job.state, job.error_code) == (Job.State.FAILED, "away")


def test_one_failure_does_not_stop_the_others(job: Job, kind: Folders) -> None:
    kind.refuse = {"b"}
    job = run(job)
    assert (job.state, counts(job), failures(job)) == (Job.State.DONE, (3, 2, 1, 0), [("b", "refused")])


def test_only_what_failed_is_done_again(job: Job, kind: Folders) -> None:
    kind.refuse = {"b", "c"}
    job = run(job)
    kind.refuse = {"c"}
    job.retry()
    assert job.state == Job.State.PENDING
    job = run(job)
    assert (counts(job), failures(job)) == ((3, 2, 1, 0), [("c", "refused")])
    assert names() == ["a", "b"]


def test_a_failed_job_goes_on_where_it_broke_off(job: Job, kind: Folders) -> None:
    def refuse() -> None:
        raise Refused

    run_step(job)
    kind.interrupt = refuse
    job = run(job)
    assert (job.state, job.error_code) == (Job.State.FAILED, "refused")
    kind.interrupt = lambda: None
    job.retry()
    job = run(job)
    assert (job.state, job.error_code, names()) == (Job.State.DONE, "", ["a", "b", "c"])


def test_a_pause_takes_effect_at_once_and_is_resumed(job: Job) -> None:
    job = run_step(job)
    job.pause()
    assert run(job).state == Job.State.PAUSED
    assert names() == ["a"]
    job.resume()
    assert run(job).state == Job.State.DONE
    assert names() == ["a", "b", "c"]


def test_a_step_that_is_under_way_when_it_is_cancelled_does_not_happen(job: Job, kind: Folders) -> None:
    run_step(job)
    held = Job.objects.claim(job.pk)
    assert held
    Job.objects.get(pk=job.pk).cancel()
    with pytest.raises(Stopped):
        kind.make(held, ["b"], {"at": 2})
    assert names() == ["a"]


def test_a_kind_that_is_not_known_is_told(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(jobs.KINDS, Folders.name)
    assert run(job).error_code == "unknown_kind"


def test_records_are_removed_in_their_time(job: Job) -> None:
    run(job)
    running.sweep()
    assert Job.objects.exists()
    Job.objects.update(finished_at=timezone.now() - running.KEPT)
    running.sweep()
    assert not Job.objects.exists()


def test_what_is_urgent_goes_first_and_what_had_to_wait_is_asked_for_again(
    job: Job, user: User, library: Library, messages: list[str]
) -> None:
    urgent = jobs.start(Folders.name, owner=user, library=library, items=["u", "v"], total=2)
    urgent.prioritise(Job.Priority.HIGH)
    run(job)
    assert names() == ["u", "v"]
    assert messages == [str(job.pk)]
    run(job)
    assert names() == ["a", "b", "c", "u", "v"]
