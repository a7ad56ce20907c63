"""The page of the administration that says in one look how the library is doing, and its buttons."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from dam import alive, slow
from dam.backup import last
from dam.console import state
from media_library import storage_use
from media_library.models import Asset, Delivery, Library, User
from search.models import EmbeddingModel, IndexEntry
from tests import factories
from tests.media_library.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]
URL = "/admin/health/"


@pytest.fixture
def boss() -> Client:
    return signed_in(factories.user("boss", is_staff=True, is_superuser=True))


@pytest.fixture
def troubled(library: Library, model: EmbeddingModel) -> None:
    for code in ("too_slow", "too_slow", "broken"):
        factories.asset(library, state="failed", failure_code=code, failure_message="It was not to be.")
    asset = factories.asset(library, state="ready")
    IndexEntry.objects.create(asset=asset, model=model, state="failed", error_code="encoding_failed", attempts=3)
    lost = factories.delivery(factories.webhook(library), state="given_up", tries=8, next_attempt_at=None)
    Delivery.objects.update(finished_at=lost.created_at)
    lost.attempts.create(at=lost.created_at, status=500, milliseconds=1)


def test_it_says_what_has_failed_and_tries_again_what_it_is_told_to(boss: Client, troubled: None) -> None:
    page = text_of(boss.get(URL))
    for said in ("too_slow", "broken", "encoding_failed", "status_500", "It was not to be."):
        assert said in page
    for what in ("renditions:too_slow", "index:encoding_failed", "deliveries:status_500"):
        answer = boss.post(URL, {"do": "retry", "what": what})
        assert (answer.status_code, answer.headers["Location"]) == (302, URL)
    failed = Asset.objects.filter(state="failed")
    assert [asset.failure_code for asset in failed] == ["broken"]
    assert Asset.objects.filter(state="processing", attempts=0).count() == 2
    assert IndexEntry.objects.get().state == Delivery.objects.get().state == "pending"
    page = text_of(boss.get(URL))
    assert "too_slow" not in page
    assert "2 are tried again." in page


def test_what_it_costs_does_not_grow(boss: Client, troubled: None, django_assert_num_queries: Any) -> None:
    cache.clear()
    with django_assert_num_queries(27):
        state.gather()
    boss.get(URL)
    cached = state.current()
    assert state.current().at == cached.at


def test_it_tells_storage_workers_backups_and_slow_requests(
    boss: Client, library: Library, settings: Any, tmp_path: Any
) -> None:
    settings.DATA_DIR, settings.SLOW_SECONDS = tmp_path, 0.0
    factories.asset(library, bytes=5_000_000)
    storage_use.measure()
    alive.say(alive.broker(), "media@here", ["media"])
    last.note({"made_at": "2026-11-26T02:00:00+00:00", "files": 1234, "bytes": 1, "missing": 0, "damaged": 0})
    boss.get("/account/security/")
    page = text_of(boss.get(URL))
    alive.broker().delete(alive.KEY)
    for said in ("4.8", "media@here (media): lives", "1,234 files", "GET security"):
        assert said in page, said


def test_who_is_no_superuser_is_refused(library: Library, user: User) -> None:
    clerk = signed_in(factories.user("clerk", is_staff=True))
    assert clerk.get(URL).status_code == 403
    assert signed_in(user).get(URL).status_code == 302
    assert clerk.post(URL, {"do": "retry", "what": "renditions:x"}).status_code == 403


@pytest.mark.parametrize(
    "sent", [{}, {"do": "x"}, {"do": "retry", "what": "users:x"}, {"do": "rebuild", "what": "9" * 40}]
)
def test_what_no_button_sends_is_not_found(boss: Client, sent: dict[str, str]) -> None:
    assert boss.post(URL, sent).status_code == 404


def test_neither_addresses_nor_values_of_slow_requests_are_kept(
    library: Library, client: Client, settings: Any
) -> None:
    settings.SLOW_SECONDS = 0.0
    client.get(f"/l/{library.slug}/", {"q": "s3cret"})
    told = json.dumps(slow.newest(), default=str)
    assert "library" in told
    assert '"route": "library"' in told
    assert "SELECT" in told  # statements without their values
    assert "s3cret" not in told and library.slug not in told
