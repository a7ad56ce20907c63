"""What came of sending, and what follows: delivered, tried again, given up; a webhook fails, or is switched off."""

import logging
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from media_library.models import Delivery, DeliveryAttempt, Webhook

logger = logging.getLogger(__name__)

MAX_TRIES = 8
FIRST_DELAY, FACTOR, JITTER = 60, 3, 0.3  # 1, 3, 9, 27, 81 minutes, 4 and 12 hours, each up to 30 % longer
POSTPONED = timedelta(minutes=10)  # at most, behind a delivery whose address could not be reached
FAILING = timedelta(days=3)  # after which a webhook is switched off


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
