"""From a region to its vector. RegionEmbedding is the queue of record; Celery only does what stands there."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image

from media_library import pixels
from media_library.models import Asset, Rendition
from media_library.renditions import THUMB
from media_library.signals import assets_ready
from search import embedders
from search.clusters import kinds, sweeping
from search.encoding import read
from search.indexing import BATCH
from search.models import EmbeddingModel, Region, RegionEmbedding, RegionQuerySet

logger = logging.getLogger(__name__)

REQUESTED = "region-indexing-requested"


@receiver(assets_ready)
def enter_regions_of(assets: Sequence[Asset], **kwargs: object) -> None:
    """The assets have new renditions: what was cut from older ones is cut again."""
    enter(Region.objects.filter(asset__in=assets).values_list("pk", flat=True))


def enter(region_ids: Iterable[UUID]) -> None:
    """Note in the regions' own transaction that they have to be embedded. A vector that they have goes."""
    ids = list(region_ids)
    RegionEmbedding.objects.filter(region__in=ids).delete()
    models = EmbeddingModel.objects.indexed() if ids else []
    for model in models:
        put_in(embeddable().filter(pk__in=ids), model)
    if models:
        transaction.on_commit(request_indexing, robust=True)


def put_in(regions: RegionQuerySet, model: EmbeddingModel) -> None:
    rows = [RegionEmbedding(region_id=pk, model=model) for pk in regions.order_by().values_list("pk", flat=True)]
    RegionEmbedding.objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True)


def embeddable() -> RegionQuerySet:
    """Regions of assets that can be looked at. Those of the others are entered when their asset is ready."""
    return Region.objects.filter(asset__state=Asset.State.READY, asset__visual_search=True)


def request_indexing() -> None:
    """Wake the index worker; one waiting task is enough."""
    from search import tasks

    if cache.add(REQUESTED, 1, timeout=30):
        tasks.index_regions.delay()


def index_pending() -> int:
    """Look for regions where a detector has to, then embed all that is due, for the active model first.

    Gives the number of vectors stored.
    """
    from search import detection

    cache.delete(REQUESTED)
    detection.detect_pending()
    done = 0
    for model in EmbeddingModel.objects.indexed():
        tried: list[UUID] = []
        while claimed := RegionEmbedding.objects.filter(model=model).claim(BATCH):
            done += index_batch(model, claimed)
            tried += [row.region_id for row in claimed]
        if model.state == EmbeddingModel.State.ACTIVE:
            sweeping.take_in(model, tried, kinds.OBJECTS)
    return done


def index_batch(model: EmbeddingModel, claimed: Sequence[RegionEmbedding]) -> int:
    """Encode the regions and store their vectors. Gives the number stored."""
    found = list(crops(claimed))
    return encode_batch(model, found) if found else 0


def crops(claimed: Sequence[RegionEmbedding]) -> Iterator[tuple[RegionEmbedding, Image.Image]]:
    """Each with its part of the asset's preview, which is decoded once for all its regions."""
    regions = Region.objects.in_bulk([row.region_id for row in claimed])
    rows = [row for row in claimed if row.region_id in regions]  # the others have been removed
    previews = previews_of(region.asset_id for region in regions.values())
    rows.sort(key=lambda row: regions[row.region_id].asset_id)
    for asset_id, together in groupby(rows, key=lambda row: regions[row.region_id].asset_id):
        try:
            picture = read(previews[asset_id])
        except (KeyError, OSError) as error:
            logger.warning("The preview of asset %s cannot be read: %s", asset_id, error)
            for row in together:
                row.note("preview_unreadable", _("The preview of this picture cannot be read."))
            continue
        for row in together:
            yield row, cut(picture, regions[row.region_id])


def previews_of(asset_ids: Iterable[UUID]) -> dict[UUID, Rendition]:
    previews = Rendition.objects.filter(name=Rendition.Name.PREVIEW, asset__in=set(asset_ids))
    return {preview.asset_id: preview for preview in previews}


def cut(picture: Image.Image, region: Region) -> Image.Image:
    """What is encoded: the region's pixels, at least one, at most THUMB on the longer side."""
    left, upper, right, lower = region.box.pixels(*picture.size)
    return pixels.fit(picture.crop((left, upper, max(right, left + 1), max(lower, upper + 1))), THUMB)


def encode_batch(model: EmbeddingModel, found: Sequence[tuple[RegionEmbedding, Image.Image]]) -> int:
    try:
        embedder = embedders.get_embedder(model.source, images_only=True)
        vectors = embedder.encode_images([picture for _row, picture in found])
    except (RuntimeError, MemoryError) as error:
        if len(found) > 1:  # halved until the picture that cannot be encoded stands alone
            middle = len(found) // 2
            return encode_batch(model, found[:middle]) + encode_batch(model, found[middle:])
        logger.error("Region %s could not be encoded: %s", found[0][0].region_id, error)
        found[0][0].note("encoding_failed", _("The model could not encode this region."))
        return 0
    for (row, _picture), vector in zip(found, vectors, strict=True):
        row.vector, row.finished_at = vector, timezone.now()
    return store([row for row, _picture in found])


@transaction.atomic
def store(rows: Sequence[RegionEmbedding]) -> int:
    """Only what is still this worker's: a region removed or changed meanwhile has no such row any more."""
    held = RegionEmbedding.objects.filter(pk__in=[row.pk for row in rows], started_at=rows[0].started_at)
    mine = set(held.filter(finished_at=None).select_for_update().values_list("pk", flat=True))
    kept = [row for row in rows if row.pk in mine]
    RegionEmbedding.objects.bulk_update(kept, ["vector", "finished_at"])
    return len(kept)


def sweep() -> None:
    """Enter what was never entered, and wake the worker if there is work, such as what a crash left behind."""
    from search import detection

    models = list(EmbeddingModel.objects.indexed())
    for model in models:
        backfill(model)
    if models and (detection.backfill() or RegionEmbedding.objects.filter(model__in=models).due().exists()):
        request_indexing()


def backfill(model: EmbeddingModel) -> None:
    """Enter every region that has neither vector nor entry under this model."""
    put_in(never_entered(model), model)


def never_entered(model: EmbeddingModel) -> RegionQuerySet:
    entered = RegionEmbedding.objects.filter(model=model, region=OuterRef("pk"))
    return embeddable().filter(~Exists(entered))


def waiting(model: EmbeddingModel) -> int:
    """How many regions have not been tried under this model."""
    return RegionEmbedding.objects.filter(model=model).due().count() + never_entered(model).count()


def indexed_ids(regions: Iterable[Region]) -> set[UUID]:
    """Which of these regions have a vector under the active model: one query."""
    made = RegionEmbedding.objects.filter(model=EmbeddingModel.active(), region__in=[region.pk for region in regions])
    return set(made.exclude(finished_at=None).values_list("region_id", flat=True))
