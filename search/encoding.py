"""From entries that a worker has claimed to their vectors."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image

from dam.errors import AppError
from media_library import events
from media_library.models import Asset, Event, Rendition
from search import embedders
from search.models import Embedding, EmbeddingModel, IndexEntry

logger = logging.getLogger(__name__)

ERROR_LENGTH = 300

State = IndexEntry.State
Readable = tuple[IndexEntry, Image.Image]


def index_batch(model: EmbeddingModel, entries: Sequence[IndexEntry]) -> int:
    """Encode the thumbnails of the entries and store their vectors. Gives the number stored."""
    return encode(model, list(pictures(entries)))


def pictures(entries: Sequence[IndexEntry]) -> Iterator[Readable]:
    """Each entry with its thumbnail. One that cannot be read fails alone."""
    thumbs = Rendition.objects.filter(name=Rendition.Name.THUMB, asset__in=[entry.asset_id for entry in entries])
    by_asset = {thumb.asset_id: thumb for thumb in thumbs}
    for entry in entries:
        try:
            picture = read(by_asset[entry.asset_id])
        except Exception:  # what each store raises is its own
            logger.exception("The thumbnail of asset %s cannot be read.", entry.asset_id)
            give_up([entry], "thumbnail_unreadable", _("The thumbnail of this picture cannot be read."))
        else:
            yield entry, picture


def read(picture: Rendition) -> Image.Image:
    with picture.file.open("rb") as file, Image.open(file, formats=["WEBP"]) as opened:
        opened.load()
        return opened.copy()


def encode(model: EmbeddingModel, readable: Sequence[Readable]) -> int:
    """A batch that the encoder cannot take is halved until the picture that cannot be encoded stands alone."""
    if not readable:
        return 0
    entries = [entry for entry, _picture in readable]
    try:
        embedder = embedders.get_embedder(model.source, images_only=True)
        vectors = embedder.encode_images([picture for _entry, picture in readable])
    except (RuntimeError, MemoryError) as error:
        if len(readable) > 1:
            middle = len(readable) // 2
            return encode(model, readable[:middle]) + encode(model, readable[middle:])
        logger.error("Asset %s could not be encoded: %s", entries[0].asset_id, error)
        give_up(entries, "encoding_failed", _("The model could not encode this picture."))
        return 0
    except AppError as error:
        put_back(entries, error)
        raise
    return store(model, entries, vectors)


@transaction.atomic
def store(model: EmbeddingModel, entries: Sequence[IndexEntry], vectors: Iterable[Any]) -> int:
    """Of the assets that are still there, with the entries that were claimed: one that has another file by now has
    another entry. Those stay until this is committed. Gives how many that are."""
    if not EmbeddingModel.objects.kept().filter(pk=model.pk).exists():
        return 0  # it was dropped while these were encoded
    assets = Asset.objects.filter(pk__in=[entry.asset_id for entry in entries]).order_by("pk").only("library")
    there = {asset.pk: asset for asset in assets.select_for_update(no_key=True)}
    held = IndexEntry.objects.filter(pk__in=[entry.pk for entry in entries], asset__in=there)
    kept = set(held.values_list("pk", flat=True))
    Embedding.objects.bulk_create(
        [
            Embedding(asset_id=entry.asset_id, model=model, vector=vector)
            for entry, vector in zip(entries, vectors, strict=True)
            if entry.pk in kept
        ],
        update_conflicts=True,
        unique_fields=["asset", "model"],
        update_fields=["vector"],
    )
    held.update(state=State.DONE, finished_at=timezone.now(), error="", error_code="")
    if model.state == EmbeddingModel.State.ACTIVE:
        events.raised(Event.INDEXED, [there[entry.asset_id] for entry in entries if entry.pk in kept])
    return len(kept)


def put_back(entries: Iterable[IndexEntry], error: AppError) -> None:
    """The model could not be used: nothing that these pictures are to blame for."""
    IndexEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(
        state=State.PENDING,
        attempts=F("attempts") - 1,
        error_code=error.code,
        error=str(error.message)[:ERROR_LENGTH],
    )


def give_up(entries: Iterable[IndexEntry], code: str, message: str) -> None:
    """Fail what has used up its attempts; the rest waits for the next sweep."""
    noted = IndexEntry.objects.filter(pk__in=[entry.pk for entry in entries])
    noted.update(error_code=code, error=message, finished_at=timezone.now())
    noted.filter(attempts__gte=IndexEntry.MAX_ATTEMPTS).update(state=State.FAILED)
