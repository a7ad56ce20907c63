"""From the outbox to somebody's server on this machine: signed, retried, logged, given up."""

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from media_library import deliveries, outcomes
from media_library.models import Delivery, DeliveryAttempt, Webhook
from tests import factories
from tests.media_library.receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(library: Any, receiver: Receiver) -> Webhook:
    return factories.webhook(library, receiver.url)


@pytest.fixture
def wakes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often a worker was woken; nothing is sent."""
    woken: list[str] = []
    monkeypatch.setattr("media_library.tasks.send_deliveries.delay", lambda: woken.append("woken"))
    return woken


def state_of(delivery: Delivery) -> tuple[str, int]:
    delivery.refresh_from_db()
    return delivery.state, delivery.tries


def later(**ago: float) -> None:
    """Let time pass for everything that waits."""
    Delivery.objects.filter(state="pending").update(next_attempt_at=timezone.now() - timedelta(**ago))


def test_a_message_is_sent_once_and_logged(webhook: Webhook, receiver: Receiver) -> None:
    delivery = factories.delivery(webhook, body='{"a": "\\u00e9"}')
    deliveries.send_due()
    deliveries.send_due()
    ((headers, body),) = receiver.got
    assert (body, headers["Content-Type"]) == ('{"a": "\\u00e9"}', "application/json")
    assert state_of(delivery) == ("delivered", 1)
    attempt = delivery.attempts.get()
    assert (attempt.status, attempt.answer, attempt.error) == (200, "thank you", "")


def test_an_independent_library_verifies_the_signature(webhook: Webhook, receiver: Receiver) -> None:
    delivery = factories.delivery(webhook, body='{"type": "asset.ready"}')
    deliveries.send_due()
    ((headers, body),) = receiver.got
    assert Verifier(webhook.secret).verify(body, headers) == {"type": "asset.ready"}
    assert headers["Webhook-Id"] == str(delivery.pk)


def test_a_failure_is_tried_again_with_the_same_id_and_body(webhook: Webhook, receiver: Receiver) -> None:
    delivery = factories.delivery(webhook)
    receiver.answers = [503, 302, 204]
    receiver.headers = {"Location": "http://127.0.0.1:1/"}
    for tries in (1, 2):
        deliveries.send_due()
        assert state_of(delivery) == ("pending", tries)
        deliveries.send_due()  # it is not its turn yet
        assert len(receiver.got) == tries
        later(seconds=1)
    deliveries.send_due()
    assert state_of(delivery) == ("delivered", 3)
    assert len({(headers["Webhook-Id"], body) for headers, body in receiver.got}) == 1
    assert list(delivery.attempts.values_list("status", flat=True)) == [503, 302, 204]


def test_the_waits_grow_to_about_a_day_and_differ() -> None:
    waits = [outcomes.delay(tries) for tries in range(1, outcomes.MAX_TRIES)]
    assert waits == sorted(waits)
    assert timedelta(hours=18) <= sum(waits, timedelta()) <= timedelta(hours=25)
    assert len({outcomes.delay(3) for _again in range(5)}) > 1


def test_after_the_last_try_it_is_given_up(webhook: Webhook, receiver: Receiver) -> None:
    delivery = factories.delivery(webhook, tries=outcomes.MAX_TRIES - 1)
    receiver.answers = [500]
    deliveries.send_due()
    assert state_of(delivery) == ("given_up", outcomes.MAX_TRIES)
    assert (delivery.next_attempt_at, delivery.finished_at is None) == (None, False)
    webhook.refresh_from_db()
    assert webhook.is_active
    assert webhook.failing_since is not None


def test_a_replay_starts_anew_under_the_same_id(webhook: Webhook, receiver: Receiver) -> None:
    delivery = factories.delivery(webhook)
    deliveries.send_due()
    delivery.refresh_from_db()
    delivery.replay()
    assert state_of(delivery) == ("pending", 0)
    deliveries.send_due()
    assert [headers["Webhook-Id"] for headers, _body in receiver.got] == [str(delivery.pk)] * 2
    assert delivery.attempts.count() == 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/", "No connection"),
        ("http://10.0.0.1/", "not on the public internet"),
        ("http://[::ffff:169.254.169.254]/", "not on the public internet"),
        ("http://nothing.invalid/", "No connection"),
    ],
)
def test_what_cannot_be_reached_says_why(library: Any, receiver: Receiver, url: str, said: str) -> None:
    delivery = factories.delivery(factories.webhook(library, url))
    deliveries.send_due()
    attempt = delivery.attempts.get()
    assert (attempt.status, said in attempt.error) == (None, True)
    assert state_of(delivery) == ("pending", 1)


def test_an_address_that_takes_too_long_is_left(
    webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "SECONDS", 0.2)
    release = threading.Event()
    monkeypatch.setattr(receiver, "take", lambda message: release.wait(10) and 200)
    delivery = factories.delivery(webhook)
    deliveries.send_due(seconds=0.1)
    release.set()
    assert "too long" in delivery.attempts.get().error


def test_of_a_long_answer_the_beginning_is_kept(webhook: Webhook, receiver: Receiver) -> None:
    receiver.said = b"\0\xff" + b"x" * 5_000_000
    delivery = factories.delivery(webhook)
    deliveries.send_due()
    assert delivery.attempts.get().answer == "\ufffd\ufffd" + "x" * 498
    assert state_of(delivery)[0] == "delivered"


def test_behind_one_that_cannot_be_reached_the_others_wait(library: Any, receiver: Receiver) -> None:
    dead, alive = factories.webhook(library, "http://127.0.0.1:1/"), factories.webhook(library, receiver.url)
    waiting = [factories.delivery(dead) for _number in range(60)]
    sent = [factories.delivery(alive) for _number in range(30)]
    deliveries.send_due()
    assert DeliveryAttempt.objects.filter(delivery__webhook=dead).count() == 1
    assert not Delivery.objects.due(timezone.now()).exists()
    assert {state_of(delivery)[0] for delivery in waiting} == {"pending"}
    assert {state_of(delivery)[0] for delivery in sent} == {"delivered"}


def test_more_than_a_batch_is_sent_and_nothing_twice(webhook: Webhook, receiver: Receiver) -> None:
    made = {str(factories.delivery(webhook).pk) for _number in range(60)}
    deliveries.send_due()
    ids = [headers["Webhook-Id"] for headers, _body in receiver.got]
    assert (len(ids), set(ids)) == (60, made)


def test_what_a_dead_worker_had_taken_is_taken_again(webhook: Webhook, receiver: Receiver) -> None:
    delivery = factories.delivery(webhook)
    assert [taken.pk for taken in deliveries.claim()] == [delivery.pk]
    assert deliveries.claim() == []
    later(seconds=1)  # the lease is over
    deliveries.send_due()
    assert state_of(delivery) == ("delivered", 1)


def test_one_worker_sends_at_a_time(webhook: Webhook, receiver: Receiver) -> None:
    factories.delivery(webhook)
    cache.set(deliveries.SENDING, 1)
    deliveries.send_due()
    assert receiver.got == []
    cache.delete(deliveries.SENDING)
    deliveries.send_due()
    assert len(receiver.got) == 1


def test_when_the_time_is_over_another_task_goes_on(webhook: Webhook, receiver: Receiver, wakes: list[str]) -> None:
    factories.delivery(webhook)
    deliveries.send_due(seconds=0)
    assert (receiver.got, wakes) == ([], ["woken"])


def test_a_webhook_that_was_deleted_while_it_was_sent_to_leaves_nothing(webhook: Webhook) -> None:
    factories.delivery(webhook)
    found = deliveries.send(deliveries.claim())
    webhook.delete()
    deliveries.record(found)
    assert (Delivery.objects.count(), DeliveryAttempt.objects.count()) == (0, 0)


# --- switched off -----------------------------------------------------------------------------------------------------


def failing(webhook: Webhook, **ago: float) -> datetime:
    since = timezone.now() - timedelta(**ago)
    Webhook.objects.filter(pk=webhook.pk).update(failing_since=since)
    return since


def test_a_webhook_that_fails_for_days_is_switched_off_and_says_why(
    webhook: Webhook, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    since = failing(webhook, days=3, minutes=1)
    receiver.answers = [500]
    first, last = factories.delivery(webhook, tries=2), factories.delivery(webhook, tries=outcomes.MAX_TRIES - 1)
    deliveries.send_due()
    webhook.refresh_from_db()
    assert not webhook.is_active
    assert webhook.disabled_at is not None
    assert f"since {since:%Y-%m-%d %H:%M} UTC" in webhook.disabled_reason
    assert "status 500" in webhook.disabled_reason
    assert webhook.disabled_reason in caplog.text
    assert (state_of(first)[0], state_of(last)[0]) == ("pending", "given_up")


def test_one_failure_long_after_another_switches_nothing_off(webhook: Webhook, receiver: Receiver) -> None:
    failing(webhook, days=90)
    receiver.answers = [500]
    factories.delivery(webhook)
    deliveries.send_due()
    webhook.refresh_from_db()
    assert webhook.is_active


def test_a_success_ends_the_failing(webhook: Webhook, receiver: Receiver) -> None:
    failing(webhook, days=90)
    receiver.answers = [200, 500]
    factories.delivery(webhook, next_attempt_at=timezone.now() - timedelta(minutes=1))
    factories.delivery(webhook, tries=outcomes.MAX_TRIES - 1)
    deliveries.send_due()
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since) == (True, None)


def test_an_address_that_says_it_is_gone_is_believed(webhook: Webhook, receiver: Receiver) -> None:
    receiver.answers = [410]
    factories.delivery(webhook)
    deliveries.send_due()
    webhook.refresh_from_db()
    assert (webhook.is_active, "410" in webhook.disabled_reason) == (False, True)


def test_what_waits_for_a_webhook_that_is_off_goes_on_when_it_is_on_again(
    webhook: Webhook, receiver: Receiver, wakes: list[str]
) -> None:
    webhook.disable("Broken.")
    delivery = factories.delivery(webhook)
    deliveries.send_due()
    deliveries.sweep()
    assert (receiver.got, wakes) == ([], [])
    webhook.change(is_active=True)
    deliveries.send_due()
    assert (state_of(delivery)[0], webhook.disabled_reason) == ("delivered", "")


def test_a_secret_that_cannot_be_read_any_more_switches_it_off(webhook: Webhook, receiver: Receiver) -> None:
    delivery = factories.delivery(webhook)
    with override_settings(SECRET_KEY="another"):
        deliveries.send_due()
    webhook.refresh_from_db()
    assert (state_of(delivery)[0], receiver.got) == ("given_up", [])
    assert "Make a new webhook" in webhook.disabled_reason


# --- the sweep --------------------------------------------------------------------------------------------------------


def test_the_sweep_wakes_a_worker_for_what_is_due(webhook: Webhook, wakes: list[str]) -> None:
    deliveries.sweep()
    assert wakes == []
    factories.delivery(webhook)
    deliveries.sweep()
    deliveries.sweep()  # one waiting task is enough
    assert wakes == ["woken"]


def test_the_sweep_forgets_what_is_old_and_gives_up_what_found_no_turn(webhook: Webhook, wakes: list[str]) -> None:
    now = timezone.now()
    old, young = (
        factories.delivery(webhook, state="delivered", next_attempt_at=None, finished_at=now - timedelta(days=days))
        for days in (15, 13)
    )
    stale = factories.delivery(webhook, queued_at=now - timedelta(days=2, minutes=1))
    DeliveryAttempt.objects.create(delivery=old, at=now, status=200, milliseconds=1)
    deliveries.sweep()
    assert not Delivery.objects.filter(pk=old.pk).exists()
    assert not DeliveryAttempt.objects.exists()
    assert state_of(young)[0] == "delivered"
    assert state_of(stale)[0] == "given_up"


def test_the_secret_is_not_in_the_database(webhook: Webhook) -> None:
    assert webhook.secret.startswith("whsec_")
    assert webhook.secret not in json.dumps(Webhook.objects.filter(pk=webhook.pk).values().get(), default=str)
