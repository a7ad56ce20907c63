"""How a version becomes the file of its asset: decoded like any original, then all that is known changes at once.

The row is the queue of record, as that of an asset is. Until the switch everything shows and finds the former file;
from then on nothing that was made of it answers any more.
"""

import logging
from collections.abc import Sequence
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from media_library import events, finishing, renditions, stored_files
from media_library.decoding import LEASE, decoded, too_slow
from media_library.models import Asset, Event, Rendition, Version
from media_library.refusals import BadImage
from media_library.signals import assets_ready, assets_replaced
from media_library.versions import COLUMNS

logger = logging.getLogger(__name__)

State = Version.State


def due() -> QuerySet[Version]:
    """What waits, and what a worker that is dead by now had claimed."""
    lost = timezone.now() - LEASE
    return Version.objects.filter(Q(claimed_at=None) | Q(claimed_at__lt=lost), state=State.PROCESSING)


def replace_next() -> bool:
    """Decode the version that has waited longest and put it in its place. Gives whether there was one."""
    version = claim()
    if version is None:
        return False
    try:
        place(version, decoded(version.file, version.attempts))
    except BadImage as error:
        fail(version, error.code, str(error.message))
    except SoftTimeLimitExceeded:
        fail(version, "too_slow", str(too_slow().message))
    except Exception:
        logger.exception("%s could not be rendered.", version)  # tried again when the lease is over
    return True


@transaction.atomic
def claim() -> Version | None:
    version = due().select_for_update(of=("self",), skip_locked=True).order_by("requested_at").first()
    if version:
        Version.objects.filter(pk=version.pk).update(attempts=F("attempts") + 1, claimed_at=timezone.now())
        version.refresh_from_db()
    return version


def place(version: Version, rendered: renditions.Rendered) -> None:
    """Store the renditions and switch; all or nothing. Raises BadImage where what it says of itself cannot be kept."""
    stored: list[Rendition] = []
    placed = False
    try:
        if finishing.store_files(version.asset, rendered, stored):
            placed = switch(version, rendered, stored)
    except DataError as error:
        logger.warning("What was found out about %s cannot be stored: %s", version, error)
        message = _("What this picture says of itself cannot be stored. Save it with another program.")
        raise BadImage(message) from None
    finally:  # somebody else was faster, the asset is gone, or all of this came to nothing
        if not placed:
            stored_files.delete(str(each.file.name) for each in stored)


def switch(version: Version, rendered: renditions.Rendered, made: Sequence[Rendition]) -> bool:
    """Give whether this worker still had it in hand."""
    with events.gathered():
        asset = Asset.objects.select_for_update(no_key=True).filter(pk=version.asset_id).first()
        held = Version.objects.select_for_update(of=("self",)).filter(pk=version.pk, claimed_at=version.claimed_at)
        taken = held.filter(state=State.PROCESSING).first()
        if asset is None or taken is None:
            return False
        before = events.noted([asset], ["version", *COLUMNS])
        put_aside(asset)
        own = str(taken.thumb.name)
        asset.file, asset.version = taken.file.name, taken.number
        for name, value in {**{name: getattr(taken, name) for name in COLUMNS}, **finishing.known(rendered)}.items():
            setattr(asset, name, value)
        asset.state, asset.failure_code, asset.failure_message = Asset.State.READY, "", ""
        asset.attempts, asset.claimed_at, asset.processed_at = 0, None, timezone.now()
        asset.save()
        taken.state, taken.file, taken.thumb, taken.placed_at, taken.claimed_at = (
            State.PRESENT,
            "",
            "",
            timezone.now(),
            None,
        )
        taken.width, taken.height = asset.width, asset.height
        taken.save()
        Rendition.objects.bulk_create(
            made,
            update_conflicts=True,
            unique_fields=["asset", "name"],
            update_fields=["file", "width", "height", "bytes"],
        )
        if own:  # of the last time it was the present one
            forget_file(own)
        assets_replaced.send(sender=Asset, assets=[asset])
        assets_ready.send(sender=Asset, assets=[asset])
        events.raised(Event.UPDATED, [asset], before)
        events.raised(Event.READY, [asset])
    return True


def put_aside(asset: Asset) -> None:
    """Keep the present file and its thumbnail as a version of their own. The preview is only made of it again."""
    thumb = ""
    for rendition in asset.renditions.all():
        if rendition.name == Rendition.Name.THUMB:
            thumb = str(rendition.file.name)
        else:
            forget_file(str(rendition.file.name))
    asset.versions.filter(state=State.PRESENT).update(
        state=State.KEPT,
        file=asset.file.name,
        thumb=thumb,
        width=asset.width,
        height=asset.height,
        failure_code=asset.failure_code,
        failure_message=asset.failure_message,
    )


def forget_file(name: str) -> None:
    transaction.on_commit(partial(stored_files.remove, [name]), robust=True)


def fail(version: Version, code: str, message: str) -> None:
    """The asset keeps the file that it has."""
    message = message[:300]
    with events.gathered():
        held = Version.objects.filter(pk=version.pk, state=State.PROCESSING, claimed_at=version.claimed_at)
        if held.update(state=State.FAILED, failure_code=code, failure_message=message, claimed_at=None):
            told = {"number": version.number, "failure": {"code": code, "message": message}}
            events.raised(Event.VERSION_FAILED, [version.asset], data={"version": told})
