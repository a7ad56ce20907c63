"""The terms that pull a picture towards words and two views of one picture together."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import cross_entropy, log_softmax, normalize

from training.batches import Batch, light_targets
from training.targets import Targets
from training.text import TEXT_DIMENSIONS

WEIGHTS = {
    "names": 1.0, "labels": 1.0, "free names": 0.5, "free labels": 1.0,
    "groups": 0.4, "nearness": 0.6, "colour": 0.15, "light": 0.05, "instance": 0.6,
    "agreement": 0.3, "drawings": 0.4, "families": 0.35, "balance": 4.0,
}  # fmt: skip
MEANING_SHARE = 0.75
"""Wanted share of the meaning dimensions in a vector's squared length."""
INSTANCE_TEMPERATURE = 0.03


@dataclass(frozen=True)
class Criterion:
    """All loss terms of one step."""

    targets: Targets
    near_labels: torch.Tensor

    def terms(
        self,
        vectors: torch.Tensor,
        free: dict[str, torch.Tensor],
        scale: torch.Tensor,
        batch: Batch,
        seen: torch.Tensor,
        generator: np.random.Generator,
    ) -> dict[str, torch.Tensor]:
        """Unweighted terms.

        vectors: (b + p + d, 512) unit length, float32; free: logits (b + p + d, classes) of the classifiers
        that only teach; scale: what a cosine is multiplied by before softmax; seen: (m, 512) other pictures.
        """
        photos = len(batch.rows)
        meaning = vectors[:, :TEXT_DIMENSIONS]
        terms = self._words(meaning[:photos], scale, batch, generator)
        terms |= self._free(free, batch)
        terms |= self._drawn(meaning[photos:], scale, batch, generator)
        terms |= two_views(vectors[:photos], batch.pairs, seen)
        terms["balance"] = ((meaning.square().sum(1) - MEANING_SHARE).square()).mean()
        return terms

    def _words(
        self, meaning: torch.Tensor, scale: torch.Tensor, batch: Batch, generator: np.random.Generator
    ) -> dict[str, torch.Tensor]:
        targets, device = self.targets, meaning.device
        rows = torch.from_numpy(batch.rows)
        names = targets.names.sample(generator).to(device)
        teacher, weight = targets.teacher[rows].to(device), targets.teacher_weight[rows].to(device)
        terms = {"names": (soft_cross_entropy(scale * meaning @ names.T, teacher) * weight).mean()}
        terms["nearness"] = (nearness(meaning, teacher @ names) * weight).mean()
        label = targets.label[rows]
        known = label >= 0
        labels = targets.labels.sample(generator).to(device)
        wanted = self.near_labels[label[known]].to(device)
        terms["labels"] = soft_cross_entropy(scale * meaning[known] @ labels.T, wanted).mean()
        terms["nearness"] = terms["nearness"] + nearness(meaning[known], labels[label[known]]).mean()
        group = targets.group[rows].to(device)
        words = targets.groups.sample(generator).to(device)
        mass = group.sum(1)
        soft = group / mass.clamp(min=1e-3)[:, None]
        terms["groups"] = (soft_cross_entropy(scale * meaning @ words.T, soft) * mass).mean()
        bank = targets.drawings.sample(generator).to(device)
        share = batch.colours.to(device).square()
        share = share / share.sum(1, keepdim=True)
        terms["colour"] = soft_cross_entropy(scale * meaning @ bank[targets.families["colour"]].T, share).mean()
        clear, which = light_targets(batch.light)
        logits = scale * meaning[clear] @ bank[targets.families["light"]].T
        terms["light"] = cross_entropy(logits, which[clear].to(device)) if clear.any() else logits.sum()
        return terms

    def _free(self, free: dict[str, torch.Tensor], batch: Batch) -> dict[str, torch.Tensor]:
        rows, device = torch.from_numpy(batch.rows), free["names"].device
        label = self.targets.label[rows]
        known = label >= 0
        teacher, weight = self.targets.teacher[rows].to(device), self.targets.teacher_weight[rows].to(device)
        labels = cross_entropy(free["labels"][: len(rows)][known], label[known].to(device), label_smoothing=0.05)
        return {
            "free labels": labels,
            "free names": (soft_cross_entropy(free["names"][: len(rows)], teacher) * weight).mean(),
        }

    def _drawn(
        self, meaning: torch.Tensor, scale: torch.Tensor, batch: Batch, generator: np.random.Generator
    ) -> dict[str, torch.Tensor]:
        targets = self.targets
        if not batch.drawings:
            return {}
        bank = targets.drawings.sample(generator).to(meaning.device)
        logits = scale * meaning @ bank.T
        best = torch.tensor([targets.drawing_index[drawing.true[0]] for drawing in batch.drawings])
        hidden = torch.zeros(len(best), len(bank), dtype=torch.bool)
        pairs = [
            (i, family, targets.drawing_index[(family, caption)])
            for i, drawing in enumerate(batch.drawings)
            for family, caption in drawing.true
        ]
        for i, _, caption in pairs:
            hidden[i, caption] = True
        hidden[torch.arange(len(best)), best] = False
        terms = {
            "drawings": cross_entropy(
                logits.masked_fill(hidden.to(logits.device), -1e4), best.to(logits.device), label_smoothing=0.02
            )
        }
        total = logits.new_zeros(())
        for family in {pair[1] for pair in pairs}:
            members = targets.families[family]
            mine = [(i, caption) for i, name, caption in pairs if name == family]
            at = torch.tensor([i for i, _ in mine], device=logits.device)
            wanted = torch.tensor([caption for _, caption in mine], device=logits.device) - int(members[0])
            total = total + cross_entropy(logits[at][:, members], wanted, reduction="sum")
        terms["families"] = total / len(pairs)
        return terms


def soft_cross_entropy(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with probabilities as target, per row."""
    return -(target * log_softmax(logits, dim=1)).sum(1)


def nearness(meaning: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
    """1 - cosine, per row: keeps the geometry of the words for words that were never trained on."""
    return 1 - torch.cosine_similarity(meaning, text, dim=1)


def two_views(vectors: torch.Tensor, pairs: int, seen: torch.Tensor) -> dict[str, torch.Tensor]:
    """Two crops of one picture find each other among the batch and the pictures of the last steps (InfoNCE),
    and mean the same.

    vectors: (b + p, 512), views of b pictures, then other views of the first p; seen: (m, 512), no gradient.
    What the meaning dimensions tell already is taken as given, so that the others learn what distinguishes
    pictures of the same thing. The parts have fixed shares here: this term must not make one longer.
    """
    first, second = shared_out(vectors[:-pairs]), shared_out(vectors[-pairs:])
    others = shared_out(seen)
    same = torch.arange(pairs, device=vectors.device)
    to_first = second @ torch.cat([first, others]).T / INSTANCE_TEMPERATURE
    to_second = first[:pairs] @ torch.cat([second, others]).T / INSTANCE_TEMPERATURE
    contrast = (cross_entropy(to_first, same) + cross_entropy(to_second, same)) / 2
    agreement = nearness(vectors[:pairs, :TEXT_DIMENSIONS], vectors[-pairs:, :TEXT_DIMENSIONS]).mean()
    return {"instance": contrast, "agreement": agreement}


def shared_out(vectors: torch.Tensor) -> torch.Tensor:
    """Meaning, as given, and instance dimensions at their wanted shares of the length: (n, 512)."""
    meaning = normalize(vectors[:, :TEXT_DIMENSIONS].detach(), dim=1)
    instance = normalize(vectors[:, TEXT_DIMENSIONS:], dim=1)
    return torch.cat([MEANING_SHARE**0.5 * meaning, (1 - MEANING_SHARE) ** 0.5 * instance], dim=1)
