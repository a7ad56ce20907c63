import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dam.errors import NotFound
from media_library import jobs, tasks
from media_library.models import Asset, Job, Library, Role, User
from tests import factories
from tests.media_library.hostile import HOSTILE
from tests.media_library.jobs.doing import run
from tests.media_library.pages import HTMX, links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

PAGE = "/l/studio/activity/"


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(tasks.run_job, "delay", sent.append)
    return sent


def made(library: Library, user: User, **fields: Any) -> Job:
    """An export that was asked for."""
    parameters = {"name": "Sea", "folders": False, "origin": "http://testserver"}
    return jobs.start("export_zip", owner=user, library=library, **({"parameters": parameters, "items": []} | fields))


def halfway(job: Job, **fields: Any) -> Job:
    """Three of ten in ten seconds, one of them failed."""
    now = timezone.now()
    state = {"state": "running", "total": 10, "done": 2, "failed": 1, "resumed_at": now - timedelta(seconds=10)}
    Job.objects.filter(pk=job.pk).update(**(state | fields))
    job.refresh_from_db()
    return job


def test_a_running_job_shows_how_far_it_is(client: Client, library: Library, user: User) -> None:
    halfway(made(library, user))
    words = text_of(client.get(PAGE))
    assert "Export as a ZIP file Sea Running" in words
    assert re.search(r"3 of 10 · 0\.\d a second · \d+ seconds left · 1 failed", words)
    assert '<progress max="100" value="30"' in client.get(PAGE).content.decode()


def test_the_page_asks_again_only_while_something_runs(client: Client, library: Library, user: User) -> None:
    job = made(library, user)
    assert 'hx-trigger="every 2s"' in client.get(PAGE).content.decode()
    part = client.get(PAGE, headers=HTMX)
    assert 'hx-trigger="every 2s"' in part.content.decode() and "<html" not in part.content.decode()
    job.pause()
    assert "hx-trigger" not in client.get(PAGE, headers=HTMX).content.decode()


def test_the_rail_counts_what_waits_and_runs(client: Client, library: Library, user: User) -> None:
    made(library, user), made(library, user).pause()
    assert "Activity 1 jobs that wait or run" in text_of(client.get("/l/studio/"))
    Job.objects.update(state="done")
    assert "jobs that wait or run" not in text_of(client.get("/l/studio/"))


@pytest.mark.parametrize(
    ("before", "deed", "after"),
    [("running", "pause", "paused"), ("paused", "resume", "pending"), ("pending", "cancel", "cancelled"),
     ("failed", "retry", "pending")],
)  # fmt: skip
def test_it_is_paused_resumed_cancelled_and_retried(
    client: Client, library: Library, user: User, before: str, deed: str, after: str
) -> None:
    job = made(library, user)
    Job.objects.filter(pk=job.pk).update(state=before)
    address = f"{PAGE}{job.pk}/{deed}/"
    assert f'formaction="{address}"' in client.get(PAGE).content.decode()
    assert client.post(address, follow=True).status_code == 200
    assert Job.objects.get().state == after


def test_what_its_state_does_not_allow_is_a_sentence(client: Client, library: Library, user: User) -> None:
    job = made(library, user)
    answer = client.post(f"{PAGE}{job.pk}/resume/")
    assert answer.status_code == 409
    assert "This job is not paused." in text_of(answer)
    assert client.post(f"{PAGE}{job.pk}/explode/").status_code == 404
    assert client.get(f"{PAGE}{job.pk}/cancel/").status_code == 405


def test_failures_are_told_one_by_one_with_their_pictures(client: Client, library: Library, user: User) -> None:
    asset = factories.asset(library, display_name="Broken")
    job = halfway(made(library, user))
    job.failures.create(item=str(asset.pk), code="x", message="The original is missing.")
    job.failures.create(item=HOSTILE[0], code="x", message="It is no picture.")
    page = client.get(f"{PAGE}{job.pk}/")
    assert "Broken The original is missing." in text_of(page)
    assert asset.get_absolute_url() in links_of(page)
    assert "&lt;script&gt;" in page.content.decode() and HOSTILE[0] not in page.content.decode()


def test_an_export_is_asked_for_and_downloaded(client: Client, library: Library, user: User) -> None:
    factories.upload(library, user, tags=["sea"])
    address = "/l/studio/export/?tags=sea"
    assert address in links_of(client.get("/l/studio/?tags=sea"))
    page = client.post(address, {"format": "zip", "name": "Sea: all", "folders": "on"}, follow=True)
    assert "The export has begun." in text_of(page)
    job = run(Job.objects.get())
    assert (job.state, job.done) == ("done", 1)
    page = client.get(PAGE)
    assert f"/api/v1/jobs/{job.pk}/result/" in links_of(page)
    assert client.get(f"/api/v1/jobs/{job.pk}/result/").status_code == 200


def test_what_is_exported_is_what_is_shown(client: Client, library: Library, user: User) -> None:
    one, two = factories.asset(library, display_name="one"), factories.asset(library, display_name="two")
    one.tags.add(library.tags.create(name="a")), two.tags.add(library.tags.create(name="b"))
    client.post("/l/studio/export/?tags=a&sort=display_name", {"format": "jsonl", "name": "x"})
    assert not Job.objects.exists()  # sort is no filter: a name that means nothing is refused
    client.post("/l/studio/export/?tags=a", {"format": "jsonl", "name": "x"})
    client.post(f"/l/studio/export/?assets={two.pk}", {"format": "jsonl", "name": "x"})
    assert [run(job).total for job in Job.objects.all()] == [1, 1]


@pytest.mark.parametrize(
    ("query", "data"),
    [("", {}), ("", {"format": "exe", "name": "x"}), ("", {"format": "zip", "name": "x" * 10_000}),
     ("nonsense=1", {"format": "zip", "name": "x"}), ("folder=x", {"format": "zip", "name": "x"}),
     ("assets=x", {"format": "zip", "name": "x"}), ("", {"format": "zip", "name": "a\0b"})],
)  # fmt: skip
def test_nonsense_begins_no_export(client: Client, library: Library, query: str, data: dict[str, str]) -> None:
    assert client.post(f"/l/studio/export/?{query}", data).status_code == 400
    assert not Job.objects.exists()


def test_what_is_being_decoded_and_what_could_not_be_is_told(client: Client, library: Library) -> None:
    factories.asset(library, state=Asset.State.PROCESSING)
    factories.asset(library, state=Asset.State.FAILED)
    page = client.get(PAGE)
    assert "1 picture is being decoded." in text_of(page)
    assert "1 picture could not be decoded" in text_of(page)
    assert "/l/studio/?state=failed" in links_of(page)


def test_one_sees_ones_own_jobs_and_managers_all(client: Client, library: Library, user: User) -> None:
    viewer = factories.user("vera")
    library.memberships.create(user=viewer, role=Role.VIEWER)
    foreign, own = made(library, user), made(library, viewer)
    browser = signed_in(viewer)
    links = links_of(browser.get(PAGE))
    assert f"{PAGE}{own.pk}/" in links and f"{PAGE}{foreign.pk}/" not in links
    assert browser.get(f"{PAGE}{foreign.pk}/").status_code == 404
    assert browser.post(f"{PAGE}{foreign.pk}/cancel/").status_code == 404
    assert f"{PAGE}{own.pk}/" in links_of(client.get(PAGE))
    assert "vera" in text_of(client.get(PAGE))


def test_only_the_owner_is_offered_the_result(client: Client, library: Library) -> None:
    viewer = factories.user("vera")
    library.memberships.create(user=viewer, role=Role.VIEWER)
    job = made(library, viewer)
    Job.objects.update(state="done", result={"file": "x.zip", "mime_type": "application/zip", "bytes": 5})
    address = f"/api/v1/jobs/{job.pk}/result/"
    assert address in links_of(signed_in(viewer).get(PAGE))
    assert address not in links_of(client.get(PAGE))


def test_for_strangers_and_in_other_libraries_there_is_nothing(client: Client, library: Library, user: User) -> None:
    job = made(library, user)
    factories.library(user, name="Archive")
    assert client.get(f"/l/archive/activity/{job.pk}/").status_code == 404
    stranger = signed_in(factories.user())
    for address in (PAGE, f"{PAGE}{job.pk}/", "/l/studio/export/"):
        assert stranger.get(address).status_code == 404
    assert member(library, Role.VIEWER).get("/l/studio/export/").status_code == 200


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_files_are_shown_as_text(client: Client, library: Library, user: User, name: str) -> None:
    made(library, user, parameters={"name": name})
    page = client.get(PAGE).content.decode()
    assert name not in page or "<" not in name


@pytest.mark.parametrize("number", [1, 20])
def test_the_page_asks_few_questions_whatever_its_size(
    client: Client, library: Library, user: User, number: int, django_assert_max_num_queries: Any
) -> None:
    factories.model()
    for _ in range(number):
        halfway(made(library, user)).fail_item("x", NotFound())
    with django_assert_max_num_queries(15):
        client.get(PAGE)
