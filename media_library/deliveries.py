"""Sending what is in the outbox: the rows of deliveries are the record, Celery only does what stands there.

At least once: what a worker had taken when it died is taken again when the lease is over.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from dam.errors import AppError
from media_library import dialects, fetch
from media_library.models import Delivery, DeliveryAttempt, Webhook
from media_library.outcomes import Outcome, logged, record, settle

LATEST = timedelta(days=2)  # after which what was never tried, because its address failed all along, is given up
KEEP = timedelta(days=14)  # the log
SWEPT_AT_ONCE = 2000

ADDRESSES, EACH = 8, 25  # taken at once: from so many webhooks, so many deliveries of each
SECONDS, SECONDS_EACH_ADDRESS = 10, 10
LEASE = timedelta(minutes=2)  # longer than a batch may take
ANSWER_BYTES = 500
REQUESTED, SENDING = "deliveries-requested", "deliveries-being-sent"


def request() -> None:
    """Wake a worker. One waiting task is enough, however much is to be sent."""
    from media_library import tasks

    if cache.add(REQUESTED, 1, timeout=30):
        tasks.send_deliveries.delay()


def send_due(*, seconds: float = 20) -> None:
    """Send what is due until nothing is left; or the time is over, and another task goes on.

    One worker at a time, so that slow addresses never take the processes that decode pictures.
    """
    deadline = time.monotonic() + seconds
    cache.delete(REQUESTED)
    if not cache.add(SENDING, 1, timeout=LEASE.total_seconds()):
        return
    try:
        while time.monotonic() < deadline and (batch := claim()):
            record(send(batch))
    finally:
        cache.delete(SENDING)
    request_if_due()


def request_if_due() -> None:
    if Delivery.objects.due(timezone.now()).exists():
        request()


@transaction.atomic
def claim() -> list[Delivery]:
    """Some of what is due, for this worker alone: a few of each address, so that none waits behind another's crowd."""
    now = timezone.now()
    due = Delivery.objects.due(now)
    waiting = Webhook.objects.filter(Exists(due.filter(webhook=OuterRef("pk")))).order_by("?")
    ids: list[UUID] = []
    for webhook in [None, *waiting.values_list("pk", flat=True)[:ADDRESSES]]:
        first = due.filter(webhook=webhook).order_by("next_attempt_at").select_for_update(skip_locked=True, of=["self"])
        ids += first.values_list("pk", flat=True)[:EACH]
    if not ids:
        return []
    taken = Delivery.objects.filter(pk__in=ids)
    taken.update(next_attempt_at=now + LEASE)
    return list(taken.select_related("webhook__key__owner", "key__owner", "library").order_by("created_at"))


def send(batch: Sequence[Delivery]) -> list[Outcome]:
    """Each address has a thread; what could not be begun in time, or behind a failure, has no outcome and goes back."""
    groups: dict[tuple[UUID | None, str], list[Delivery]] = {}
    for delivery in batch:
        groups.setdefault((delivery.webhook_id, delivery.address), []).append(delivery)
    ready = [[signed(delivery) for delivery in group] for group in groups.values()]
    with ThreadPoolExecutor(max_workers=ADDRESSES) as pool:
        outcomes = [outcome for done in pool.map(send_in_turn, ready) for outcome in done]
    begun = {outcome.delivery.pk for outcome in outcomes}
    Delivery.objects.filter(pk__in=[each.pk for each in batch if each.pk not in begun]).update(
        next_attempt_at=timezone.now()
    )
    return outcomes


def signed(delivery: Delivery) -> "tuple[Delivery, str] | Outcome":
    """With its secret; asked for here, because threads leave the database alone."""
    try:
        return delivery, dialects.of(delivery.dialect).secret(delivery)
    except AppError as error:
        return Outcome(delivery, timezone.now(), error=str(error.message), final=True)


def send_in_turn(group: "Sequence[tuple[Delivery, str] | Outcome]") -> list[Outcome]:
    """To one address, until the time is over or it cannot be reached."""
    end = time.monotonic() + SECONDS_EACH_ADDRESS
    outcomes: list[Outcome] = []
    for each in group:
        if time.monotonic() > end:
            break
        outcome = each if isinstance(each, Outcome) else attempt(*each)
        outcomes.append(outcome)
        if outcome.status is None and not outcome.final:
            break
    return outcomes


def attempt(delivery: Delivery, secret: str) -> Outcome:
    """One request. What it says of the content type is what it is: JSON."""
    at, since = timezone.now(), time.monotonic()
    headers = {"Content-Type": "application/json", "Accept": "*/*"}
    headers |= dialects.of(delivery.dialect).headers(delivery, secret, at)
    try:
        status, answer = fetch.post(
            delivery.address, delivery.body.encode(), headers, seconds=SECONDS, most=ANSWER_BYTES
        )
    except fetch.FetchError as error:
        return Outcome(delivery, at, error=str(error.message), seconds=time.monotonic() - since)
    said = answer.decode("utf-8", "replace").replace("\0", "\ufffd")
    return Outcome(delivery, at, status, "", said, time.monotonic() - since)


def send_now(delivery: Delivery) -> Delivery:
    """Send one that is not saved yet, while somebody waits: once, whatever comes of it."""
    delivery.next_attempt_at = None
    delivery.save()
    ready = signed(delivery)
    outcome = ready if isinstance(ready, Outcome) else attempt(*ready)
    outcome.final = True
    DeliveryAttempt.objects.bulk_create([logged(outcome)])
    settle(outcome)
    delivery.save(update_fields=["state", "tries", "next_attempt_at", "finished_at"])
    return delivery


def sweep() -> None:
    """Give up what found no turn, forget what is old, and wake a worker if there is something to send."""
    now = timezone.now()
    Delivery.objects.filter(state=Delivery.State.PENDING, queued_at__lt=now - LATEST).update(
        state=Delivery.State.GIVEN_UP, next_attempt_at=None, finished_at=now
    )
    old = Delivery.objects.filter(finished_at__lt=now - KEEP).order_by("finished_at")
    Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:SWEPT_AT_ONCE])).delete()
    request_if_due()
