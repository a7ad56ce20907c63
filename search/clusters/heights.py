"""At which average cosine distances clusters are cut: five heights, kept with each embedding model.

A model's distances have a scale of their own. What unrelated pictures have, the *background*, shows it without labels:
the heights are fixed shares of its median. The shares were read off photographs with labels, under the offline model
(docs/clusters.md).
"""

from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext as _

from dam.errors import InvalidRequest
from search.clusters import stored
from search.clusters.graph import Vectors
from search.embedders import sources
from search.models import Embedding, EmbeddingModel
from search.models.cluster import LEVELS

OFFLINE = [0.025, 0.06, 0.12, 0.2, 0.35]
SHARES = [0.045, 0.11, 0.22, 0.37, 0.65]
USUAL_BACKGROUND = 0.5  # until there is a sample
LEAST_BACKGROUND = 0.1  # nearer than that, the sample is of one thing, and shows nothing of unrelated pictures
SAMPLE = 2000
LEAST = 50


def of(model: EmbeddingModel) -> list[float]:
    """The heights of a model as they stand."""
    if model.cluster_heights:
        return list(model.cluster_heights)
    return OFFLINE if sources.is_offline(model.source) else from_background(USUAL_BACKGROUND)


def settle(model: EmbeddingModel) -> list[float]:
    """The heights of a model for a new computation: measured, and again while its vectors double, up to SAMPLE.

    What was set by hand stays, and so do those of the offline model.
    """
    if sources.is_offline(model.source) or (model.cluster_heights and not model.cluster_heights_from):
        return of(model)
    count = Embedding.objects.filter(model=model)[:SAMPLE].count()
    if count < LEAST or count < 2 * model.cluster_heights_from:
        return of(model)
    keep(model, from_background(background(stored.sample(model, SAMPLE))), measured_on=count)
    return of(model)


def background(vectors: Vectors) -> float:
    """The median cosine distance of all pairs."""
    distances = 1 - vectors @ vectors.T
    return float(np.median(distances[np.triu_indices(len(vectors), 1)]))


def from_background(median: float) -> list[float]:
    return [share * max(median, LEAST_BACKGROUND) for share in SHARES]


def keep(model: EmbeddingModel, heights: Sequence[float], *, measured_on: int = 0) -> None:
    """Save a model's heights, for the computations that follow. Raises InvalidRequest if they cannot be heights."""
    rising = list(heights) == sorted(set(heights))
    if len(heights) != LEVELS or not rising or not 0 < heights[0] <= heights[-1] <= 2:
        raise InvalidRequest(
            _("Heights are five cosine distances above 0 and at most 2, each larger than the one before.")
        )
    model.cluster_heights, model.cluster_heights_from = list(heights), measured_on
    model.save(update_fields=["cluster_heights", "cluster_heights_from"])
