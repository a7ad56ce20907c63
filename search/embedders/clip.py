"""The embedder behind every model: an open_clip model from a checkpoint folder. Importing this imports torch."""

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from torch.nn.functional import normalize

from search.embedders.checkpoints import BrokenCheckpoint, Checkpoint, broken
from search.embedders.pictures import flatten
from search.embedders.runtime import device, open_clip, precision
from search.embedders.text import TextEncoder
from search.embedders.torch_text import TorchTextTower

DTYPES = {"fp32": torch.float32, "fp16": torch.float16}
IMAGE_BATCH = {"fp32": 16, "fp16": 128}  # on a CPU more only takes memory
UNUSABLE = (
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    AssertionError,
    OSError,
    ImportError,
    EOFError,
    pickle.UnpicklingError,
    SafetensorError,
)


class OpenClipEmbedder:
    """See `search.embedders.Embedder`. May be used from several threads at once."""

    engine = "torch"

    def __init__(
        self,
        model: Any,  # open_clip's CLIP, CustomTextCLIP or CoCa
        tokenize: Callable[[list[str]], torch.Tensor] | None,
        preprocess: Callable[[Image.Image], torch.Tensor],
        checkpoint: Checkpoint,
    ) -> None:
        self.dimensions = checkpoint.dimensions
        self.model = model
        self.preprocess = preprocess
        self._device = next(model.visual.parameters()).device
        self.text: TextEncoder[TorchTextTower] | None = None
        if tokenize is not None:
            self.text = TextEncoder(TorchTextTower(model, tokenize, self._device), checkpoint)

    @classmethod
    def load(cls, folder: Path, *, images_only: bool = False) -> "OpenClipEmbedder":
        """Raises BrokenCheckpoint where the weights do not fit the description exactly: none is ever left random."""
        checkpoint = Checkpoint.open(folder)
        name = f"local-dir:{folder}"
        tokenize = None
        try:
            model, preprocess = open_clip.create_model_from_pretrained(
                name, precision=precision(), device=device(), **_own_text_tower(checkpoint)
            )
            if not images_only:
                tokenize = open_clip.get_tokenizer(name)
        except UNUSABLE as error:
            raise _not_loadable(folder, error) from error
        model.eval().requires_grad_(requires_grad=False)
        model.visual.to(memory_format=torch.channels_last)  # convolutions are a fifth faster, transformers as fast
        if images_only:
            _drop_text_tower(model)
        return cls(model, tokenize, preprocess, checkpoint)

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        vectors = np.empty((len(images), self.dimensions), dtype=np.float32)
        size = IMAGE_BATCH[precision()]
        for start in range(0, len(images), size):
            pixels = [self.preprocess(flatten(image)) for image in images[start : start + size]]
            vectors[start : start + len(pixels)] = self.encode_pixels(torch.stack(pixels))
        return vectors

    @torch.inference_mode()
    def encode_pixels(self, pixels: torch.Tensor) -> NDArray[np.float32]:
        features = self.model.encode_image(pixels.to(self._device, DTYPES[precision()]))
        return normalize(features.float(), dim=-1).cpu().numpy()

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.text is None:
            raise RuntimeError("This embedder was loaded for pictures only.")
        return self.text.encode(texts)


def _own_text_tower(checkpoint: Checkpoint) -> dict[str, Any]:
    """A text tower from transformers is described by the config.json in the folder, never by a name on a hub."""
    text = checkpoint.text_config
    if not text.get("hf_model_name"):
        return {}
    return {"text_cfg": {**text, "hf_model_name": str(checkpoint.folder), "hf_model_pretrained": False}}


def _drop_text_tower(model: torch.nn.Module) -> None:
    parts = ("text",) if hasattr(model, "text") else ("transformer", "token_embedding", "positional_embedding")
    for part in parts:
        setattr(model, part, None)


def _not_loadable(folder: Path, error: Exception) -> BrokenCheckpoint:
    first_line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    if "Missing key" in str(error) or "Unexpected key" in str(error) or "size mismatch" in str(error):
        first_line = _("the weights do not fit the architecture in open_clip_config.json")
    return broken(folder, (first_line or type(error).__name__)[:200].rstrip("."))
