"""torch's attention, written so that an exported network takes sequences of any length. Imports torch."""

from typing import Any

import torch
from torch import nn
from torch.nn.functional import linear


class Attention(nn.Module):
    """Computes what an `nn.MultiheadAttention` of equal dimensions does; tracing that one fixes the length."""

    def __init__(self, original: nn.MultiheadAttention) -> None:
        super().__init__()
        self.heads = original.num_heads
        self.scale = original.head_dim**-0.5
        self.weight, self.bias = original.in_proj_weight, original.in_proj_bias
        self.out = original.out_proj

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *,
        attn_mask: torch.Tensor | None = None,
        **options: Any,
    ) -> tuple[torch.Tensor, None]:
        """(n, length, width) each; a mask is added to the scores, (length, length) or (n x heads, length, length)."""
        if query is key and key is value:
            parts: Any = linear(query, self.weight, self.bias).chunk(3, dim=-1)
        else:
            biases = (None,) * 3 if self.bias is None else self.bias.chunk(3)
            parts = map(linear, (query, key, value), self.weight.chunk(3), biases)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        scores = (q * self.scale) @ k.transpose(-1, -2)
        if attn_mask is not None:
            scores = scores + (attn_mask.unflatten(0, (-1, self.heads)) if attn_mask.dim() == 3 else attn_mask)
        return self.out((scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(-2)), None


def replace(model: nn.Module) -> None:
    """Puts `Attention` in the place of every attention that it stands for."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MultiheadAttention) and child.batch_first and child.in_proj_weight is not None:
                setattr(parent, name, Attention(child))
