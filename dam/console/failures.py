"""What has failed, by reason, and trying it again."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dam.errors import NotFound, StrOrPromise
from media_library import deliveries, processing
from media_library.models import Asset, Delivery, DeliveryAttempt, Job
from search import indexing
from search.models import EmbeddingModel, IndexEntry

LATELY = timedelta(days=1)  # of messages and jobs, which are not taken up again by themselves
MOST = 2000  # messages that are looked at


@dataclass(frozen=True)
class Failure:
    what: str  # of NAMES
    reason: str  # a word for machines; of messages `status_500`, `no_answer` or `webhook_off`
    number: int
    example: str = ""  # the sentence that one of them has

    @property
    def name(self) -> StrOrPromise:
        return NAMES[self.what]

    @property
    def can_retry(self) -> bool:
        return self.what in RETRIES and self.reason != OFF


NAMES: dict[str, StrOrPromise] = {
    "renditions": _("Pictures that could not be decoded"),
    "index": _("Pictures that could not be indexed"),
    "deliveries": _("Messages to webhooks, given up within a day"),
    "jobs": _("Jobs, failed within a day"),
}
OFF = "webhook_off"


def found() -> list[Failure]:
    """The most frequent of each kind first."""
    return [*renditions(), *index(), *messages(), *jobs()]


def renditions() -> list[Failure]:
    failed = Asset.objects.filter(state=Asset.State.FAILED)
    return grouped("renditions", failed, "failure_code", "failure_message")


def index() -> list[Failure]:
    return grouped("index", failed_entries(), "error_code", "error")


def failed_entries() -> QuerySet[IndexEntry]:
    models = list(EmbeddingModel.objects.indexed())
    return IndexEntry.objects.filter(model__in=models, state=IndexEntry.State.FAILED)


def jobs() -> list[Failure]:
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gte=timezone.now() - LATELY)
    return grouped("jobs", failed, "error_code", "error")


def grouped(what: str, rows: QuerySet, code: str, sentence: str) -> list[Failure]:
    counted = rows.order_by().values_list(code).annotate(number=Count("pk")).order_by("-number", code)
    told = dict(rows.order_by(code).distinct(code).values_list(code, sentence))
    return [Failure(what, reason, number, told.get(reason, "")) for reason, number in counted]


def messages() -> list[Failure]:
    reasons = Counter(reason_of(delivery) for delivery in given_up())
    return [Failure("deliveries", reason, number) for reason, number in reasons.most_common()]


def given_up() -> QuerySet[Delivery]:
    """Each with the `status` of its last attempt."""
    attempts = DeliveryAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-at", "-id")
    lately = Delivery.objects.filter(state=Delivery.State.GIVEN_UP, finished_at__gte=timezone.now() - LATELY)
    with_status = lately.annotate(status=Subquery(attempts.values("status")[:1]))
    return with_status.select_related("webhook").defer("body").order_by("-finished_at")[:MOST]


def reason_of(delivery: Delivery) -> str:
    if delivery.webhook and not delivery.webhook.is_active:
        return OFF
    status = getattr(delivery, "status", None)
    return f"status_{status}" if status else "no_answer"


def retry(what: str, reason: str) -> int:
    """Have everything done again that failed for this reason. Gives how many that are."""
    if what not in RETRIES:
        raise NotFound
    return RETRIES[what](reason)


def render_again(reason: str) -> int:
    return processing.put_back(Asset.objects.filter(failure_code=reason))


def index_again(reason: str) -> int:
    again = failed_entries().filter(error_code=reason).update(
        state=IndexEntry.State.PENDING, attempts=0, error="", error_code=""
    )  # fmt: skip
    transaction.on_commit(indexing.request_indexing, robust=True)
    return again


def send_again(reason: str) -> int:
    again = [delivery for delivery in given_up() if reason_of(delivery) == reason != OFF]
    for delivery in again:
        delivery.replay()
    transaction.on_commit(deliveries.request, robust=True)
    return len(again)


RETRIES: dict[str, Callable[[str], int]] = {
    "renditions": render_again,
    "index": index_again,
    "deliveries": send_again,
}
