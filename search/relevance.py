"""How good each hit is for its own query: a band, *strong*, *likely* or *weak*, in the place of a raw cosine.

A query is compared with a background, a fixed sample of its library. What its scores there are like, and the scale of
the model for this kind of query (`search.calibration`), give the cosines from which on hits are likely and strong.
The background is all of the library's that can be found, whoever of its members asks, and is never shown.
"""

import json
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal
from uuid import UUID

import numpy as np

from media_library.models import Library, User
from search import nearest, neighbourhoods
from search.calibration import BACKGROUND, Kind, Scale
from search.embedders import offline
from search.models import EmbeddingModel
from search.nearest import Vector
from search.query import Query

Band = Literal["strong", "likely", "weak"]

FULL_SECONDS, GROWING_SECONDS = 600, 30  # for how long a background is kept; while it is not full, it soon changes
KEPT = 64  # backgrounds in memory, a megabyte each at 512 dimensions
TYPICAL = 30  # pictures that what is known of the model counts as, beside those of the background
FEWEST = 20  # pictures below which a background alone says nothing
ROUNDING = 1e-3  # what half precision moves a cosine by

# Of a model that has not been calibrated, nothing is known but how far a hit stands out. The numbers are from the
# offline model: of words for things that no picture shows, one in a hundred gets a hit six deviations out among 1,500.
UNKNOWN = Scale(cosine=0, deviations=1, strong=6, likely=4)
# A picture as near as this to the one example is another copy of it, whatever the model and the library.
COPY = 0.97


@dataclass(frozen=True, slots=True)
class Bands:
    """The cosine similarities from which on hits of one query are likely and strong."""

    likely: float
    strong: float

    def of(self, distance: float | None) -> Band | None:
        """The band of a hit at this cosine distance; None for a hit that was not found by its looks."""
        if distance is None:
            return None
        score = 1 - distance
        return "strong" if score >= self.strong else "likely" if score >= self.likely else "weak"

    def strong_among(self, distances: Sequence[float | None]) -> int:
        return sum(distance is not None and 1 - distance >= self.strong for distance in distances)

    def weak_from(self, distances: Sequence[float | None]) -> int | None:
        """The position from which on all hits are weak; None if the last one is not."""
        good = (at for at in range(len(distances) - 1, -1, -1) if self.of(distances[at]) != "weak")
        position = next(good, -1) + 1
        return position if position < len(distances) else None


@dataclass(frozen=True)
class Background:
    vectors: nearest.Vectors  # (n, dimensions), no two alike
    stale_at: float  # time.monotonic()


_backgrounds: OrderedDict[tuple[UUID, int], Background] = OrderedDict()
_lock = threading.Lock()


def bands_for(query: Query, vector: Vector, model: EmbeddingModel, user: User | None = None) -> Bands:
    """`vector` is what the query amounts to, shape (model.dimensions,), unit length. `user`: who sees the hits; who
    sees but a part of the library is told what is known of the model alone."""
    kind = kind_of(query)
    scale = scale_of(model, kind)
    is_guest = query.library.branches_of(user) is not None
    scores = np.empty(0, np.float32) if is_guest else background(query.library, model).vectors @ vector
    found = bands(scale, scores)
    is_uncalibrated_image = kind == "image" and scale is UNKNOWN
    return replace(found, strong=min(found.strong, COPY)) if is_uncalibrated_image else found


def bands(scale: Scale, scores: Vector) -> Bands:
    """From the query's cosine similarities to the background, shape (n,): solves the evidence for the score.

    Mean and variance are shrunk towards those that are typical of the model, as if TYPICAL more pictures had them.
    """
    count = len(scores)
    mean, variance = (float(scores.mean()), float(scores.var())) if count else (0.0, 0.0)
    if scale.mean is not None and scale.deviation is not None:
        mean = (count * mean + TYPICAL * scale.mean) / (count + TYPICAL)
        variance = (count * variance + TYPICAL * scale.deviation**2) / (count + TYPICAL)
    elif scale.deviations and count < FEWEST:
        return Bands(likely=-1, strong=COPY)  # no ground to call anything weak
    deviation = max(math.sqrt(variance), ROUNDING)
    slope = scale.cosine + scale.deviations / deviation

    def score_at(evidence: float) -> float:
        return (evidence + scale.deviations * mean / deviation) / slope

    return Bands(likely=score_at(scale.likely), strong=score_at(scale.strong))


def kind_of(query: Query) -> Kind:
    """Texts lie far from all pictures, pictures near; what is put together of several lies in between."""
    wanted = bool(query.text) + len(query.like) + len(query.anchors)
    if wanted > 1 or query.not_text or query.unlike:
        return "composed"
    return "text" if query.text else "image"


def scale_of(model: EmbeddingModel, kind: Kind) -> Scale:
    """What was calibrated for the model, what comes with the offline one, or what holds for any."""
    known = model.calibration or shipped().get(model.source, {})
    return Scale(**known[kind]) if kind in known else UNKNOWN


@cache
def shipped() -> dict[str, Any]:
    """source -> kind -> scale. Of another tower than the one it was fitted on, it says nothing."""
    written = json.loads(offline.CALIBRATION.read_text())
    return {written["source"]: written["kinds"]}


def background(library: Library, model: EmbeddingModel) -> Background:
    """Kept in this process; all processes read the same sample."""
    key = (library.pk, model.pk)
    kept = _backgrounds.get(key)
    if kept is None or time.monotonic() > kept.stale_at:
        vectors = neighbourhoods.sample(library, model, BACKGROUND)
        lasts = FULL_SECONDS if len(vectors) == BACKGROUND else GROWING_SECONDS
        kept = Background(np.unique(vectors, axis=0), time.monotonic() + lasts)
        with _lock:
            _backgrounds[key] = kept
            _backgrounds.move_to_end(key)
            while len(_backgrounds) > KEPT:
                _backgrounds.popitem(last=False)  # the one that was read first
    return kept
