"""From scores to bands, learned: how much evidence a score is, and from where on it is *strong* or *likely*.

    evidence = cosine · s + deviations · (s - mean) / deviation

s is the cosine similarity of query and hit, mean and deviation are those of the query's similarities to a background of
pictures (a z-norm of scores, Auckenthaler et al. 2000). The two weights come from a logistic regression on labelled
pictures (Platt 1999), the thresholds from the precision that the ranking of the evidence reaches on them: the logistic
curve itself is wrong at its ends, where the thresholds are. A negative weight is left out and the other fitted alone:
evidence never falls as a score rises, so bands follow the order of the hits.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from search.composition import UNWANTED, compose

Kind = Literal["text", "image", "composed"]
KINDS: tuple[Kind, ...] = ("text", "image", "composed")
Vectors = NDArray[np.float32]
Labels = NDArray[np.str_]
Numbers = NDArray[np.float64]

BACKGROUND = 512
# Aimed at on the fitted pictures. More than the 0.9 that is wanted, since other pictures are never quite like them.
STRONG_PRECISION = 0.98
LIKELY_PRECISION = 0.5
JUDGED = 60  # nearest pictures of each query that are judged; what comes later is weak in any case
LEAST = 30  # judged hits that a threshold has to rest on
SHARES = (0.3, 0.6, 1.0)  # of the classes that are in a library; the others' queries have no right answer there
REPEATS = 3  # libraries of each share, each with other classes
QUERIES = 150  # of each kind and library


@dataclass(frozen=True, slots=True)
class Scale:
    """The calibration of one kind of query under one model.

    `mean` and `deviation` are what scores of unrelated pictures typically have under this model, None if not known.
    """

    cosine: float
    deviations: float
    strong: float  # evidence from which on a hit is strong
    likely: float
    mean: float | None = None
    deviation: float | None = None


@dataclass(frozen=True)
class Judged:
    """Hits of many queries in one library, each an entry of the arrays."""

    scores: Numbers
    mean: Numbers
    deviation: Numbers
    right: Numbers  # 1 or 0

    @property
    def features(self) -> Numbers:
        return np.stack([self.scores, (self.scores - self.mean) / self.deviation], axis=1)


def as_json(scales: Mapping[Kind, Scale]) -> dict[str, Any]:
    return {
        kind: {name: None if value is None else round(value, 4) for name, value in asdict(scale).items()}
        for kind, scale in scales.items()
    }


def fit(
    vectors: Vectors, labels: Labels, words: Mapping[str, Vectors], sets: Sequence[NDArray[Any]]
) -> dict[Kind, Scale]:
    """Scales from labelled pictures: unit vectors (n, d), the class of each ("" for none), the vector of each class's
    name, and the rows of each set of pictures that would be a library by themselves."""
    scales: dict[Kind, Scale] = {}
    for kind in KINDS:
        random = np.random.default_rng(0)
        scales[kind] = scale(
            [
                [judge(kind, vectors[rows], labels[rows], words, share, random) for share in SHARES * REPEATS]
                for rows in sets
            ]
        )
    return scales


def judge(
    kind: Kind,
    vectors: Vectors,
    labels: Labels,
    words: Mapping[str, Vectors],
    share: float,
    random: np.random.Generator,
) -> Judged:
    """Queries for all classes in a library that holds a share of them."""
    classes = random.permutation(sorted(set(labels) - {""}))
    present = classes[: max(1, round(share * len(classes)))]
    held = np.flatnonzero(np.isin(labels, present) | (labels == ""))
    background = vectors[random.permutation(held)[:BACKGROUND]]
    queries, wanted, used = zip(*asked(kind, vectors, labels, words, random), strict=True)
    scores = np.stack(queries) @ vectors.T
    for row, examples in zip(scores, used, strict=True):
        row[examples] = -2
    nearest = held[np.argsort(-scores[:, held], axis=1)[:, :JUDGED]]
    noise = np.stack(queries) @ background.T
    found = np.take_along_axis(scores, nearest, axis=1)
    mean, deviation = (np.broadcast_to(part[:, None], found.shape) for part in (noise.mean(axis=1), noise.std(axis=1)))
    right = labels[nearest] == np.array(wanted)[:, None]
    answers = found > -2  # not the examples themselves
    return Judged(*(part[answers].astype(float) for part in (found, mean, deviation, right)))


def asked(
    kind: Kind,
    vectors: Vectors,
    labels: Labels,
    words: Mapping[str, Vectors],
    random: np.random.Generator,
    most: int = QUERIES,
) -> Iterator[tuple[Vectors, str, list[int]]]:
    """Queries of a kind: the vector, the class that is right, and the rows it was made of, which are no answer.

    Of texts one for each class; `most` of the others.
    """
    if kind == "text":
        yield from ((words[label], label, []) for label in sorted(set(labels) - {""}))
        return
    for number, row in enumerate(random.permutation(np.flatnonzero(labels != ""))[:most]):
        label, own = str(labels[row]), vectors[row]
        kin = np.setdiff1d(np.flatnonzero(labels == label), [row])
        if kind == "image":
            yield own, label, [row]
        elif number % 3 == 0 or not len(kin):
            yield compose([(1, own), (1, words[label])]), label, [row]
        elif number % 3 == 1:
            other = int(random.choice(kin))
            yield compose([(1, own), (1, vectors[other])]), label, [row, other]
        else:
            other = int(random.choice(np.flatnonzero(labels != label)))
            yield compose([(1, own), (-UNWANTED, vectors[other])]), label, [row, other]


def scale(sets: Sequence[Sequence[Judged]]) -> Scale:
    """Weights and thresholds from the hits of several sets of libraries; each library counts alike.

    A library is mostly of one sort, so the precision of *strong* is asked of every set by itself, too.
    """
    judged = [part for libraries in sets for part in libraries]
    features, right, weights = pooled(judged)
    chosen = [0, 1]
    slopes = logistic(features, right, weights)
    if slopes.min() < 0:
        chosen = [int(slopes.argmax())]
        slopes = logistic(features[:, chosen], right, weights)
    both = np.zeros(2)
    both[chosen] = slopes
    strong = [threshold(features @ both, right, weights, STRONG_PRECISION)]
    for features_of_set, right_of_set, weights_of_set in map(pooled, sets):
        strong.append(threshold(features_of_set @ both, right_of_set, weights_of_set, STRONG_PRECISION))
    likely = threshold(features @ both, right, weights, LIKELY_PRECISION)
    return Scale(
        cosine=float(both[0]),
        deviations=float(both[1]),
        strong=max(strong),
        likely=min(likely, max(strong)),
        mean=float(np.mean([part.mean.mean() for part in judged])),
        deviation=float(np.mean([part.deviation.mean() for part in judged])),
    )


def pooled(judged: Sequence[Judged]) -> tuple[Numbers, Numbers, Numbers]:
    """Features, right or not, and weights of all hits."""
    return (
        np.concatenate([part.features for part in judged]),
        np.concatenate([part.right for part in judged]),
        np.concatenate([np.full(len(part.right), 1 / len(part.right)) for part in judged]),
    )


def logistic(features: Numbers, right: Numbers, weights: Numbers) -> Numbers:
    """The slopes of a weighted logistic regression with an intercept, by Newton's method; almost no penalty."""
    rows = np.column_stack([np.ones(len(features)), features])
    weights = weights / weights.sum()
    penalty = 1e-6 * np.eye(rows.shape[1])
    slopes = np.zeros(rows.shape[1])
    for _step in range(30):
        chances = 1 / (1 + np.exp(-rows @ slopes))
        gradient = rows.T @ (weights * (right - chances)) - penalty @ slopes
        curvature = (rows.T * (weights * chances * (1 - chances))) @ rows + penalty
        slopes += np.linalg.solve(curvature, gradient)
    return slopes[1:]


def threshold(evidence: Numbers, right: Numbers, weights: Numbers, precision: float) -> float:
    """The least evidence above which `precision` of the hits are right; where that is never reached, the evidence that
    only LEAST hits have."""
    order = np.argsort(-evidence)
    reached = np.cumsum((weights * right)[order]) / np.cumsum(weights[order])
    good = np.flatnonzero(reached[LEAST - 1 :] >= precision)
    last = good[-1] if len(good) else 0
    return float(evidence[order[min(last + LEAST, len(order)) - 1]])
