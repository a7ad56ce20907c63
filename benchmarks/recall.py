"""recall@50 of a first page against the exact scan: queries like pictures and like texts, with and without filters."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.filling import Filled
from benchmarks.tables import p50_p95, table
from benchmarks.vectors import Vectors
from media_library.models import Asset, AssetQuerySet
from search import nearest
from search.models import EmbeddingModel
from search.queries import RANKING

K = 50


def run(filled: Filled, *, queries: int) -> None:
    model = EmbeddingModel.active()
    assert model
    library, vectors = filled.library, filled.vectors
    everything = Asset.objects.filter(library=library)
    half = everything.filter(folder__in=list(library.folders.all()[:10]))
    picked = np.random.default_rng(2).choice(len(vectors), queries)
    like_pictures = [
        vectors[i] + 0.03 * np.random.default_rng(int(i)).normal(size=model.dimensions).astype(np.float32)
        for i in picked
    ]
    kinds = [("pictures", np.stack(like_pictures)), ("texts", filled.clusters.texts(queries))]
    scopes = [
        ("all", everything),
        ("ten shoots of twenty", half),
        ("one shoot", everything.filter(folder=library.folders.first())),
    ]
    rows = [
        [name, scope_name, *measure(query_vectors, scope, model)]
        for name, query_vectors in kinds
        for scope_name, scope in scopes
    ]
    header = ["queries like", "scope", "recall@50", "hits", "plan", "search ms p50 / p95", "index alone: recall@50"]
    table(f"Recall, {len(filled.ids):,} assets", header, rows)


def measure(queries: Vectors, scope: AssetQuerySet, model: EmbeddingModel) -> list[object]:
    found, times, plans = [], [], set()
    for query in queries:
        query /= np.linalg.norm(query)
        started = time.perf_counter()
        answer = nearest.search(query, scope, RANKING, model, enough=K)
        times.append(1000 * (time.perf_counter() - started))
        plans.add(answer.plan)
        found.append(ids(answer.neighbours[:K]))
    exact = [ids(nearest.exact(query, scope, K, model)) for query in queries]
    recall = np.mean([len(a & b) / len(b) for a, b in zip(found, exact, strict=True)])
    alone = recall_of(lambda query: ids(nearest.by_index(query, scope, K, model)), queries, exact)
    hits = min(len(a) for a in found)
    return [f"{recall:.4f}", hits, ", ".join(sorted(plans)), p50_p95(times), f"{alone:.4f}"]


def ids(neighbours: list[nearest.Neighbour]) -> set[object]:
    return {neighbour.id for neighbour in neighbours}


def recall_of(search: Callable[[Vectors], set[object]], queries: Vectors, exact: list[set[object]]) -> float:
    return float(
        np.mean([len(search(query) & truth) / len(truth) for query, truth in zip(queries, exact, strict=True)])
    )
