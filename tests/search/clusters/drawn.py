"""Vectors drawn on a sphere, and libraries made of them."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from media_library.models import Asset, Library
from search.clusters import joining
from search.models import Clustering, ClusterMember, EmbeddingModel
from search.models.cluster import LEVELS, level_field
from tests import factories

DIMENSIONS = 16
HEIGHTS = [0.01, 0.03, 0.1, 0.3, 0.6]


def arc(*degrees: float) -> NDArray[np.float32]:
    """Unit vectors on a great circle; two that are `a` degrees apart have the cosine distance 1 - cos(a)."""
    angles = np.radians(degrees)
    vectors = np.zeros((len(degrees), DIMENSIONS), np.float32)
    vectors[:, 0], vectors[:, 1] = np.cos(angles), np.sin(angles)
    return vectors


def bunches(count: int, size: int, *, spread: float = 0.03, seed: int = 0) -> NDArray[np.float32]:
    """`count` bunches of `size` vectors each, one bunch after the other."""
    random = np.random.default_rng(seed)
    centres = np.repeat(random.normal(size=(count, DIMENSIONS)), size, axis=0)
    vectors = centres + spread * random.normal(size=centres.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def model() -> EmbeddingModel:
    """The active model, the same for all that ask."""
    active = EmbeddingModel.active() or factories.model(DIMENSIONS)
    active.cluster_heights = HEIGHTS
    active.save()
    return active


def assets(library: Library, active: EmbeddingModel, vectors: Iterable[Sequence[float]]) -> list[Asset]:
    """One indexed asset per vector, in no cluster yet."""
    return [factories.embedded(library, active, vector) for vector in vectors]


def joined(library: Library, active: EmbeddingModel, vectors: Iterable[Sequence[float]]) -> list[Asset]:
    """One indexed asset per vector, which has joined the clusters."""
    made = assets(library, active, vectors)
    joining.join(active, [asset.pk for asset in made])
    return made


def clusters_at(level: int, made: Iterable[Asset]) -> list[object]:
    """The cluster of each of the assets."""
    column = level_field(level)
    found = dict(ClusterMember.objects.values_list("asset_id", column))
    return [found[asset.pk] for asset in made]


def sizes_at(level: int, clustering: Clustering) -> list[int]:
    found = [getattr(member, level_field(level)) for member in clustering.members.all()]
    return sorted((found.count(cluster) for cluster in set(found)), reverse=True)


def is_nested(clustering: Clustering) -> bool:
    paths = {joining.path_of(member) for member in clustering.members.all()}
    return all(len({path[level:] for path in paths}) == len({path[level] for path in paths}) for level in range(LEVELS))
