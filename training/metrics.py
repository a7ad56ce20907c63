"""How well vectors find each other; all vectors are unit length, higher cosine is nearer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Measured:
    """A share of right answers and what guessing would reach."""

    value: float
    chance: float


def zero_shot(pictures: Vectors, labels: Labels, texts: Vectors, top: int = 1) -> Measured:
    """Share of pictures (n, d) whose label is among the `top` nearest of the texts (classes, d)."""
    nearest = np.argsort(-(pictures @ texts.T), axis=1)[:, :top]
    return Measured(float((nearest == labels[:, None]).any(axis=1).mean()), min(1.0, top / len(texts)))


def text_to_picture(pictures: Vectors, labels: Labels, texts: Vectors, first: int = 10) -> Measured:
    """Mean precision among the `first` pictures found by each text that has that many pictures."""
    counts = np.bincount(labels[labels >= 0], minlength=len(texts))
    asked = np.flatnonzero(counts >= first)
    found = np.argsort(-(texts[asked] @ pictures.T), axis=1)[:, :first]
    precision = (labels[found] == asked[:, None]).mean()
    return Measured(float(precision), float((counts[asked] / len(pictures)).mean()))


def picture_to_picture(pictures: Vectors, labels: Labels, first: int = 10) -> Measured:
    """Mean precision among the `first` others nearest to each picture of a class of more than `first`."""
    counts = np.bincount(labels[labels >= 0])
    asked = np.flatnonzero((labels >= 0) & (counts[labels] > first))
    right = []
    for part in np.array_split(asked, max(1, len(asked) // 500)):
        nearness = pictures[part] @ pictures.T
        nearness[np.arange(len(part)), part] = -2
        found = np.argpartition(-nearness, first, axis=1)[:, :first]
        right.append((labels[found] == labels[part][:, None]).mean(axis=1))
    chance = (counts[labels[asked]] - 1) / (len(pictures) - 1)
    return Measured(float(np.concatenate(right).mean()), float(chance.mean()))


def recall_at_1(changed: Vectors, originals: Vectors, where: Labels) -> Measured:
    """Share of changed pictures (n, d) whose nearest original (m, d) is the one they were made from."""
    nearest = np.argmax(changed @ originals.T, axis=1)
    return Measured(float((nearest == where).mean()), 1 / len(originals))
