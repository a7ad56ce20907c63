"""Clusters of synthetic libraries through the database, what joining and browsing cost, and purity on photographs.

The heights for synthetic vectors cut where their bunches fall apart, so that there is something to chain: beside every
level stand the connected components of the same graph at the same height.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

from benchmarks.composed import opened
from benchmarks.filling import Filled
from benchmarks.tables import p50_p95, table
from benchmarks.vectors import Vectors
from dam.embedded.terminal import PROJECT
from media_library.models import Asset
from search import clusters, embedders
from search.clusters import computing, graph, heights, joining, linkage
from search.models import Clustering, ClusterMember, EmbeddingModel
from search.models.cluster import LEVELS, level_field

HEIGHTS = [0.14, 0.18, 0.22, 0.4, 0.65]
HEADER = ["level", "height", "clusters", "alone", "largest", "purity", "longest pair / height"]
Labels = NDArray[np.int64]


def run(filled: Filled) -> None:
    model = EmbeddingModel.active()
    assert model
    former = heights.of(model)
    heights.keep(model, HEIGHTS)
    compute(filled)
    clustering = clusters.current(filled.library)
    assert clustering
    levels = labels_in_database(clustering, filled)
    _vectors, classes = type(filled.clusters)(model.dimensions).pictures(len(filled.ids))
    quality(f"Clusters, {len(filled.ids):,} synthetic vectors", filled.vectors, levels, HEIGHTS, classes)
    costs(filled, clustering)
    heights.keep(model, former)


def compute(filled: Filled) -> None:
    """In a process of its own, as the command does it for an administrator."""
    started = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, str(PROJECT / "manage.py"), "cluster", filled.library.slug], stdout=subprocess.DEVNULL
    )
    process, peak, busy = psutil.Process(child.pid), 0, 0.0
    while child.poll() is None:  # what the system reports at the end counts this process, before it became that one
        peak = max(peak, process.memory_info().rss)
        busy = sum(process.cpu_times()[:2])
        time.sleep(0.1)
    assert child.returncode == 0
    wall = time.perf_counter() - started
    row = [f"{len(filled.ids):,}", f"{wall:.0f}", f"{busy:.0f}", f"{peak / 2**20:.0f}"]
    table("Computing clusters", ["vectors", "seconds", "processor seconds", "peak memory, MB"], [row])


def labels_in_database(clustering: Clustering, filled: Filled) -> list[Labels]:
    rows = {row[0]: row[1:] for row in clustering.members.values_list("asset_id", *map(level_field, range(LEVELS)))}
    columns = zip(*(rows[pk] for pk in filled.ids), strict=True)
    return [np.unique([cluster.int for cluster in column], return_inverse=True)[1] for column in columns]


def quality(
    title: str, vectors: Vectors, levels: Sequence[Labels], cut_at: Sequence[float], classes: Sequence[int] | Labels
) -> None:
    edges = graph.of(vectors)
    lengths = linkage.Linkage(vectors, [1] * len(vectors)).distances(edges)
    ours = [described(level, labels, vectors, cut_at, classes) for level, labels in enumerate(levels)]
    chained = [
        described(level, components(len(vectors), edges[lengths <= height]), vectors, cut_at, classes)
        for level, height in enumerate(cut_at)
    ]
    table(title, HEADER, ours)
    table(f"{title}: connected components instead", HEADER, chained)


def components(count: int, edges: graph.Edges) -> Labels:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    matrix = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), (count, count))
    return connected_components(matrix, directed=False)[1]


def described(
    level: int, labels: Labels, vectors: Vectors, cut_at: Sequence[float], classes: Sequence[int] | Labels
) -> list[object]:
    sizes = np.unique(labels, return_counts=True)[1]
    farthest = f"{longest_pair(labels, vectors) / cut_at[level]:.2f}"
    purity = f"{pure(labels, np.asarray(classes)):.3f}"
    return [level, f"{cut_at[level]:.3f}", len(sizes), int((sizes == 1).sum()), int(sizes.max()), purity, farthest]


def pure(labels: Labels, classes: Labels) -> float:
    """The share of vectors that are of the class which most of their cluster is of."""
    pairs, counts = np.unique(np.stack([labels, classes]), axis=1, return_counts=True)
    most = np.zeros(labels.max() + 1, np.int64)
    np.maximum.at(most, pairs[0], counts)
    return float(most.sum() / len(labels))


def longest_pair(labels: Labels, vectors: Vectors) -> float:
    """The largest cosine distance of two in one cluster; of a cluster of thousands, 1,000 members are compared."""
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    farthest = 0.0
    for group in groups:
        if len(group) > 1:
            some = vectors[group]
            others = some if len(some) <= 1000 else some[np.random.default_rng(0).choice(len(some), 1000)]
            farthest = max(farthest, 1 - float((some @ others.T).min()))
    return farthest


def costs(filled: Filled, clustering: Clustering) -> None:
    """What a newcomer, a page of clusters and the grouping of a ranking cost."""
    scope = Asset.objects.visible_to(filled.user).live().filter(library=filled.library, visual_search=True)
    ids = filled.ids[:1000]
    rows: list[list[object]] = [["join, per asset in batches of 32", p50_p95(join_times(filled, clustering))]]
    for level in (0, 2, 4):
        browsing = timed(lambda level=level: clusters.browse(clustering, scope, level, limit=100))  # type: ignore[misc]
        rows.append([f"a page of 100 clusters with previews, level {level}", p50_p95(browsing)])
    rows.append(["clusters of 1,000 hits", p50_p95(timed(lambda: clusters.of(clustering, ids, 2)))])
    rows.append(["for comparison: encoding, per picture in a batch of 32", p50_p95(encode_times(clustering))])
    table(f"Costs, {len(filled.ids):,} vectors", ["what", "ms p50 / p95"], rows)


def join_times(filled: Filled, clustering: Clustering) -> list[float]:
    """Members leave and join again."""
    times = []
    for start in range(0, 32 * 10, 32):
        ids = filled.ids[start : start + 32]
        ClusterMember.objects.filter(asset__in=ids).delete()
        started = time.perf_counter()
        joining.join(clustering.model, ids)
        times.append(1000 * (time.perf_counter() - started) / len(ids))
    return times


def encode_times(clustering: Clustering) -> list[float]:
    embedder = embedders.get_embedder(clustering.model.source)
    pictures = [Image.effect_noise((512, 384), 50).convert("RGB")] * 32
    return [ms / len(pictures) for ms in timed(lambda: embedder.encode_images(pictures))]


def timed(call: Callable[[], object], times: int = 10) -> list[float]:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - started))
    return taken


def photographs(folder: Path) -> None:
    """Purity at the heights of the model that answers, on photographs with one folder per class."""
    files = sorted(folder.glob("*/*"))
    if not files:
        print(f"There are no photographs in {folder}; --judged names a folder with one folder per class.\n")
        return
    model = EmbeddingModel.active()
    assert model
    vectors = embedders.get_embedder(model.source).encode_images([opened(file) for file in files])
    names = sorted({file.parent.name for file in files})
    classes = [names.index(file.parent.name) for file in files]
    cut_at = heights.of(model)
    levels = computing.partitions(vectors, cut_at, lambda percent: None)
    quality(f"Clusters, {len(files)} photographs of {len(names)} classes", vectors, levels, cut_at, classes)
