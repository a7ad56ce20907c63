"""The image tower: a plain timm network, averaged over the training steps."""

import copy

import timm
import torch
from torch import nn
from torch.nn.functional import normalize

ARCHITECTURE = "regnety_006"
DIMENSIONS = 512
"""384 that are compared with sentence vectors, then 128 that only pictures have."""
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def make_tower(architecture: str = ARCHITECTURE, dimensions: int = DIMENSIONS) -> nn.Module:
    """An untrained tower: (n, 3, s, s) normalised pictures -> (n, dimensions)."""
    tower: nn.Module = timm.create_model(architecture, num_classes=dimensions)
    return tower.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def prepare(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 (n, 3, s, s) -> float32 with the mean and deviation of ImageNet taken out."""
    mean = torch.tensor(MEAN, device=pictures.device)[:, None, None] * 255
    deviation = torch.tensor(DEVIATION, device=pictures.device)[:, None, None] * 255
    return (pictures.float() - mean) / deviation


def make_heads(tower: nn.Module, classes: int, names: int) -> nn.ModuleDict:
    """Ordinary classifiers on the pooled features, only there to teach the tower faster; not shipped."""
    width = tower.num_features
    return nn.ModuleDict({"labels": nn.Linear(width, classes), "names": nn.Linear(width, names)})  # type: ignore[arg-type]


def embed(tower: nn.Module, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit vectors (n, dimensions) of uint8 pictures, computed in bfloat16, and their pooled features (n, width)."""
    with torch.autocast(pictures.device.type, dtype=torch.bfloat16):
        pooled = tower.forward_head(tower.forward_features(prepare(pictures)), pre_logits=True)  # type: ignore[operator]
        vectors = tower.get_classifier()(pooled)  # type: ignore[operator]
    return normalize(vectors.float(), dim=1), pooled.float()


class Average:
    """Exponential moving average of weights and of batch statistics."""

    def __init__(self, tower: nn.Module, decay: float) -> None:
        self.tower, self.decay = copy.deepcopy(tower).eval(), decay

    @torch.no_grad()
    def update(self, tower: nn.Module, step: int) -> None:
        """Move towards the current weights; early steps are forgotten faster."""
        decay = min(self.decay, (1 + step) / (10 + step))
        mine = self.tower.state_dict()
        pairs = [(mine[key], value) for key, value in tower.state_dict().items() if value.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in pairs], [b for _, b in pairs], 1 - decay)
