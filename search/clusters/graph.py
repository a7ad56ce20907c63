"""The k-nearest-neighbour graph of a library's vectors, exact: a blocked matrix product."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Edges = NDArray[np.int64]  # shape (edges, 2), the smaller end first, each edge once

NEIGHBOURS = 16
BLOCK = 512  # rows compared with all at a time: 200 MB at 100,000 vectors


def of(vectors: Vectors, progress: Callable[[float], None] = lambda share: None) -> Edges:
    """The edges between each unit vector and its NEIGHBOURS nearest others. On the GPU where there is one."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    count, k = len(vectors), min(NEIGHBOURS + 1, len(vectors))
    everything = torch.from_numpy(vectors).to(device)
    edges = []
    for start in range(0, count, BLOCK):
        similarity = everything[start : start + BLOCK] @ everything.T
        nearest = torch.topk(similarity, k, dim=1, sorted=False).indices.cpu().numpy()
        rows = np.repeat(np.arange(start, start + len(nearest)), k)
        edges.append(np.stack([rows, nearest.ravel()], axis=1))
        progress(min(1.0, (start + BLOCK) / count))
    return distinct(np.concatenate(edges)) if edges else np.empty((0, 2), np.int64)


def distinct(edges: Edges) -> Edges:
    """Each edge once, the smaller end first, none from a node to itself."""
    edges = np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1)
    if not len(edges):
        return edges
    width = int(edges[:, 1].max()) + 1
    keys = np.unique(edges[:, 0] * width + edges[:, 1])
    return np.stack([keys // width, keys % width], axis=1)
