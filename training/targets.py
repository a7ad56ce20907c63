"""What the pictures are trained to be near: class names, the teacher's names, more general words, captions."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.captions import PHRASINGS, Bank, drawing_captions, make_bank
from training.classes import class_name, group_words, groups_of, mentions_left_out, synonyms
from training.photos import Photos

_OWN_SHARE = {"tiny-imagenet": 0.65}
"""How much of the teacher-name target is the photo's own label; at 64 px the teacher itself is mostly wrong."""


@dataclass(frozen=True)
class Targets:
    """Targets of all rows.

    teacher: (n, names) probabilities; label: (n,) class or -1; groups: (n, words), rows sum to <= 1
    near_names, near_labels: (names, names), (labels, labels) softened by likeness of the words
    """

    names: Bank
    labels: Bank
    groups: Bank
    drawings: Bank
    drawing_index: dict[tuple[str, str], int]
    families: dict[str, torch.Tensor]
    teacher: torch.Tensor
    teacher_weight: torch.Tensor
    label: torch.Tensor
    group: torch.Tensor


def soften(bank: Bank, share: float, sharpness: float = 12.0) -> torch.Tensor:
    """Identity with `share` of each row's mass spread over names of similar meaning: (n, n)."""
    likeness = torch.softmax(bank.plain() @ bank.plain().T * sharpness, dim=1)
    return (1 - share) * torch.eye(len(bank.names)) + share * likeness


def label_classes(photos: Photos, trained: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the trained classes and the class of each row (-1: background or never trained)."""
    names = sorted({class_name(photos.labels[row]) for row in trained} - {""})
    where = {name: i for i, name in enumerate(names)}
    return names, np.array([where.get(class_name(label), -1) for label in photos.labels])


def make_targets(photos: Photos, trained: NDArray[np.int64], cache: Path) -> Targets:
    """All banks of vectors and the targets of every row; names of never trained classes are in none."""
    label_names, label = label_classes(photos, trained)
    by_name: dict[str, list[str]] = {}
    for text in photos.labels:
        by_name.setdefault(class_name(text), []).extend(synonyms(text))
    kept = [i for i, name in enumerate(photos.teacher_names) if i and not mentions_left_out(name)]
    names = make_bank([synonyms(photos.teacher_names[i]) for i in kept], PHRASINGS, cache)
    labels = make_bank([list(dict.fromkeys(by_name[name])) for name in label_names], PHRASINGS, cache)
    words = group_words()
    groups = make_bank([[word] for word in words], PHRASINGS, cache)
    families = drawing_captions()
    captions = [caption for family in families.values() for caption in family]
    drawings = make_bank(captions, ("{}", "a picture of {}", "{} picture"), cache, variants=12)
    index: dict[tuple[str, str], int] = {}
    ranges: dict[str, torch.Tensor] = {}
    for family, members in families.items():
        ranges[family] = torch.arange(len(index), len(index) + len(members))
        index |= {(family, member[0]): len(index) + i for i, member in enumerate(members)}
    teacher, weight = _teacher(photos, kept, label_names, label)
    group = _groups(photos, kept, words, teacher, label_names, label)
    teacher = teacher @ soften(names, 0.08)
    return Targets(names, labels, groups, drawings, index, ranges, teacher, weight, torch.from_numpy(label), group)


def _teacher(
    photos: Photos, kept: list[int], label_names: list[str], label: NDArray[np.int64]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The teacher's probabilities over the kept names, mixed with the own label, and how far to trust a row."""
    full = np.zeros((len(photos), len(photos.teacher_names)), np.float32)
    np.put_along_axis(full, photos.teacher_index, photos.teacher_prob, axis=1)
    full = full[:, kept]
    mass = full.sum(axis=1, keepdims=True)
    full = full / np.maximum(mass, 1e-3)
    weight = np.clip(mass[:, 0] * 1.5, 0, 1)
    column = {class_name(photos.teacher_names[i]): k for k, i in enumerate(kept)}
    for row in range(len(photos)):
        own = column.get(label_names[label[row]]) if label[row] >= 0 else None
        share = _OWN_SHARE.get(photos.sets[row], 0.3)
        if own is not None:
            full[row] *= 1 - share
            full[row, own] += share
            weight[row] = 1
    return torch.from_numpy(full), torch.from_numpy(weight.astype(np.float32))


def _groups(
    photos: Photos, kept: list[int], words: list[str], teacher: torch.Tensor, label_names: list[str],
    label: NDArray[np.int64],
) -> torch.Tensor:  # fmt: skip
    """Share of each general word; of a labelled photo by its label, of the others by the teacher's names."""
    of_name = np.zeros((len(kept), len(words)), np.float32)
    by_class: dict[str, set[str]] = {}
    for k, i in enumerate(kept):
        found = groups_of(class_name(photos.teacher_names[i]), i)
        by_class[class_name(photos.teacher_names[i])] = found
        of_name[k, [words.index(word) for word in found]] = 1 / max(1, len(found))
    of_label = np.zeros((len(label_names), len(words)), np.float32)
    for k, name in enumerate(label_names):
        found = by_class.get(name) or groups_of(name)
        of_label[k, [words.index(word) for word in found]] = 1 / max(1, len(found))
    group = teacher.numpy() @ of_name
    known = label >= 0
    group[known] = of_label[label[known]]
    return torch.from_numpy(group)
