"""What becomes of an asset that was decoded: renditions and facts, several assets in one transaction, or a failure."""

import json
import logging
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DataError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from media_library import events, exif, renditions, stored_files
from media_library.facts import traits
from media_library.models import Asset, Event, Rendition
from media_library.signals import assets_ready

logger = logging.getLogger(__name__)

FINISH = """
UPDATE media_library_asset AS asset
SET state = 'ready', claimed_at = NULL, processed_at = %(now)s, updated_at = %(now)s,
  width = made.width, height = made.height,
  phash = made.phash, colors = made.colors, exif = made.exif, taken_at = made.taken_at, camera = made.camera,
  facts = made.facts, traits = made.traits
FROM jsonb_to_recordset(%(made)s) AS made (id uuid, width integer, height integer, phash text, colors jsonb, exif jsonb,
  taken_at timestamptz, camera text, facts jsonb, traits text[])
WHERE asset.id = made.id AND asset.state = 'processing'
RETURNING asset.id
"""

Made = tuple[Asset, renditions.Rendered]


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
            assets = [asset for asset, _rendered in made if asset.pk in ready]
            assets_ready.send(sender=Asset, assets=assets)
            events.raised(Event.READY, assets)
    return ready


def register_alone(asset: Asset, rendered: renditions.Rendered, stored: Iterable[Rendition]) -> set[UUID]:
    try:
        return register([(asset, rendered)], stored)
    except DataError as error:
        logger.warning("What was found out about asset %s cannot be stored: %s", asset.pk, error)
        fail(
            asset, "undecodable", _("What this picture says of itself cannot be stored. Save it with another program.")
        )
        return set()


def row(asset: Asset, rendered: renditions.Rendered) -> dict[str, Any]:
    """For FINISH."""
    moment = rendered.taken_at and rendered.taken_at.isoformat()
    return known(rendered) | {"id": str(asset.pk), "taken_at": moment}


def known(rendered: renditions.Rendered) -> dict[str, Any]:
    """What decoding has found out, as an asset keeps it."""
    return {
        "width": rendered.width,
        "height": rendered.height,
        "phash": rendered.phash,
        "colors": rendered.colors,
        "exif": rendered.exif,
        "taken_at": rendered.taken_at,
        "camera": exif.camera(rendered.exif),
        "facts": rendered.facts.as_json(),
        "traits": traits(rendered.facts, rendered.width, rendered.height),
    }


def fail(asset: Asset, code: str, message: str) -> None:
    with events.gathered():
        failed = Asset.objects.filter(pk=asset.pk, state=Asset.State.PROCESSING).update(
            state=Asset.State.FAILED,
            failure_code=code,
            failure_message=message[:300],
            claimed_at=None,
            processed_at=(now := timezone.now()),
            updated_at=now,
        )
        if failed:
            events.raised(Event.FAILED, [asset])
