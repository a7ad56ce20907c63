"""Jobs over REST: who sees them, how they are stopped and set going."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from media_library import jobs
from media_library.bulk import BulkChange
from media_library.models import Asset, Job, JobFailure, Library, Role, User
from media_library.models.job import MOST_ACTIVE
from tests import factories
from tests.media_library.jobs.doing import begun, person, post, run, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(library: Library, user: User) -> Job:
    return start(library, user)


def start(library: Library, owner: User) -> Job:
    parameters = {"action": "delete", "options": {}, "query": {}}
    return jobs.start(BulkChange.name, owner=owner, library=library, parameters=parameters)


def do(client: Any, job: Job, verb: str) -> Any:
    return post(client, f"jobs/{job.pk}/{verb}/")


def test_a_job_says_how_far_it_is(api: Any, job: Job, library: Library) -> None:
    body = api.get(f"/api/v1/jobs/{job.pk}/").json()
    assert (body["id"], body["kind"], body["state"], body["library"]) == (
        str(job.pk),
        "bulk",
        "pending",
        str(library.pk),
    )
    assert (body["total"], body["progress"], body["rate"], body["error"], body["failures"]) == (
        None,
        None,
        None,
        None,
        [],
    )
    factories.asset(library)
    run(job)
    body = api.get(f"/api/v1/jobs/{job.pk}/").json()
    assert (body["state"], body["progress"]) == ("done", 100)


def test_owners_and_managers_see_it(job: Job, library: Library, stranger: Any) -> None:
    manager = signed_in("max", library, Role.MANAGER)
    editor = signed_in("eva", library, Role.EDITOR)
    for client, seen in ((manager, True), (editor, False), (stranger, False)):
        assert client.get(f"/api/v1/jobs/{job.pk}/").status_code == (200 if seen else 404)
        assert len(client.get("/api/v1/jobs/").json()["results"]) == seen
        assert do(client, job, "pause").status_code == (200 if seen else 404)
        assert client.get(f"/api/v1/jobs/{job.pk}/failures/").status_code == (200 if seen else 404)


def test_who_left_the_library_does_not_see_it(library: Library) -> None:
    eva = person("eva", library, Role.EDITOR)
    job = start(library, eva)
    client = signed_in("eva")
    assert client.get(f"/api/v1/jobs/{job.pk}/").status_code == 200
    library.memberships.filter(user=eva).delete()
    assert client.get(f"/api/v1/jobs/{job.pk}/").status_code == 404


def test_nobody_signed_in_sees_nothing(job: Job) -> None:
    from rest_framework.test import APIClient

    assert APIClient().get("/api/v1/jobs/").status_code == 401


def test_it_is_paused_resumed_and_cancelled(api: Any, job: Job, messages: list[str]) -> None:
    factories.asset(job.library)
    assert do(api, job, "pause").json()["state"] == "paused"
    assert run(job).state == Job.State.PAUSED
    assert do(api, job, "resume").json()["state"] == "pending"
    assert messages == [str(job.pk)]
    assert do(api, job, "cancel").json()["state"] == "cancelled"
    run(job)
    assert Asset.objects.live().count() == 1


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        ("done", "cancel"), ("cancelled", "cancel"), ("failed", "cancel"), ("done", "pause"), ("paused", "pause"),
        ("running", "resume"), ("done", "resume"), ("done", "retry"), ("running", "retry"), ("cancelled", "retry"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_with_it_is_409(api: Any, job: Job, state: str, verb: str) -> None:
    Job.objects.update(state=state)
    answer = do(api, job, verb)
    assert (answer.status_code, answer.json()["code"]) == (409, "job_state")


def test_the_list_is_filtered_and_paged(api: Any, library: Library, user: User) -> None:
    made = [start(library, user) for _number in range(3)]
    Job.objects.filter(pk=made[0].pk).update(state="done")
    first = api.get("/api/v1/jobs/", {"limit": 2}).json()
    second = api.get("/api/v1/jobs/", {"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for page in (first, second) for item in page["results"]] == [str(job.pk) for job in made[::-1]]
    assert (
        len(api.get("/api/v1/jobs/", {"state": "done", "kind": "bulk", "library": library.pk}).json()["results"]) == 1
    )
    assert api.get("/api/v1/jobs/", {"library": library.pk, "kind": "other"}).json()["results"] == []


@pytest.mark.parametrize("params", [{"state": "asleep"}, {"library": "x"}, {"limit": 0}, {"cursor": "x"}])
def test_nonsense_is_refused(api: Any, params: dict[str, Any]) -> None:
    assert api.get("/api/v1/jobs/", params).status_code == 400


def test_a_longer_list_is_no_more_queries(api: Any, library: Library, user: User) -> None:
    numbers = []
    for count in (1, 6):
        for _number in range(count):
            start(library, user)
        with CaptureQueriesContext(connection) as queries:
            api.get("/api/v1/jobs/")
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_failures_are_listed_one_by_one(api: Any, job: Job) -> None:
    JobFailure.objects.bulk_create(JobFailure(job=job, item=str(n), code="x", message="No.") for n in range(5))
    first = api.get(f"/api/v1/jobs/{job.pk}/failures/", {"limit": 3}).json()
    second = api.get(f"/api/v1/jobs/{job.pk}/failures/", {"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [item["item"] for page in (first, second) for item in page["results"]] == ["0", "1", "2", "3", "4"]
    assert api.get(f"/api/v1/jobs/{job.pk}/").json()["failures"][0].keys() == {"item", "code", "message", "created_at"}


def test_nobody_has_more_than_a_hundred_unfinished(api: Any, library: Library, user: User) -> None:
    Job.objects.bulk_create(Job(kind="bulk", owner=user, library=library) for _number in range(MOST_ACTIVE))
    answer = post(api, f"libraries/{library.pk}/export/", query={})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_jobs")
    assert answer["Retry-After"]


def test_a_message_is_sent_once_it_is_committed(
    library: Library, user: User, messages: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = start(library, user)
        assert messages == []
    assert messages == [str(job.pk)]


def test_a_job_is_begun_with_a_priority_and_given_another_one(library: Library, api: Any) -> None:
    for path, body in (("export", {"query": {}}), ("imports", {"urls": ["https://example.org/a.jpg"]})):
        job = begun(post(api, f"libraries/{library.pk}/{path}/", priority="low", **body))
        assert job.priority == Job.Priority.LOW
    changed = api.patch(f"/api/v1/jobs/{job.pk}/", {"priority": "high"}, format="json")
    assert changed.json()["priority"] == "high"
    assert api.patch(f"/api/v1/jobs/{job.pk}/", {"priority": "urgent"}, format="json").status_code == 400
    job.cancel()
    assert api.patch(f"/api/v1/jobs/{job.pk}/", {"priority": "low"}, format="json").json()["code"] == "job_state"
