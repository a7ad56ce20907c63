"""Sending what is in the outbox: the rows of deliveries are the record, Celery only does what stands there.

At least once: what a worker had taken when it died is taken again when the lease is over.
"""

import logging
import random
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from dam.errors import AppError
from media_library import dialects, fetch
from media_library.models import Delivery, DeliveryAttempt, Webhook

logger = logging.getLogger(__name__)

MAX_TRIES = 8
FIRST_DELAY, FACTOR, JITTER = 60, 3, 0.3  # 1, 3, 9, 27, 81 minutes, 4 and 12 hours, each up to 30 % longer
LATEST = timedelta(days=2)  # after which what was never tried, because its address failed all along, is given up
FAILING = timedelta(days=3)  # after which a webhook is switched off
KEEP = timedelta(days=14)  # the log
SWEPT_AT_ONCE = 2000

ADDRESSES, EACH = 8, 25  # taken at once: from so many webhooks, so many deliveries of each
SECONDS, SECONDS_EACH_ADDRESS = 10, 10
LEASE = timedelta(minutes=2)  # longer than a batch may take
POSTPONED = timedelta(minutes=10)  # at most, behind a delivery whose address could not be reached
ANSWER_BYTES = 500
REQUESTED, SENDING = "deliveries-requested", "deliveries-being-sent"


@dataclass
class Outcome:
    """What came of one request. `status` is None where there was no answer; `final`: no other try will do better."""

    delivery: Delivery
    at: datetime
    status: int | None = None
    error: str = ""
    answer: str = ""
    seconds: float = 0.0
    final: bool = False

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


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


@transaction.atomic
def record(outcomes: Iterable[Outcome]) -> None:
    """Note the attempts, and what follows from them. What was deleted meanwhile is passed over."""
    by_pk = {outcome.delivery.pk: outcome for outcome in outcomes}
    there = set(Delivery.objects.select_for_update().filter(pk__in=by_pk).values_list("pk", flat=True))
    known = [outcome for pk, outcome in by_pk.items() if pk in there]
    DeliveryAttempt.objects.bulk_create(logged(outcome) for outcome in known)
    for outcome in known:
        settle(outcome)
    fields = ["state", "tries", "next_attempt_at", "finished_at"]
    Delivery.objects.bulk_update([outcome.delivery for outcome in known], fields)
    for outcome in known:
        if outcome.status is None and not outcome.final:
            postpone(outcome.delivery)
    for webhook_id in {outcome.delivery.webhook_id for outcome in known if outcome.delivery.webhook_id}:
        judge(webhook_id, [outcome for outcome in known if outcome.delivery.webhook_id == webhook_id])


def logged(outcome: Outcome) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=outcome.delivery.pk,
        at=outcome.at,
        status=outcome.status,
        error=outcome.error[:300],
        answer=outcome.answer,
        milliseconds=round(1000 * outcome.seconds),
    )


def settle(outcome: Outcome) -> None:
    """Delivered, to be tried again, or given up."""
    delivery, now = outcome.delivery, timezone.now()
    delivery.tries += 1
    if not outcome.is_success and not outcome.final and delivery.tries < MAX_TRIES:
        delivery.next_attempt_at = now + delay(delivery.tries)
        return
    delivery.state = Delivery.State.DELIVERED if outcome.is_success else Delivery.State.GIVEN_UP
    delivery.next_attempt_at, delivery.finished_at = None, now


def delay(tries: int) -> timedelta:
    """How long after so many tries the next one comes."""
    longer = 1 + JITTER * random.random()  # noqa: S311  so that many do not come back at once
    return timedelta(seconds=FIRST_DELAY * FACTOR ** (tries - 1) * longer)


def postpone(failed: Delivery) -> None:
    """Let the others wait whose address could not be reached: each would cost the time that this one did."""
    now = timezone.now()
    others = Delivery.objects.due(now).filter(webhook=failed.webhook_id, url=failed.url)
    others.update(next_attempt_at=now + min(delay(failed.tries), POSTPONED))


def judge(webhook_id: UUID, outcomes: Sequence[Outcome]) -> None:
    """What the outcomes say of the webhook: it works, it fails, it is to be switched off."""
    webhook = Webhook.objects.get(pk=webhook_id)
    failed = [outcome for outcome in outcomes if not outcome.is_success]
    if len(failed) < len(outcomes):
        Webhook.objects.filter(pk=webhook_id).exclude(failing_since=None).update(failing_since=None)
    if not failed or not webhook.is_active:
        return
    if reason := why_off(webhook, outcomes):
        webhook.disable(reason)
        logger.warning("The webhook %s of library %s is switched off: %s", webhook.url, webhook.library_id, reason)
    elif len(failed) == len(outcomes) and webhook.failing_since is None:
        Webhook.objects.filter(pk=webhook_id).update(failing_since=failed[0].at)


def why_off(webhook: Webhook, outcomes: Sequence[Outcome]) -> str:
    """Empty while it may go on."""
    last = outcomes[-1]
    if last.final:
        return last.error
    if last.status == 410:
        return _("The address answered 410: it is gone for good.")
    since = webhook.failing_since
    succeeded = any(outcome.is_success for outcome in outcomes)
    given_up = any(outcome.delivery.state == Delivery.State.GIVEN_UP for outcome in outcomes)
    if succeeded or not given_up or since is None or timezone.now() - since < FAILING:
        return ""
    said = last.error or _("status %(status)s") % {"status": last.status}
    return _("Nothing could be delivered since %(since)s. At last: %(said)s") % {
        "since": f"{since:%Y-%m-%d %H:%M} UTC",
        "said": said,
    }


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
