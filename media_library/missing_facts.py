"""Facts of assets that became ready before there were any: from their thumbnails, a batch at a time.

May run twice at once and be stopped at any moment: what has no facts is what is left to do.
"""

import logging
import time

from django.db import transaction
from PIL import Image

from media_library import exif
from media_library.facts import Facts, measure, traits
from media_library.images import DECODER_ERRORS
from media_library.models import Asset, AssetQuerySet, Rendition

logger = logging.getLogger(__name__)

BATCH = 200
WRITTEN = ["facts", "traits", "camera"]


def without() -> AssetQuerySet:
    return Asset.objects.filter(state=Asset.State.READY, traits=None)


def add(assets: AssetQuerySet | None = None, *, seconds: float = float("inf")) -> int:
    """Measure these assets, or all that have no facts, or as many as fit into the time. Gives how many."""
    waiting = (without() if assets is None else assets.filter(state=Asset.State.READY)).order_by("id")
    deadline, done = time.monotonic() + seconds, 0
    batch = waiting.only("width", "height", "exif", "version")[:BATCH]
    while time.monotonic() < deadline and (measured := add_batch(list(batch))):
        done += len(measured)
        batch = waiting.filter(pk__gt=measured[-1].pk).only("width", "height", "exif", "version")[:BATCH]
    return done


def add_batch(assets: list[Asset]) -> list[Asset]:
    thumbs = Rendition.objects.filter(asset__in=assets, name=Rendition.Name.THUMB)
    by_asset = {thumb.asset_id: thumb for thumb in thumbs}
    for asset in assets:
        facts = facts_of(by_asset.get(asset.pk))
        asset.facts = facts.as_json() if facts else {}
        asset.traits = traits(facts, asset.width, asset.height)
        asset.camera = exif.camera(asset.exif)
    store(assets)
    return assets


@transaction.atomic
def store(assets: list[Asset]) -> None:
    """Of those whose file has not been replaced meanwhile."""
    there = Asset.objects.filter(pk__in=[asset.pk for asset in assets]).order_by("pk").select_for_update(no_key=True)
    versions = dict(there.values_list("pk", "version"))
    Asset.objects.bulk_update([asset for asset in assets if versions.get(asset.pk) == asset.version], WRITTEN)


def facts_of(thumb: Rendition | None) -> Facts | None:
    """None where the thumbnail cannot be read: then only the asset's shape is known, and that is not tried again."""
    if thumb is None:
        return None
    try:
        with thumb.file.open("rb") as file, Image.open(file, formats=["WEBP"]) as picture:
            plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except DECODER_ERRORS as error:
        logger.warning("The thumbnail of asset %s cannot be read: %s", thumb.asset_id, error)
        return None
    return measure(plain)
