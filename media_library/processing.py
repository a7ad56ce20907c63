"""From a stored original to a ready asset: the full decode, its renditions, and what becomes of failures."""

from datetime import timedelta
from typing import BinaryIO, cast
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from media_library import exif, renditions
from media_library.facts import traits
from media_library.images import BadImage
from media_library.models import Asset, Rendition
from media_library.signals import asset_ready

MAX_ATTEMPTS = 3
STALE_AFTER = timedelta(minutes=2)


def make_renditions(asset_id: UUID | str) -> None:
    """Decode the original once and make the asset ready, or failed with a code. May run twice without harm."""
    unfinished = Asset.objects.filter(pk=asset_id, state=Asset.State.PROCESSING)
    if not unfinished.update(attempts=F("attempts") + 1, updated_at=timezone.now()):
        return
    asset = Asset.objects.only("file", "attempts", "visual_search").get(pk=asset_id)
    if asset.attempts > MAX_ATTEMPTS:
        # Each attempt ended with the death of its worker: a file that kills decoders.
        fail(asset, "decoder_died", _("This picture could not be decoded within the memory and time allowed."))
        return
    try:
        with asset.file.open("rb") as original:
            rendered = renditions.render(cast(BinaryIO, original))
    except BadImage as error:
        fail(asset, error.code, str(error.message))
    except SoftTimeLimitExceeded:
        fail(asset, "too_slow", _("Decoding this picture took too long."))
    else:
        finish(asset, rendered)


def finish(asset: Asset, rendered: renditions.Rendered) -> None:
    """Store the renditions and announce the asset, all or nothing."""
    stored: list[Rendition] = []
    try:
        for name, picture in (
            (Rendition.Name.THUMB, rendered.thumb),
            (Rendition.Name.PREVIEW, rendered.preview),
        ):
            path = f"renditions/{asset.pk.hex[:2]}/{asset.pk}-{name}.webp"
            stored.append(
                Rendition(
                    asset=asset,
                    name=name,
                    file=default_storage.save(path, ContentFile(picture.data)),
                    width=picture.width,
                    height=picture.height,
                    bytes=len(picture.data),
                )
            )
        with transaction.atomic():
            done = Asset.objects.filter(pk=asset.pk, state=Asset.State.PROCESSING).update(
                state=Asset.State.READY,
                width=rendered.width,
                height=rendered.height,
                phash=rendered.phash,
                colors=rendered.colors,
                exif=rendered.exif,
                taken_at=rendered.taken_at,
                camera=exif.camera(rendered.exif),
                facts=rendered.facts.as_json(),
                traits=traits(rendered.facts, rendered.width, rendered.height),
                updated_at=timezone.now(),
            )
            if done:
                Rendition.objects.bulk_create(stored)
                asset_ready.send(sender=Asset, asset=asset)
    except BaseException:
        delete_files(stored)
        raise
    if not done:  # another worker was faster, or the asset is gone
        delete_files(stored)


def delete_files(stored: list[Rendition]) -> None:
    for rendition in stored:
        default_storage.delete(str(rendition.file.name))


def fail(asset: Asset, code: str, message: str) -> None:
    Asset.objects.filter(pk=asset.pk, state=Asset.State.PROCESSING).update(
        state=Asset.State.FAILED,
        failure_code=code,
        failure_message=message[:300],
        updated_at=timezone.now(),
    )


def stale_asset_ids(limit: int = 1000) -> list[UUID]:
    """Assets whose task was lost. Each is touched, so that a long queue is not filled with repeats."""
    stale = Asset.objects.filter(state=Asset.State.PROCESSING, updated_at__lt=timezone.now() - STALE_AFTER)
    ids = list(stale.order_by("updated_at").values_list("pk", flat=True)[:limit])
    Asset.objects.filter(pk__in=ids).update(updated_at=timezone.now())
    return ids
