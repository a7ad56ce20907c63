from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.models import Delivery, Library, Role, User, Webhook
from tests import factories
from tests.media_library.receiver import Receiver

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

URL = "/api/v1/webhooks/"


def new(of: Library, **fields: Any) -> dict[str, Any]:
    return {"library": str(of.pk), "url": "https://cms.example/hook", "events": ["asset.ready"]} | fields


def made(api: APIClient, library: Library, **fields: Any) -> dict[str, Any]:
    answer = api.post(URL, new(library, **fields), format="json")
    assert answer.status_code == 201, answer.json()
    body: dict[str, Any] = answer.json()
    return body


def path(webhook: Webhook, more: str = "") -> str:
    return f"{URL}{webhook.pk}/{more}"


def test_the_secret_is_shown_once(api: APIClient, library: Library) -> None:
    body = made(api, library, events=["asset.ready", "asset.trashed", "asset.ready"])
    assert body["secret"] == Webhook.objects.get().secret
    assert (body["events"], body["active"], body["disabled_reason"]) == (["asset.ready", "asset.trashed"], True, None)
    again = api.get(f"{URL}{body['id']}/").json()
    assert again == {name: value for name, value in body.items() if name != "secret"}


def test_only_managers_have_webhooks(api: APIClient, user: User) -> None:
    edited, foreign = factories.library(user, role=Role.EDITOR), factories.library()
    assert api.post(URL, new(edited), format="json").status_code == 403
    assert api.post(URL, new(foreign), format="json").status_code == 404
    for library in (edited, foreign):
        webhook = factories.webhook(library)
        delivery = factories.delivery(webhook)
        calls = [
            api.get(path(webhook)), api.patch(path(webhook), {"active": False}, format="json"),
            api.delete(path(webhook)), api.post(path(webhook, "test/")), api.get(path(webhook, "deliveries/")),
            api.post(path(webhook, f"deliveries/{delivery.pk}/replay/")),
        ]  # fmt: skip
        assert {answer.status_code for answer in calls} == {404}
    assert api.get(URL).json()["results"] == []
    assert APIClient().get(URL).status_code == 401


def test_webhooks_are_listed_a_page_at_a_time_and_by_library(api: APIClient, user: User, library: Library) -> None:
    other = factories.library(user)
    first, second, third = factories.webhook(library), factories.webhook(other), factories.webhook(library)
    page = api.get(URL, {"limit": 2}).json()
    rest = api.get(URL, {"limit": 2, "cursor": page["next_cursor"]}).json()
    ids = [item["id"] for item in page["results"] + rest["results"]]
    assert (ids, rest["next_cursor"]) == ([str(each.pk) for each in (third, second, first)], None)
    ours = api.get(URL, {"library": str(library.pk)}).json()["results"]
    assert [item["id"] for item in ours] == [str(third.pk), str(first.pk)]


@pytest.mark.parametrize(
    ("fields", "code", "word"),
    [
        ({"url": "ftp://cms.example/"}, "bad_url", "http"),
        ({"url": "https://user@cms.example/"}, "bad_url", "http"),
        ({"url": "https://cms.example:8443/"}, "bad_url", "443"),
        ({"url": "http://127.0.0.1/"}, "private_address", "public internet"),
        ({"url": "http://[::1]/"}, "private_address", "public internet"),
        ({"url": ""}, "invalid", "url"),
        ({"url": "https://cms.example/" + "x" * 4000}, "bad_url", "http"),
        ({"url": "https://cms.example/\0"}, "bad_parameter", "NUL"),
        ({"url": 7}, "bad_url", "http"),
        ({"url": ["https://cms.example/"]}, "invalid", "url"),
        ({"events": []}, "invalid", "events"),
        ({"events": ["asset.eaten"]}, "invalid", "asset.eaten"),
        ({"events": "asset.ready"}, "invalid", "events"),
        ({"events": [{"a": 1}]}, "invalid", "events"),
        ({"library": "x"}, "invalid", "library"),
        ({"active": "perhaps"}, "invalid", "active"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    api: APIClient, library: Library, fields: dict[str, Any], code: str, word: str
) -> None:
    answer = api.post(URL, new(library, **fields), format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert word in answer.json()["detail"]
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("body", ["{", "[]", "null", '"x"', "7"])
def test_what_is_no_object_is_refused(api: APIClient, library: Library, body: str) -> None:
    webhook = factories.webhook(library)
    assert api.post(URL, body, content_type="application/json").status_code == 400
    assert api.patch(path(webhook), body, content_type="application/json").status_code == 400


def test_parameters_that_make_no_sense_are_refused(api: APIClient, library: Library) -> None:
    webhook = factories.webhook(library)
    for url in (f"{URL}?library=x", f"{URL}?limit=0", f"{URL}?cursor=x", path(webhook, "deliveries/?state=lost")):
        assert api.get(url).status_code == 400, url


def test_there_is_an_end_to_webhooks(api: APIClient, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_library.api.webhooks.MOST", 1)
    made(api, library)
    answer = api.post(URL, new(library), format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_webhooks")


def test_a_webhook_is_changed_switched_and_removed(api: APIClient, library: Library) -> None:
    webhook = factories.webhook(library)
    webhook.disable("It failed for days.")
    assert api.get(path(webhook)).json()["disabled_reason"] == "It failed for days."
    changes = {"url": "https://other.example/", "events": ["asset.purged"], "active": True}
    body = api.patch(path(webhook), changes, format="json").json()
    assert {name: body[name] for name in changes} == changes
    assert (body["disabled_reason"], body["disabled_at"]) == (None, None)
    assert api.patch(path(webhook), {"active": False}, format="json").json()["active"] is False
    assert api.delete(path(webhook)).status_code == 204
    assert not Webhook.objects.exists()


def test_a_test_message_is_sent_at_once_and_tells_what_came_of_it(
    api: APIClient, library: Library, receiver: Receiver
) -> None:
    webhook = factories.webhook(library, receiver.url, is_active=False)
    body = api.post(path(webhook, "test/")).json()
    assert (body["event"], body["state"]) == ("webhook.test", "delivered")
    assert (body["attempts"][0]["status"], body["attempts"][0]["answer"]) == (200, "thank you")
    receiver.answers = [500]
    body = api.post(path(webhook, "test/")).json()
    assert (body["state"], body["next_attempt_at"]) == ("given_up", None)
    assert len(receiver.got) == 2


def test_the_log_shows_attempts_and_payloads(
    api: APIClient, library: Library, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    webhook = factories.webhook(library)
    for number in range(5):
        delivery = factories.delivery(webhook, body='{"type": "asset.ready"}')
        delivery.attempts.create(at=timezone.now(), status=500 + number, milliseconds=3)
    with django_assert_max_num_queries(6):
        first, *_rest = api.get(path(webhook, "deliveries/")).json()["results"]
    assert (first["id"], first["payload"]) == (str(delivery.pk), {"type": "asset.ready"})
    assert [attempt["status"] for attempt in first["attempts"]] == [504]


def test_the_log_is_filtered_and_paged(api: APIClient, library: Library) -> None:
    webhook, other = factories.webhook(library), factories.webhook(library)
    ids = [str(factories.delivery(webhook, state=state).pk) for state in ("delivered", "given_up", "given_up")]
    factories.delivery(other)
    given_up = api.get(path(webhook, "deliveries/"), {"state": "given_up"}).json()["results"]
    assert [item["id"] for item in given_up] == ids[:0:-1]
    page = api.get(path(webhook, "deliveries/"), {"limit": 2}).json()
    rest = api.get(path(webhook, "deliveries/"), {"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [item["id"] for item in page["results"] + rest["results"]] == ids[::-1]


def test_a_delivery_is_sent_again_unless_its_webhook_is_off(api: APIClient, library: Library) -> None:
    webhook, other = factories.webhook(library), factories.webhook(library)
    delivery = factories.delivery(webhook, state="given_up", tries=8, next_attempt_at=None)
    answer = api.post(path(webhook, f"deliveries/{delivery.pk}/replay/"))
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert Delivery.objects.due(timezone.now()).get() == delivery
    assert api.post(path(other, f"deliveries/{delivery.pk}/replay/")).status_code == 404
    webhook.disable("Off.")
    answer = api.post(path(webhook, f"deliveries/{delivery.pk}/replay/"))
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_off")


def test_triggers_of_another_dialect_are_not_listed(api: APIClient, library: Library) -> None:
    trigger = factories.webhook(library, dialect="cloudinary", events=["upload"])
    assert api.get(URL).json()["results"] == []
    assert api.get(path(trigger)).status_code == 404


def test_a_form_changes_only_what_it_names(api: APIClient, library: Library) -> None:
    webhook = factories.webhook(library)
    body = api.patch(path(webhook), {"url": "https://other.example/"}, format="multipart").json()
    assert (body["url"], body["active"], body["events"]) == ("https://other.example/", True, webhook.events)
