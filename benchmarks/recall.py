"""recall@50 of a first page against the exact scan, at every selectivity of filters: queries like pictures and like
texts, filters that have nothing to do with the content and filters that follow it."""

import time
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import numpy as np

from benchmarks.filling import Filled
from benchmarks.tables import p50_p95, table
from benchmarks.vectors import Vectors, unit
from media_library.models import Asset, AssetQuerySet
from search import nearest
from search.models import EmbeddingModel
from search.nearest import Modality
from search.rankings import RANKING
from search.recall import ids, recall

K = 50
ONE_IN = (1, 2, 5, 10, 20, 100, 1000, 10_000)


def run(filled: Filled, *, queries: int) -> None:
    model = EmbeddingModel.active()
    assert model
    kinds: list[tuple[Modality, Vectors]] = [
        ("image", like_pictures(filled.vectors, queries)),
        ("text", filled.clusters.texts(queries)),
    ]
    rows = [
        [kind, name, f"{size:,}", *measure(kind, vectors, scope, model, size)]
        for name, scope in scopes(filled)
        for size in [scope.count()]
        for kind, vectors in kinds
    ]
    header = ["queries", "scope", "assets", "recall@50", "fewest hits", "plans", "ms p50 / p95", "exact ms", "bare"]
    table(f"Recall, {len(filled.ids):,} assets", header, rows)


def scopes(filled: Filled) -> Iterator[tuple[str, AssetQuerySet]]:
    everything = Asset.objects.live().filter(library=filled.library, visual_search=True)
    for n in ONE_IN:
        if n <= len(filled.vectors):
            yield f"random {1 / n:.2%}", everything.filter(id__lte=UUID(int=(2**128 - 1) // n))
    folders = list(filled.library.folders.all())
    yield "half of the shoots", everything.filter(folder__in=folders[: len(folders) // 2])
    yield "one shoot", everything.filter(folder=folders[0])


def like_pictures(vectors: Vectors, count: int) -> Vectors:
    random = np.random.default_rng(2)
    rows = np.asarray(vectors[np.sort(random.choice(len(vectors), count))], np.float32)
    return unit(rows + 0.03 * random.normal(size=rows.shape).astype(np.float32))


def measure(kind: Modality, queries: Vectors, scope: AssetQuerySet, model: EmbeddingModel, size: int) -> list[object]:
    recalls, bare, hits, times, exact_times, plans = [], [], [], [], [], Counter[str]()
    for query in queries:
        started = time.perf_counter()
        answer = nearest.search(query, scope, RANKING, model, modality=kind, enough=K)
        searched = time.perf_counter()
        truth = ids(nearest.exact(query, scope, K, model))
        exact_times.append(1000 * (time.perf_counter() - searched))
        times.append(1000 * (searched - started))
        plans[answer.plan] += 1
        hits.append(len(answer.neighbours[:K]))
        recalls.append(recall(ids(answer.neighbours[:K]), truth))
        bare.append(recall(ids(plain(query, scope, model)), truth))
    assert min(hits) == min(K, size), f"{min(hits)} hits of {size}"
    said = ", ".join(f"{plan} {count}" for plan, count in plans.most_common())
    exact_ms = float(np.median(exact_times))
    return [f"{np.mean(recalls):.4f}", min(hits), said, p50_p95(times), f"{exact_ms:.1f}", f"{np.mean(bare):.4f}"]


def plain(query: Vectors, scope: AssetQuerySet, model: EmbeddingModel) -> list[nearest.Neighbour]:
    """What pgvector finds by itself with an index search 100 wide that goes on past what the filter hides."""
    going_on = {"hnsw.ef_search": 100, "hnsw.iterative_scan": "relaxed_order", **nearest.INDEX_ONLY}
    return nearest.fetch(*nearest.statement(query, scope, K, model, order="distance"), going_on)
