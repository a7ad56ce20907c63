"""From a stored original to a ready asset: the full decode, its renditions, and what becomes of failures.

The rows of assets are the queue of record; Celery only does what stands there. A worker claims several assets at once,
because a message, a claim and a transaction for each would take as long as the decoding of a small picture.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from media_library import renditions
from media_library.decoding import LEASE, decoded, too_slow
from media_library.finishing import Made, fail, finish
from media_library.models import Asset, AssetQuerySet
from media_library.refusals import BadImage

logger = logging.getLogger(__name__)

BATCH = 16  # claimed at once
STORE_SECONDS = 0.5  # what is done is shown after that, though the batch is not complete
REQUESTED = "rendering-requested"


def put_back(assets: AssetQuerySet) -> int:
    """Those of them that have failed are decoded again. Gives how many."""
    again = assets.filter(state=Asset.State.FAILED).update(
        state=Asset.State.PROCESSING,
        failure_code="",
        failure_message="",
        attempts=0,
        claimed_at=None,
        processed_at=None,
        updated_at=timezone.now(),
    )
    if again:
        transaction.on_commit(request, robust=True)
    return again


def request() -> None:
    """Wake a media worker. One waiting task is enough, however many assets wait: who finds more wakes the next."""
    from media_library import tasks

    if cache.add(REQUESTED, 1, timeout=30):
        tasks.render_pending.delay()


def sweep() -> None:
    """Wake a worker for what a crash left behind, or if its message was lost."""
    from media_library import replacing

    if due().exists() or replacing.due().exists():
        request()


def due() -> AssetQuerySet:
    """What waits, and what a worker that is dead by now had claimed."""
    lost = timezone.now() - LEASE
    return Asset.objects.filter(Q(claimed_at=None) | Q(claimed_at__lt=lost), state=Asset.State.PROCESSING)


def render_pending(*, seconds: float = 5, interrupted: Callable[[], bool] = lambda: False) -> None:
    """Make what waits ready, or failed with a code, and put new files of assets in their place, until nothing is left;
    or the time is over, or it is interrupted, and another task goes on. May run twice at once and be stopped at any
    moment."""
    from media_library import replacing  # which needs `request`

    deadline = time.monotonic() + seconds

    def over() -> bool:
        return time.monotonic() > deadline or interrupted()

    cache.delete(REQUESTED)
    while not over():
        replaced = replacing.replace_next()  # somebody looks at that picture, so it does not wait behind an import
        assets, more = claim()
        if not assets and not replaced:
            return
        if more:
            request()
        work(assets, over)
    request()


@transaction.atomic
def claim() -> tuple[list[Asset], bool]:
    """The oldest that wait, for this worker alone, and whether there are more.

    Whoever held an asset before may have died of it, or of another of the same batch. So it is taken by itself, and
    only that counts as an attempt: nobody is blamed for the company.
    """
    waiting = due().order_by("created_at").only("library", "file", "attempts", "visual_search", "claimed_at")
    found = list(waiting.select_for_update(skip_locked=True)[: BATCH + 1])
    fresh = [asset for asset in found[:BATCH] if asset.claimed_at is None and not asset.attempts]
    claimed = fresh if fresh[:1] == found[:1] else found[:1]
    counted = int(len(claimed) == 1)
    Asset.objects.filter(pk__in=[asset.pk for asset in claimed]).update(
        attempts=F("attempts") + counted, claimed_at=timezone.now()
    )
    for asset in claimed:
        asset.attempts += counted
    return claimed, len(found) > len(claimed)


def work(assets: Sequence[Asset], over: Callable[[], bool]) -> None:
    """Decode the claimed assets and store what has become of them. What is not begun when it is over goes back."""
    waiting, made, since = deque(assets), list[Made](), time.monotonic()
    while waiting:
        asset = waiting.popleft()
        try:
            if rendered := attempt(asset):
                made.append((asset, rendered))
        except SoftTimeLimitExceeded:
            fail(asset, "too_slow", str(too_slow().message))
            break
        if over():
            break
        if time.monotonic() > since + STORE_SECONDS:
            finish(made)
            made, since = [], time.monotonic()
    finish(made)
    Asset.objects.filter(pk__in=[asset.pk for asset in waiting]).update(claimed_at=None)


def attempt(asset: Asset) -> renditions.Rendered | None:
    """None where it failed. What nobody foresaw is logged, and tried again when the lease is over."""
    try:
        return decoded(asset.file, asset.attempts)
    except BadImage as error:
        fail(asset, error.code, str(error.message))
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        logger.exception("Asset %s could not be rendered.", asset.pk)
    return None
