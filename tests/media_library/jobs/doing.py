"""What the tests of jobs do again and again."""

from typing import Any

from rest_framework.test import APIClient

from media_library.jobs import running
from media_library.models import Job, Library, Role, User
from tests import factories


def signed_in(name: str, library: Library | None = None, role: Role = Role.VIEWER) -> APIClient:
    """A program of a new user, who has this role."""
    client = APIClient()
    client.force_login(person(name, library, role))
    return client


def person(name: str, library: Library | None = None, role: Role = Role.VIEWER) -> User:
    user = User.objects.filter(username=name).first() or factories.user(name)
    if library:
        library.memberships.create(user=user, role=role)
    return user


def post(client: APIClient, path: str, /, **body: Any) -> Any:
    return client.post(f"/api/v1/{path}", body, format="json")


def begun(answer: Any) -> Job:
    """The job of an answer."""
    assert answer.status_code == 202, answer.content
    return Job.objects.get(pk=answer.json()["id"])


def run(job: Job, *, seconds: float = 60) -> Job:
    running.run(job.pk, seconds=seconds)
    return Job.objects.get(pk=job.pk)


def run_step(job: Job) -> Job:
    """One step of it, and back into the queue."""
    return run(job, seconds=-1)


def ran(answer: Any) -> Job:
    return run(begun(answer))


def counts(job: Job) -> tuple[int | None, int, int, int]:
    return job.total, job.done, job.failed, job.skipped


def failures(job: Job) -> list[tuple[str, str]]:
    return list(job.failures.values_list("item", "code"))
