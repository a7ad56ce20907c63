"""From an indexed asset to the pairs it is part of.

An asset without a Fingerprint is due. Fingerprints are committed before any of them is compared, so of two workers that
take two copies at once at least one sees the other's.
"""

import logging
from collections.abc import Iterable
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from media_library.models import Asset, AssetQuerySet, Rendition
from search import nearest, neighbourhoods
from search.duplicates.sketch import Sketch, resemblance
from search.encoding import read
from search.models import DuplicatePair, EmbeddingModel, Fingerprint, IndexEntry

logger = logging.getLogger(__name__)

SLICE = 50  # assets of one task: it gives the worker back within seconds
BY_HASH = 12
BY_VECTOR = 6
EXACT = 10  # of many copies of one file each is paired with the first ten: never n² pairs
REQUESTED = "finding-duplicates-requested"

Kind = DuplicatePair.Kind
Found = dict[Asset, tuple[Kind, float]]


def request() -> None:
    """Wake the worker; one waiting task is enough."""
    from search import tasks

    if cache.add(REQUESTED, 1, timeout=300):
        tasks.find_duplicates.delay()


def sweep() -> None:
    """Wake the worker if something was missed."""
    if due().exists() or uncompared().exists():
        request()


def find_pending(count: int = SLICE) -> int:
    """Compare up to `count` assets that have not been compared, and ask for the next task. May run twice without harm.

    Gives the number compared.
    """
    cache.delete(REQUESTED)
    assets = due().only("library_id")[:count]
    thumbs = Rendition.objects.filter(name=Rendition.Name.THUMB, asset__in=list(assets)).select_related("asset")
    keep([(thumb, fingerprint(thumb)) for thumb in thumbs])
    waiting = list(uncompared().select_related("asset")[:count])
    model = EmbeddingModel.active()
    for one in waiting:
        compare(one, model)
    if len(waiting) == count:
        request()
    return len(waiting)


@transaction.atomic
def keep(made: list[tuple[Rendition, Fingerprint]]) -> None:
    """Those of thumbnails that are not replaced by now."""
    assets = hold(thumb.asset_id for thumb, _fingerprint in made)
    now = Rendition.objects.filter(name=Rendition.Name.THUMB, asset__in=assets)
    there = dict(now.values_list("asset_id", "file"))
    fresh = [fingerprint for thumb, fingerprint in made if there.get(thumb.asset_id) == thumb.file.name]
    Fingerprint.objects.bulk_create(fresh, ignore_conflicts=True)


def hold(ids: Iterable[UUID]) -> dict[UUID, int]:
    """Let nobody replace the files of these assets until the transaction is over. Gives the number of each one's."""
    held = Asset.objects.filter(pk__in=list(ids)).order_by("pk").select_for_update(no_key=True)
    return dict(held.values_list("pk", "version"))


def due() -> AssetQuerySet:
    """Live, ready assets without a fingerprint whose indexing is over, one way or the other."""
    over = [IndexEntry.State.DONE, IndexEntry.State.FAILED]
    indexed = IndexEntry.objects.filter(asset=OuterRef("pk"), model__state=EmbeddingModel.State.ACTIVE, state__in=over)
    ready = Asset.objects.live().filter(
        fingerprint=None, state=Asset.State.READY, renditions__name=Rendition.Name.THUMB
    )
    return ready.filter(Q(visual_search=False) | Exists(indexed))


def uncompared() -> QuerySet[Fingerprint]:
    return Fingerprint.objects.filter(compared_at=None)


def fingerprint(thumb: Rendition) -> Fingerprint:
    """Of a thumbnail, which is ours and safe to decode. If it cannot be read, only exact copies are found."""
    made = Fingerprint(asset=thumb.asset, library_id=thumb.asset.library_id)
    try:
        sketch = Sketch.of(read(thumb))
    except OSError as error:
        logger.warning("The thumbnail of asset %s cannot be read: %s", thumb.asset_id, error)
        return made
    if not sketch.is_flat:
        made.phash, made.tile = sketch.phashes[0], sketch.to_bytes()
    return made


def compare(one: Fingerprint, model: EmbeddingModel | None) -> None:
    """Note every pair that this asset makes with those fingerprinted before it. The cost does not grow with the library
    but by its indexes: at most EXACT rows of the same file, and BY_HASH + BY_VECTOR sketches to compare with."""
    pairs = {**near(one, model), **exact(one.asset)}
    found_at = timezone.now()
    rows = [
        DuplicatePair.of(one.asset, other, kind=kind, score=score, found_at=found_at)
        for other, (kind, score) in pairs.items()
    ]
    versions = {asset.pk: asset.version for asset in (one.asset, *pairs)}
    with transaction.atomic():
        there = hold(versions)
        same = {pk for pk, version in versions.items() if there.get(pk) == version}
        if one.pk not in same:
            return  # it has another file by now, and is compared anew
        note([row for row in rows if {row.first_id, row.second_id} <= same])
        Fingerprint.objects.filter(pk=one.pk).update(compared_at=found_at)


def note(pairs: list[DuplicatePair]) -> None:
    """Add these pairs. One that is there already stays as decided, or undecided, as it is."""
    DuplicatePair.objects.bulk_create(
        sorted(pairs, key=lambda pair: (pair.first_id, pair.second_id)),  # so that workers never wait in a circle
        update_conflicts=True,
        unique_fields=["first", "second"],
        update_fields=["kind", "score", "found_at"],
    )


def exact(asset: Asset) -> Found:
    """The first few with the same bytes, live ones first."""
    same = Asset.objects.filter(library=asset.library_id, sha256=asset.sha256, fingerprint__isnull=False)
    oldest = same.exclude(pk=asset.pk).order_by(F("deleted_at").asc(nulls_first=True), "created_at", "pk")
    return dict.fromkeys(oldest[:EXACT], (Kind.EXACT, 1.0))


def near(one: Fingerprint, model: EmbeddingModel | None) -> Found:
    """Those of the candidates that are the same picture, changed."""
    if one.phash is None:
        return {}
    sketch = Sketch.from_bytes(bytes(one.tile))
    others = Fingerprint.objects.filter(pk__in=candidates(one, sketch, model)).exclude(phash=None)
    found: Found = {}
    for other in others.select_related("asset"):
        if score := resemblance(sketch, Sketch.from_bytes(bytes(other.tile))):
            found[other.asset] = (Kind.NEAR, score)
    return found


def candidates(one: Fingerprint, sketch: Sketch, model: EmbeddingModel | None) -> set[UUID]:
    """Assets of the library that are worth a closer look: near by a hash of any turn, or by their vectors."""
    ids = set(neighbourhoods.by_hash(sketch.phashes, one.library_id, BY_HASH + 1))
    vector = nearest.vector_of(one.asset, model) if model else None
    if model and vector is not None:
        scope = Asset.objects.filter(library=one.library_id)
        found = nearest.search(vector, scope, BY_VECTOR + 1, model, enough=BY_VECTOR + 1).neighbours[: BY_VECTOR + 1]
        ids |= {neighbour.id for neighbour in found}
    return ids - {one.pk}
