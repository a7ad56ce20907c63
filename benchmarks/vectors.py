"""Synthetic vectors shaped like those of pictures: clusters of low intrinsic dimension on the unit sphere.

Independent Gaussian vectors would have no neighbourhoods, and recall on them means nothing.
"""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

INTRINSIC = 24
# Names an .npz of `vectors`, (n, dimensions), for `benchmarks.replayed`; text `i` is the number of a row.
TEXTS = "DAM_BENCH_TEXTS"


def unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class Clusters:
    def __init__(self, dimensions: int, clusters: int = 2000, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.centres = unit(self.random.normal(size=(clusters, dimensions)).astype(np.float32))
        self.spread = self.random.normal(size=(clusters, INTRINSIC, dimensions)).astype(np.float32)
        self.spread *= 0.6 / np.sqrt(INTRINSIC * dimensions)

    def pictures(self, count: int) -> tuple[Vectors, NDArray[np.int64]]:
        """`count` unit vectors and the cluster of each."""
        chosen = self.random.integers(len(self.centres), size=count)
        rows = np.empty((count, self.centres.shape[1]), np.float32)
        for start in range(0, count, 10_000):
            part = chosen[start : start + 10_000]
            weights = self.random.normal(size=(len(part), 1, INTRINSIC)).astype(np.float32)
            rows[start : start + len(part)] = self.centres[part] + (weights @ self.spread[part])[:, 0]
        return unit(rows), chosen

    def texts(self, count: int) -> Vectors:
        """Queries off the pictures' manifold: a cluster's direction under a large common offset."""
        offset = self.random.normal(size=(1, self.centres.shape[1])).astype(np.float32)
        noise = self.random.normal(size=(count, self.centres.shape[1])).astype(np.float32)
        chosen = self.random.integers(len(self.centres), size=count)
        return unit(0.5 * self.centres[chosen] + unit(offset) + 0.5 * unit(noise))
