"""From an asset to the regions that a detector sees in it. DetectorRun is the queue of record."""

import logging
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from dam.errors import AppError
from media_library.models import Asset
from media_library.renditions import Box
from media_library.signals import assets_ready
from search import detectors, region_indexing
from search.detectors import Detection, Detector
from search.encoding import read
from search.indexing import BATCH
from search.models import DetectorRun, Region
from search.regions import clean_label, keys

logger = logging.getLogger(__name__)

MOST = 100  # regions of one picture; the surest


@receiver(assets_ready)
def enter(assets: Sequence[Asset], **kwargs: object) -> None:
    """Note in the assets' own transaction that a detector has to look at them."""
    shown = [asset for asset in assets if asset.visual_search]
    if detectors.name() and shown:
        DetectorRun.objects.filter(asset__in=shown).delete()
        DetectorRun.objects.bulk_create(DetectorRun(asset=asset, detector=detectors.name()) for asset in shown)
        transaction.on_commit(region_indexing.request_indexing, robust=True)


def backfill() -> bool:
    """Enter what the chosen detector has not seen. Gives whether there is anything to look at."""
    name = detectors.name()
    if not name:
        return False
    DetectorRun.objects.exclude(detector=name).delete()
    seen = DetectorRun.objects.filter(asset=OuterRef("pk"))
    missing = Asset.objects.filter(~Exists(seen), state=Asset.State.READY, visual_search=True)
    rows = [DetectorRun(asset_id=pk, detector=name) for pk in missing.order_by().values_list("pk", flat=True)]
    DetectorRun.objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True)
    return DetectorRun.objects.filter(detector=name).due().exists()


def detect_pending() -> None:
    """Have the chosen detector look at all that is due."""
    runs = DetectorRun.objects.filter(detector=detectors.name())
    if not detectors.name() or not runs.due().exists():
        return
    try:
        detector = detectors.get_detector()
    except AppError as error:
        logger.error("No regions are detected: %s", error.message)
        return
    while claimed := runs.claim(BATCH):
        for run in claimed:
            detect(run, detector)


def detect(run: DetectorRun, detector: Detector) -> None:
    try:
        picture = read(region_indexing.previews_of([run.asset_id])[run.asset_id])
        found = detector.detect(picture.convert("RGB"))
    except (KeyError, OSError) as error:
        logger.warning("The preview of asset %s cannot be read: %s", run.asset_id, error)
        run.note("preview_unreadable", _("The preview of this picture cannot be read."))
    except (RuntimeError, ValueError, MemoryError) as error:
        logger.error("The detector failed on asset %s: %s", run.asset_id, error)
        run.note("detection_failed", _("The detector could not look at this picture."))
    else:
        replace(run, found)


@transaction.atomic
def replace(run: DetectorRun, found: Iterable[Detection]) -> None:
    """What this run found takes the place of what was detected before; what people made or imported stays."""
    held = DetectorRun.objects.filter(pk=run.pk, started_at=run.started_at, finished_at=None)
    if not held.update(finished_at=timezone.now()):
        return  # the asset is gone, or somebody else's run now
    asset = Asset.objects.get(pk=run.asset_id)
    before = Region.objects.filter(asset=asset, source=Region.Source.DETECTED)
    now, known = keys(regions_of(asset, found)), keys(before)
    before.filter(pk__in=[region.pk for key, region in known.items() if key not in now]).delete()
    new = [region for key, region in now.items() if key not in known]
    Region.objects.bulk_create(new, ignore_conflicts=True)
    region_indexing.enter([region.pk for region in new])


def regions_of(asset: Asset, found: Iterable[Detection]) -> list[Region]:
    """The surest of what is large enough to be searched for."""
    regions = []
    for detection in sorted(found, key=lambda detection: -detection.score):
        try:
            box = Box(*detection.box).large_enough(asset.width, asset.height)
        except AppError:
            continue
        region = Region(
            asset=asset,
            label=clean_label(detection.label[:100]),
            source=Region.Source.DETECTED,
            confidence=round(detection.score, 4),
        )
        region.box = box
        regions.append(region)
    return regions[:MOST]
