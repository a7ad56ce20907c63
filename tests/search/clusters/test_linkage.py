from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster import hierarchy

from search.clusters import graph, linkage
from search.clusters.computing import partitions
from tests.search.clusters.drawn import HEIGHTS, arc, bunches

Vectors = NDArray[np.float32]


def cut(vectors: Vectors, heights: Sequence[float] = HEIGHTS) -> list[NDArray[np.int64]]:
    return partitions(vectors, list(heights), lambda percent: None)


def sets(labels: Sequence[int]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(np.asarray(labels) == label).tolist()) for label in set(labels)}


def widest(vectors: Vectors, labels: NDArray[np.int64]) -> float:
    """The largest cosine distance inside any cluster."""
    distances = 1 - vectors @ vectors.T
    return float(distances[labels[:, None] == labels].max())


@pytest.mark.parametrize("seed", range(5))
def test_over_a_whole_graph_it_is_average_linkage(seed: int) -> None:
    vectors = bunches(5, 3, spread=0.2, seed=seed)  # 15 vectors: each has all others as neighbours
    tree = hierarchy.linkage(vectors, "average", "cosine")
    for height, labels in zip(HEIGHTS[1:], cut(vectors)[1:], strict=True):
        assert sets(labels) == sets(hierarchy.fcluster(tree, height, "distance"))


def test_every_cluster_lies_inside_one_of_the_next_level() -> None:
    levels = cut(bunches(40, 8, spread=0.15))
    assert len({len(sets(labels)) for labels in levels}) == 5  # or there would be nothing to nest
    for finer, coarser in pairwise(levels):
        assert all(len(set(coarser[list(members)])) == 1 for members in sets(finer))


def test_a_chain_of_small_steps_is_not_one_cluster() -> None:
    vectors = arc(*range(0, 180, 2))
    labels = cut(vectors)[0]
    assert widest(vectors, labels) <= 2 * HEIGHTS[0]
    assert len(sets(labels)) >= 10  # connected components make one of it: two steps are 0.0006 apart
    assert max(map(len, sets(labels))) > 1


def test_average_linkage_alone_would_go_too_far_and_is_kept_back() -> None:
    vectors = arc(*[0] * 14, 7, -7)  # both are near the crowd, which makes up the average, and far from each other
    height = 0.01
    edges = graph.of(vectors)
    unchecked = linkage.Linkage(vectors, [1] * len(vectors))
    unchecked.merge_linked(edges, height)
    assert widest(vectors, unchecked.labels()) > 2 * height
    assert widest(vectors, cut(vectors)[0]) <= 2 * height


def test_what_is_alone_is_a_cluster() -> None:
    labels = cut(np.eye(6, dtype=np.float32))
    assert all(len(sets(level)) == 6 for level in labels)


def test_no_linked_pair_is_left_that_should_have_merged() -> None:
    vectors = bunches(30, 10, spread=0.2)
    edges = graph.of(vectors)
    linked = linkage.Linkage(vectors, [1] * len(vectors))
    while linked.merge_linked(graph.distinct(linked.labels()[edges]), 0.3):
        pass
    left = graph.distinct(linked.labels()[edges])
    assert len(left)
    assert linked.distances(left).min() > 0.3


def test_equal_vectors_are_one_point_with_their_weight() -> None:
    vectors = np.concatenate([np.repeat(arc(0), 500, axis=0), arc(8, 16)])
    coarse = cut(vectors, [0.001, 0.002, 0.01, 0.03, 0.06])[3]
    alone = cut(arc(0, 8, 16), [0.001, 0.002, 0.01, 0.03, 0.06])[3]
    assert len(set(coarse[:500])) == 1
    assert sets(alone) == {frozenset({0, 1, 2})}  # 16 degrees from one and 8 from the other: 0.024 on average
    assert sets(coarse) != sets(alone)  # 0.039 to most of the crowd


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_anything_is_no_trouble(count: int) -> None:
    assert [len(labels) for labels in cut(bunches(1, count) if count else np.empty((0, 16), np.float32))] == [count] * 5


def test_the_graph_has_the_true_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "BLOCK", 7)
    vectors = bunches(10, 10, spread=0.5)
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -2)
    nearest = np.argsort(-similarity, axis=1)[:, : graph.NEIGHBOURS]
    expected = {tuple(sorted((row, int(other)))) for row, others in enumerate(nearest) for other in others}
    assert {tuple(edge) for edge in graph.of(vectors).tolist()} == expected
