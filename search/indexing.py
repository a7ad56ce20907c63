"""From a ready asset to its vector. IndexEntry is the queue of record; Celery only does what stands there."""

import logging
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from datetime import timedelta
from itertools import islice
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from dam.errors import AppError
from media_library.findable import Progress
from media_library.models import Asset, AssetQuerySet, Library, User
from media_library.signals import assets_ready
from search import vector_index
from search.clusters import sweeping
from search.encoding import index_batch
from search.locks import upkeep
from search.models import Embedding, EmbeddingModel, IndexEntry

logger = logging.getLogger(__name__)

BATCH = 32
BATCH_BESIDE = 16  # of a model that is built beside the active one, whose new pictures wait for no more than this
BACKFILL = 5000
LEASE = timedelta(minutes=10)  # a batch that runs longer than this has lost its worker
REQUESTED = "indexing-requested"
GATHER_SECONDS = 2.0

State = IndexEntry.State


@receiver(assets_ready)
def enter(assets: Sequence[Asset], **kwargs: object) -> None:
    """Note in the assets' own transaction that they are to be embedded: by the active model and those being built."""
    shown = [asset for asset in assets if asset.visual_search]
    models = EmbeddingModel.objects.indexed() if shown else []
    entries = [IndexEntry(asset=asset, model=model) for model in models for asset in shown]
    if entries:
        IndexEntry.objects.bulk_create(entries, ignore_conflicts=True)
        transaction.on_commit(request_indexing, robust=True)


def request_indexing() -> None:
    """Wake an index worker; one waiting task is enough, however many assets became ready: it wakes the next one."""
    from search import tasks

    if cache.add(REQUESTED, 1, timeout=30):
        tasks.index_pending.delay()


def index_pending() -> int:
    """Embed all that is pending, batch by batch, for the active model before any that is built beside it.

    Gives the number of vectors stored. A model that cannot be loaded leaves the others their turns.
    """
    cache.delete(REQUESTED)
    done, beside_last = 0, False
    unusable: set[int] = set()
    answering: dict[EmbeddingModel, list[UUID]] = defaultdict(list)
    while batch := next_batch(unusable, wait=not beside_last):
        model, entries = batch
        if len(entries) >= BATCH_BESIDE:
            request_indexing()  # of another worker, if there is one that has nothing to do
        beside_last = model.state == EmbeddingModel.State.BUILDING
        try:
            done += index_batch(model, entries)
        except AppError as error:
            logger.error("Nothing can be embedded with %s: %s", model, error.message)
            unusable.add(model.pk)
        else:
            if not beside_last:
                answering[model] += [entry.asset_id for entry in entries]
    for model, assets in answering.items():
        sweeping.take_in(model, assets)
    return done


def next_batch(unusable: Container[int], *, wait: bool) -> "tuple[EmbeddingModel, list[IndexEntry]] | None":
    """The model whose turn it is, with the entries that were claimed for it; None when nothing is left.

    Which models there are is asked anew each time. During an import a batch of the active one takes a while to fill:
    with `wait`, a batch of another model is done meanwhile, so that neither keeps the other from its work.
    """
    models = [model for model in EmbeddingModel.objects.indexed() if model.pk not in unusable]
    beside = [model for model in models if model.state == EmbeddingModel.State.BUILDING]
    active = [model for model in models if model not in beside]
    if active and wait and is_filling(active[0]):
        if batch := claim_first(beside):
            return batch
        gather(active[0])
    return claim_first([*active, *beside])


def claim_first(models: Iterable[EmbeddingModel]) -> "tuple[EmbeddingModel, list[IndexEntry]] | None":
    for model in models:
        size = BATCH if model.state == EmbeddingModel.State.ACTIVE else BATCH_BESIDE
        if entries := claim(model, size):
            return model, entries
    return None


def is_filling(model: EmbeddingModel) -> bool:
    """Whether less than a batch is pending while more pictures are on their way."""
    pending = IndexEntry.objects.filter(model=model, state=State.PENDING)
    return Asset.objects.filter(state=Asset.State.PROCESSING).exists() and pending[:BATCH].count() < BATCH


def gather(model: EmbeddingModel) -> None:
    """During an import, wait a little for a full batch: pictures one by one cost several times as much."""
    deadline = time.monotonic() + GATHER_SECONDS
    while time.monotonic() < deadline and is_filling(model):
        time.sleep(0.25)


def claim(model: EmbeddingModel, size: int = BATCH) -> list[IndexEntry]:
    """Take pending entries for this worker alone.

    The worker that had one before may have died of it, or of another of the same batch. So it is taken by itself: of
    several workers that die, the later ones are blamed on it, and on none of its company.
    """
    with transaction.atomic():
        pending = IndexEntry.objects.filter(model=model, state=State.PENDING).order_by("id")
        found = list(pending.select_for_update(skip_locked=True).values_list("pk", "attempts")[:size])
        if not found:
            return []
        fresh = [pk for pk, attempts in found if not attempts]
        ids = fresh if found[0][1] == 0 else [found[0][0]]
        IndexEntry.objects.filter(pk__in=ids).update(
            state=State.RUNNING,
            attempts=F("attempts") + 1,
            started_at=timezone.now(),
            error_code="",
            error="",
        )
    return list(IndexEntry.objects.filter(pk__in=ids).order_by("id"))


def again(entries: QuerySet[IndexEntry]) -> None:
    """Put back what shall be tried once more, as if it had never been. What a worker has in hand stays with it."""
    entries.exclude(state=State.RUNNING).update(
        state=State.PENDING, attempts=0, started_at=None, finished_at=None, error_code="", error=""
    )


def sweep() -> None:
    """Put back what a crash left behind, enter what was never entered, and wake the worker if there is work."""
    models = list(EmbeddingModel.objects.indexed())
    for model in models:
        put_back_lost(model)
        backfill(model)
    if IndexEntry.objects.filter(model__in=models, state=State.PENDING).exists():
        request_indexing()


def put_back_lost(model: EmbeddingModel) -> None:
    lost = IndexEntry.objects.filter(model=model, state=State.RUNNING).filter(
        Q(started_at__lt=timezone.now() - LEASE) | ~Q(error_code="")
    )
    lost.filter(attempts__gte=IndexEntry.MAX_ATTEMPTS).update(
        state=State.FAILED, error_code="worker_died", error=_("The index worker died on this picture.")
    )
    lost.update(state=State.PENDING)


def backfill(model: EmbeddingModel) -> int:
    """Enter every ready asset that has no entry under this model. Gives how many there were."""
    ids = never_entered(model).values_list("pk", flat=True).iterator(chunk_size=BACKFILL)
    count = 0
    while chunk := list(islice(ids, BACKFILL)):
        entries = [IndexEntry(asset_id=asset_id, model=model) for asset_id in chunk]
        IndexEntry.objects.bulk_create(entries, ignore_conflicts=True)
        count += len(chunk)
    return count


def never_entered(model: EmbeddingModel) -> AssetQuerySet:
    """The ready assets that have no entry under this model."""
    entered = IndexEntry.objects.filter(model=model, asset=OuterRef("pk"))
    return Asset.objects.filter(~Exists(entered), state=Asset.State.READY, visual_search=True)


def ensure_index(model: EmbeddingModel) -> None:
    """Create the model's indexes if some are missing and nobody else is at it. Outside a transaction only."""
    with upkeep(model) as held:
        if held:
            vector_index.create_indexes(model)
            vector_index.create_indexes(model, vector_index.REGIONS)


def progress(library: Library, user: User | AnonymousUser | None) -> Progress:
    """Of what `user` sees of it."""
    live = Asset.objects.seen_in(library, user).live().filter(visual_search=True)
    processing = live.filter(state=Asset.State.PROCESSING).count()
    findable = live.exclude(state=Asset.State.FAILED)
    model = EmbeddingModel.active()
    if model is None:
        return Progress(findable, pending=findable.count(), failed=0)
    entries = IndexEntry.objects.filter(model=model, asset__library=library, asset__deleted_at=None)
    entries = entries.filter(asset__visual_search=True)
    if (branches := library.branches_of(user)) is not None:
        entries = entries.filter(asset__folder__pk__any_of=list(branches))
    waiting = entries.filter(state__in=[State.PENDING, State.RUNNING]).count()
    failed = entries.filter(state=State.FAILED).count()
    return Progress(findable, pending=processing + waiting, failed=failed)


def indexed_ids(assets: Iterable[Asset]) -> set[UUID]:
    """Which of these assets have a vector under the active model: one query."""
    model = EmbeddingModel.active()
    if model is None:
        return set()
    ids = [asset.pk for asset in assets]
    return set(Embedding.objects.filter(model=model, asset__in=ids).values_list("asset_id", flat=True))


def standing(assets: Iterable[Asset]) -> tuple[set[UUID], dict[UUID, str]]:
    """What `indexed_ids` gives, and why which of the others could not be embedded under the active model: one query."""
    model = EmbeddingModel.active()
    if model is None:
        return set(), {}
    ids = [asset.pk for asset in assets]
    vectors = Embedding.objects.filter(model=model, asset__in=ids)
    failed = IndexEntry.objects.filter(model=model, asset__in=ids, state=State.FAILED)
    nothing = Value(None, output_field=TextField())
    rows = list(vectors.values_list("asset_id", nothing).union(failed.values_list("asset_id", "error"), all=True))
    indexed = {pk for pk, error in rows if error is None}
    return indexed, {pk: error for pk, error in rows if pk not in indexed}


def model_name() -> str:
    """The active model's name; empty while there is none."""
    model = EmbeddingModel.active()
    return model.name if model else ""
