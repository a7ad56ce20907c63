"""From a stored original to a ready asset: the full decode, its renditions, and what becomes of failures.

The rows of assets are the queue of record; Celery only does what stands there. A worker claims several assets at once,
because a message, a claim and a transaction for each would take as long as the decoding of a small picture.
"""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, BinaryIO, cast
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DataError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from media_library import exif, renditions, stored_files
from media_library.facts import traits
from media_library.images import BadImage
from media_library.models import Asset, AssetQuerySet, Rendition
from media_library.signals import assets_ready

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
LEASE = timedelta(minutes=2)  # longer than a task may take: then its worker is dead
BATCH = 8  # claimed at once
STORE_SECONDS = 0.5  # what is done is shown after that, though the batch is not complete
REQUESTED = "rendering-requested"

FINISH = """
UPDATE media_library_asset AS asset
SET state = 'ready', claimed_at = NULL, updated_at = %(now)s, width = made.width, height = made.height,
  phash = made.phash, colors = made.colors, exif = made.exif, taken_at = made.taken_at, camera = made.camera,
  facts = made.facts, traits = made.traits
FROM jsonb_to_recordset(%(made)s) AS made (id uuid, width integer, height integer, phash text, colors jsonb, exif jsonb,
  taken_at timestamptz, camera text, facts jsonb, traits text[])
WHERE asset.id = made.id AND asset.state = 'processing'
RETURNING asset.id
"""

Made = tuple[Asset, renditions.Rendered]


def request() -> None:
    """Wake a media worker; one waiting task is enough, however many assets wait. Each that finds more wakes the next."""
    from media_library import tasks

    if cache.add(REQUESTED, 1, timeout=30):
        tasks.render_pending.delay()


def sweep() -> None:
    """Wake a worker for what a crash left behind, or if its message was lost."""
    if due().exists():
        request()


def due() -> AssetQuerySet:
    """What waits, and what a worker that is dead by now had claimed."""
    lost = timezone.now() - LEASE
    return Asset.objects.filter(Q(claimed_at=None) | Q(claimed_at__lt=lost), state=Asset.State.PROCESSING)


def render_pending(*, seconds: float = 5, interrupted: Callable[[], bool] = lambda: False) -> None:
    """Make what waits ready, or failed with a code, until nothing is left; or the time is over, or it is interrupted,
    and another task goes on. May run twice at once and be stopped at any moment."""
    deadline = time.monotonic() + seconds

    def over() -> bool:
        return time.monotonic() > deadline or interrupted()

    cache.delete(REQUESTED)
    while not over():
        assets, more = claim()
        if not assets:
            return
        if more:
            request()
        work(assets, over)
    request()


@transaction.atomic
def claim() -> tuple[list[Asset], bool]:
    """The oldest that wait, for this worker alone, and whether there are more.

    Whoever held an asset before may have died of it, or of another of the same batch. So it is taken by itself, and only
    that counts as an attempt: nobody is blamed for the company.
    """
    waiting = due().order_by("created_at").only("file", "attempts", "visual_search", "claimed_at")
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
            fail(asset, "too_slow", _("Decoding this picture took too long."))
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
    if asset.attempts > MAX_ATTEMPTS:
        # Each attempt ended with the death of its worker: a file that kills decoders.
        fail(asset, "decoder_died", _("This picture could not be decoded within the memory and time allowed."))
        return None
    try:
        with asset.file.open("rb") as original:
            return renditions.render(cast(BinaryIO, original))
    except BadImage as error:
        fail(asset, error.code, str(error.message))
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        logger.exception("Asset %s could not be rendered.", asset.pk)
    return None


def finish(made: Sequence[Made]) -> None:
    """Store the renditions and announce the assets; each asset all or nothing."""
    stored: list[Rendition] = []
    kept: set[UUID] = set()
    try:
        whole = [each for each in made if store_files(*each, stored)]
        try:
            kept = register(whole, stored)
        except DataError:  # PostgreSQL refuses something that one of them says of itself
            for asset, rendered in whole:
                kept |= register_alone(asset, rendered, stored)
    finally:  # another worker was faster, the asset is gone, or all of this came to nothing
        stored_files.delete(str(each.file.name) for each in stored if each.asset_id not in kept)


def store_files(asset: Asset, rendered: renditions.Rendered, stored: list[Rendition]) -> bool:
    """Add what is stored to `stored`. Gives whether that is all."""
    pictures = {Rendition.Name.THUMB: rendered.thumb, Rendition.Name.PREVIEW: rendered.preview}
    try:
        for name, picture in pictures.items():
            path = f"renditions/{asset.pk.hex[:2]}/{asset.pk}-{name}.webp"
            file = default_storage.save(path, ContentFile(picture.data))
            size = {"width": picture.width, "height": picture.height, "bytes": len(picture.data)}
            stored.append(Rendition(asset=asset, name=name, file=file, **size))
    except SoftTimeLimitExceeded:
        raise
    except Exception:  # what each store raises is its own
        logger.exception("The renditions of asset %s could not be stored.", asset.pk)
        return False
    return True


def register(made: Sequence[Made], stored: Iterable[Rendition]) -> set[UUID]:
    """Make these assets ready, in one transaction. Gives those that still were to be made so."""
    if not made:
        return set()
    rows = json.dumps([row(asset, rendered) for asset, rendered in made])
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(FINISH, {"made": rows, "now": timezone.now()})
            ready = {pk for (pk,) in cursor.fetchall()}
        if ready:
            Rendition.objects.bulk_create(each for each in stored if each.asset_id in ready)
            assets_ready.send(sender=Asset, assets=[asset for asset, _rendered in made if asset.pk in ready])
    return ready


def register_alone(asset: Asset, rendered: renditions.Rendered, stored: Iterable[Rendition]) -> set[UUID]:
    try:
        return register([(asset, rendered)], stored)
    except DataError as error:
        logger.warning("What was found out about asset %s cannot be stored: %s", asset.pk, error)
        fail(asset, "undecodable", _("What this picture says of itself cannot be stored. Save it with another program."))
        return set()


def row(asset: Asset, rendered: renditions.Rendered) -> dict[str, Any]:
    return {
        "id": str(asset.pk),
        "width": rendered.width,
        "height": rendered.height,
        "phash": rendered.phash,
        "colors": rendered.colors,
        "exif": rendered.exif,
        "taken_at": rendered.taken_at and rendered.taken_at.isoformat(),
        "camera": exif.camera(rendered.exif),
        "facts": rendered.facts.as_json(),
        "traits": traits(rendered.facts, rendered.width, rendered.height),
    }


def fail(asset: Asset, code: str, message: str) -> None:
    Asset.objects.filter(pk=asset.pk, state=Asset.State.PROCESSING).update(
        state=Asset.State.FAILED,
        failure_code=code,
        failure_message=message[:300],
        claimed_at=None,
        updated_at=timezone.now(),
    )
