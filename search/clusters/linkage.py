"""Average linkage over a graph, cut at rising heights; at the lowest, no pair in a cluster is farther than twice that.

For unit vectors, the mean cosine similarity of all pairs between two clusters is the dot product of the clusters' sums
divided by both sizes: so a sum and a size per cluster give exact average linkage, and no distances are stored.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from search.clusters.graph import Edges, Vectors, distinct

Labels = NDArray[np.int64]  # shape (vectors,): the cluster of each, named by one of its members

CHUNK = 10_000  # edges whose distances are computed at once: 40 MB with 512 dimensions
ROWS = 1024


class Linkage:
    """Clusters that grow by merging. Those of a lower height are never split again, so partitions are nested."""

    def __init__(self, vectors: Vectors, weights: Sequence[int]) -> None:
        """`vectors` have shape (n, dimensions) and unit length; each counts `weights` times."""
        self.vectors = vectors
        self.sums = vectors * np.asarray(weights, np.float32)[:, None]
        self.sizes = list(weights)
        self.root = list(range(len(vectors)))
        self.members = [[node] for node in range(len(vectors))]

    def labels(self) -> Labels:
        return np.array([self.find(node) for node in range(len(self.root))], np.int64)

    def find(self, node: int) -> int:
        root = self.root
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    def distance(self, a: int, b: int) -> float:
        """The average cosine distance of all pairs between two clusters."""
        return 1 - float(self.sums[a].dot(self.sums[b])) / (self.sizes[a] * self.sizes[b])

    def distances(self, edges: Edges) -> NDArray[np.float64]:
        sizes = np.array(self.sizes, np.float64)
        found = np.empty(len(edges))
        for start in range(0, len(edges), CHUNK):
            a, b = edges[start : start + CHUNK].T
            found[start : start + CHUNK] = np.einsum("ij,ij->i", self.sums[a], self.sums[b]) / (sizes[a] * sizes[b])
        return 1 - found

    def farthest(self, a: int, b: int) -> float:
        """The largest cosine distance between a member of one cluster and a member of the other."""
        few, many = sorted((self.members[a], self.members[b]), key=len)
        others = self.vectors[few].T
        return 1 - min(
            float((self.vectors[many[start : start + ROWS]] @ others).min()) for start in range(0, len(many), ROWS)
        )

    def merge(self, a: int, b: int) -> None:
        if self.sizes[a] < self.sizes[b]:
            a, b = b, a
        self.root[b] = a
        self.sums[a] += self.sums[b]
        self.sizes[a] += self.sizes[b]
        self.members[a] += self.members[b]
        self.members[b] = []

    def merge_linked(self, edges: Edges, height: float, diameter: float = 2.0) -> int:
        """Merge the nearest linked clusters, again and again, while their average distance is at most `height` and no
        pair becomes farther than `diameter`. Gives how many merges there were.

        The heap holds lower bounds: the distance of a merged cluster is looked at again when its turn comes.
        """
        lengths = self.distances(edges)
        near = lengths <= height
        heap = [
            (length, a, b, self.sizes[a] + self.sizes[b])
            for length, (a, b) in zip(lengths[near].tolist(), edges[near].tolist(), strict=True)
        ]
        heapq.heapify(heap)
        merges, seen = 0, set()
        while heap:
            length, a, b, size = heapq.heappop(heap)
            a, b = sorted((self.find(a), self.find(b)))
            now = self.sizes[a] + self.sizes[b]
            if a == b:
                continue
            if now != size:
                if (a, b, now) in seen:
                    continue
                seen.add((a, b, now))
                length = self.distance(a, b)
                if length > height:
                    continue
                if heap and length > heap[0][0]:
                    heapq.heappush(heap, (length, a, b, now))
                    continue
            if diameter >= 2 or self.farthest(a, b) <= diameter:
                self.merge(a, b)
                merges += 1
        return merges


def partitions(
    vectors: Vectors,
    weights: Sequence[int],
    edges: Edges,
    heights: Sequence[float],
    progress: Callable[[float], None] = lambda share: None,
) -> Iterator[Labels]:
    """The clusters at each of the rising heights, each inside one of the next.

    Afterwards no two linked clusters have an average distance of at most the height, but for those that the lowest
    level keeps apart because a pair of theirs is too far.
    """
    linkage = Linkage(vectors, weights)
    for level, height in enumerate(heights):
        diameter = 2 * height if level == 0 else 2.0
        merges = 1
        while merges and len(edges):
            edges = distinct(linkage.labels()[edges])
            merges = linkage.merge_linked(edges, height, diameter)
        progress((level + 1) / len(heights))
        yield linkage.labels()
