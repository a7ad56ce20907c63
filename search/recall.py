"""How right the searches of a model are: what they find beside what an exact scan finds, kept over time."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from statistics import median
from uuid import UUID

import numpy as np
from django.db.models import Count
from django.utils import timezone

from media_library.models import Asset, AssetQuerySet, Folder, Library
from search import embedders, nearest
from search.models import Embedding, EmbeddingModel, RecallMeasurement
from search.nearest import Modality, Vector

logger = logging.getLogger(__name__)

K = 50
QUERIES = 20
ACCEPTABLE = 0.95  # below this a person has to know
ONE_IN = (1, 2, 10, 100, 1000)
PHRASES = (
    "a dog", "a red car", "people at a table", "a beach at sunset", "a green forest", "a city at night", "an apple",
    "a white shirt", "snow on mountains", "a portrait of a woman", "a blue door", "a plate of food", "a bicycle",
    "children playing", "a black and white photograph", "yellow flowers", "a boat on water", "an old building",
    "a cup of coffee", "a logo on white",
)  # fmt: skip

Kind = RecallMeasurement.Kind


def measure(model: EmbeddingModel) -> list[RecallMeasurement]:
    """Measure the largest library, where approximate search is hardest, and keep the figures.

    Filters are of two sorts: independent of what the pictures show (one asset in n by its random id), and following
    it (the largest folder). No figures where nothing is indexed.
    """
    library = largest_library()
    if library is None:
        return []
    now, measurements = timezone.now(), []
    kinds = {Kind.IMAGE: like_pictures(library, model), Kind.TEXT: like_texts(model)}
    for name, scope in scopes(library):
        assets = scope.filter(embeddings__model=model).count()
        for kind, vectors in kinds.items():
            if assets and len(vectors):
                figures = compare(vectors, scope, model, "text" if kind == Kind.TEXT else "image")
                measurements.append(
                    RecallMeasurement(
                        model=model, library=library, measured_at=now, kind=kind, scope=name, assets=assets, **figures
                    )
                )
    RecallMeasurement.objects.bulk_create(measurements)
    for low in too_low(measurements):
        logger.warning("Searches of %s find too little: recall@%d is %s. Rebuild its index.", model, K, low)
    return measurements


def compare(vectors: Vector, scope: AssetQuerySet, model: EmbeddingModel, modality: Modality) -> dict[str, object]:
    """Searches beside exact scans. `vectors`: (queries, model.dimensions), unit length."""
    recalls, hits, plans, search_ms, exact_ms = [], [], Counter[str](), [], []
    for vector in vectors:
        started = time.perf_counter()
        found = nearest.search(vector, scope, K, model, modality=modality)
        searched = time.perf_counter()
        truth = nearest.exact(vector, scope, K, model)
        exact_ms.append(1000 * (time.perf_counter() - searched))
        search_ms.append(1000 * (searched - started))
        plans[found.plan] += 1
        hits.append(len(found.neighbours))
        recalls.append(recall(ids(found.neighbours), ids(truth)))
    return {
        "k": K,
        "queries": len(vectors),
        "recall": float(np.mean(recalls)),
        "fewest_hits": min(hits),
        "plans": ", ".join(plan for plan, _count in plans.most_common()),
        "search_ms": median(search_ms),
        "exact_ms": median(exact_ms),
    }


def recall(found: set[UUID], truth: set[UUID]) -> float:
    """The share of the true nearest that was found, 0 to 1."""
    return len(found & truth) / len(truth) if truth else 1.0


def ids(neighbours: list[nearest.Neighbour]) -> set[UUID]:
    return {neighbour.id for neighbour in neighbours}


def too_low(measurements: list[RecallMeasurement]) -> list[RecallMeasurement]:
    """Those a person has to know of: pictures not found, or fewer hits than there are."""
    return [
        measured
        for measured in measurements
        if measured.recall < ACCEPTABLE or measured.fewest_hits < min(measured.k, measured.assets)
    ]


def latest(model: EmbeddingModel) -> list[RecallMeasurement]:
    """The figures of the last time."""
    of_model = RecallMeasurement.objects.filter(model=model)
    newest = of_model.values("measured_at")[:1]
    return list(of_model.filter(measured_at__in=newest))


def largest_library() -> Library | None:
    return Library.objects.annotate(size=Count("assets")).order_by("-size").first()


def scopes(library: Library) -> Iterator[tuple[str, AssetQuerySet]]:
    findable = Asset.objects.live().filter(library=library, visual_search=True)
    for n in ONE_IN:
        below = UUID(int=(2**128 - 1) // n)  # ids are random, so this has nothing to do with the pictures
        yield ("all" if n == 1 else f"1 in {n}"), findable.filter(id__lte=below)
    folder = Folder.objects.filter(library=library).annotate(size=Count("assets")).order_by("-size").first()
    if folder is not None:
        yield "largest folder", findable.filter(folder=folder)


def like_pictures(library: Library, model: EmbeddingModel) -> Vector:
    """Vectors a little beside those of the library's own pictures, (QUERIES, model.dimensions)."""
    random = np.random.default_rng()
    findable = Asset.objects.live().filter(library=library, visual_search=True)
    start = UUID(bytes=random.bytes(16))
    embeddings = Embedding.objects.filter(model=model).order_by("asset_id")
    after = embeddings.filter(asset__in=findable, asset_id__gte=start)[:QUERIES]
    rows = list(after.values_list("vector", flat=True)) or list(
        embeddings.filter(asset__in=findable)[:QUERIES].values_list("vector", flat=True)
    )
    if not rows:
        return np.empty((0, model.dimensions), np.float32)
    vectors = np.stack([np.asarray(row, np.float32) for row in rows])
    vectors += random.normal(0, 0.2 * model.dimensions**-0.5, vectors.shape).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def like_texts(model: EmbeddingModel) -> Vector:
    return embedders.get_embedder(model.source).encode_texts(PHRASES)
