"""What happens to assets is written to the outbox, in the transaction that does it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from media_library import events, ingest, processing
from media_library.finishing import fail
from media_library.models import Asset, Delivery, Event, Library, User, Webhook
from search import indexing
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def webhook(library: Library) -> Webhook:
    return factories.webhook(library)


def told(webhook: Webhook) -> list[tuple[str, dict[str, Any]]]:
    """Types and data, in the order of what happened."""
    bodies = [json.loads(delivery.body) for delivery in webhook.deliveries.order_by("created_at")]
    return [(body["type"], body["data"]) for body in bodies]


def forget(webhook: Webhook) -> None:
    webhook.deliveries.all().delete()


def test_an_upload_is_told_with_what_the_api_shows(webhook: Webhook, user: User, api: Any) -> None:
    asset = factories.upload(webhook.library, user, tags=["sea", "boat"], description="Harbour")
    ((event, data),) = told(webhook)
    shown = api.get(f"/api/v1/assets/{asset.pk}/").json()
    known = {name: shown[name] for name in data["asset"] if name not in {"urls", "uploaded_by"}}
    assert event == "asset.created"
    assert known == {name: value for name, value in data["asset"].items() if name not in {"urls", "uploaded_by"}}
    assert (data["asset"]["tags"], data["asset"]["description"]) == (["boat", "sea"], "Harbour")
    assert data["asset"]["urls"]["file"] == f"http://127.0.0.1:8000/api/v1/assets/{asset.pk}/file/"


def test_the_id_of_a_message_stands_in_it(webhook: Webhook, user: User) -> None:
    factories.upload(webhook.library, user)
    delivery = webhook.deliveries.get()
    body = json.loads(delivery.body)
    assert (body["id"], body["library"]) == (str(delivery.pk), str(webhook.library_id))


@pytest.mark.usefixtures("fake_embedder", "model")
def test_a_picture_is_ready_and_then_can_be_found(webhook: Webhook, user: User) -> None:
    factories.upload(webhook.library, user)
    processing.render_pending()
    indexing.index_pending()
    found = told(webhook)
    assert [event for event, _data in found] == ["asset.created", "asset.ready", "asset.indexed"]
    assert [data["asset"]["state"] for _event, data in found] == ["processing", "ready", "ready"]
    assert [data["asset"]["indexed"] for _event, data in found] == [False, False, True]


@pytest.mark.usefixtures("fake_embedder")
def test_vectors_of_a_model_that_is_being_built_are_not_told(webhook: Webhook, user: User, model: Any) -> None:
    factories.upload(webhook.library, user)
    processing.render_pending()
    model.state = model.State.BUILDING
    model.save()
    indexing.index_pending()
    assert "asset.indexed" not in [event for event, _data in told(webhook)]


def test_a_failure_is_told_with_its_code(webhook: Webhook) -> None:
    asset = factories.asset(webhook.library, state=Asset.State.PROCESSING)
    fail(asset, "undecodable", "It is broken.")
    fail(asset, "undecodable", "It is broken.")  # the second comes too late
    ((event, data),) = told(webhook)
    assert (event, data["asset"]["failure"]["code"]) == ("asset.failed", "undecodable")


def test_a_change_is_told_with_the_names_of_what_is_different(webhook: Webhook, user: User) -> None:
    asset = factories.upload(webhook.library, user, tags=["a"], description="Old")
    forget(webhook)
    changes = {"tags": ["b"], "description": "New", "alt_text": "", "folder": None}
    ingest.update(asset, user, changes)
    ((event, data),) = told(webhook)
    assert event == "asset.updated"
    assert sorted(data["changed"]) == ["description", "tags"]
    assert (data["asset"]["tags"], data["asset"]["description"]) == (["b"], "New")
    ingest.update(asset, user, changes)
    assert len(told(webhook)) == 1  # nothing was different


def test_the_trash_and_the_way_back_are_told_once_each(webhook: Webhook, user: User) -> None:
    asset = factories.asset(webhook.library)
    for change in (ingest.trash, ingest.trash, ingest.restore, ingest.restore):
        change(asset, user)
    assert [event for event, _data in told(webhook)] == ["asset.trashed", "asset.restored"]
    assert told(webhook)[0][1]["asset"]["deleted_at"] is not None


def test_what_is_gone_is_told_as_it_last_stood(webhook: Webhook, user: User) -> None:
    asset = factories.upload(webhook.library, user, tags=["a"], display_name="Gone")
    forget(webhook)
    ingest.purge(asset, user)
    ((event, data),) = told(webhook)
    assert (event, data["asset"]["display_name"], data["asset"]["tags"]) == ("asset.purged", "Gone", ["a"])


def test_only_what_is_asked_for_of_ones_own_library_is_told(user: User) -> None:
    ours, theirs = factories.library(user), factories.library(user)
    wanted = factories.webhook(ours, events=[Event.TRASHED])
    others = [factories.webhook(theirs), factories.webhook(ours, is_active=False)]
    asset = factories.asset(ours)
    ingest.update(asset, user, {"display_name": "New"})
    ingest.trash(asset, user)
    assert [event for event, _data in told(wanted)] == ["asset.trashed"]
    assert [told(other) for other in others] == [[], []]


def test_what_is_taken_back_was_never_told(webhook: Webhook, user: User) -> None:
    asset = factories.asset(webhook.library)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ingest.trash(asset, user)
        raise ZeroDivisionError
    with events.gathered():
        with pytest.raises(ZeroDivisionError), events.gathered():
            ingest.trash(asset, user)
            raise ZeroDivisionError
        ingest.update(asset, user, {"display_name": "New"})
    assert [event for event, _data in told(webhook)] == ["asset.updated"]


def test_changes_that_are_gathered_are_one_change(webhook: Webhook, user: User) -> None:
    asset = factories.asset(webhook.library, description="Old")
    with events.gathered():
        ingest.update(asset, user, {"description": "Newer", "display_name": "New"})
        ingest.update(asset, user, {"description": "Old", "alt_text": "Text"})
    ((_event, data),) = told(webhook)
    assert sorted(data["changed"]) == ["alt_text", "display_name"]


def test_what_is_about_no_asset_can_be_told(webhook: Webhook) -> None:
    Webhook.objects.update(events=["job.finished"])
    events.announced("job.finished", webhook.library_id, {"job": {"id": 7}})
    events.announced("job.finished", factories.library().pk, {"job": {"id": 8}})
    assert told(webhook) == [("job.finished", {"job": {"id": 7}})]


def test_a_worker_is_woken_when_it_is_committed(
    webhook: Webhook, user: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[int] = []
    monkeypatch.setattr("media_library.tasks.send_deliveries.delay", lambda: woken.append(Delivery.objects.count()))
    with django_capture_on_commit_callbacks(execute=True):
        ingest.trash(factories.asset(webhook.library), user)
        assert woken == []
    assert woken == [1]


# --- what it costs ----------------------------------------------------------------------------------------------------


def of_webhooks(queries: CaptureQueriesContext) -> int:
    return sum("webhook" in query["sql"] or "delivery" in query["sql"] for query in queries.captured_queries)


def imported(library: Library, user: User, count: int, seed: int) -> CaptureQueriesContext:
    uploads = [ingest.Upload(factories.file(factories.picture(seed=seed + n)), "x.png") for n in range(count)]
    with CaptureQueriesContext(connection) as queries:
        ingest.store_uploads(library, user, uploads)
        processing.render_pending()
    return queries


def test_without_webhooks_a_batch_pays_one_query_at_each_step(library: Library, user: User) -> None:
    factories.webhook(factories.library(user))  # somebody else has one
    queries = imported(library, user, 8, 0)
    assert of_webhooks(queries) == 2  # when they are stored, and when they are ready
    assert Delivery.objects.count() == 0


def test_with_webhooks_more_pictures_are_no_more_queries(webhook: Webhook, user: User) -> None:
    imported(webhook.library, user, 1, 100)
    few, many = (len(imported(webhook.library, user, count, seed)) for count, seed in ((2, 200), (9, 300)))
    assert few == many
    assert webhook.deliveries.count() == 2 * (1 + 2 + 9)


def test_without_webhooks_a_change_pays_one_query(
    library: Library, user: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    asset = factories.asset(library)
    with CaptureQueriesContext(connection) as queries:
        ingest.update(asset, user, {"tags": ["a"], "description": "New"})
        ingest.trash(asset, user)
    assert of_webhooks(queries) == 2


def test_thousands_of_changes_are_written_in_bulk(webhook: Webhook, user: User) -> None:
    factories.webhook(webhook.library)
    assets = [factories.asset(webhook.library) for _number in range(30)]
    counts = []
    for some in (assets[:3], assets):
        with CaptureQueriesContext(connection) as queries, events.gathered():
            events.raised(Event.RESTORED, some)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
    assert webhook.deliveries.count() == 33
