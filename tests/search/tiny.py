"""Small random checkpoints, made where a test needs one."""

import json
from pathlib import Path
from typing import Any

MODEL = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
PREPROCESS = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic", "resize_mode": "shortest"}


def checkpoint(folder: Path, *, seed: int = 1, text: dict[str, Any] | None = None, **config: Any) -> Path:
    """A folder with a random CLIP of 64 dimensions; `text` changes its text tower."""
    folder.mkdir(parents=True)
    model = MODEL | {"text_cfg": MODEL["text_cfg"] | (text or {})}
    described = {"model_cfg": model, "preprocess_cfg": PREPROCESS} | config
    (folder / "open_clip_config.json").write_text(json.dumps(described))
    weights(folder / "open_clip_model.safetensors", model, seed)
    return folder


def weights(path: Path, model: dict[str, Any] = MODEL, seed: int = 1) -> None:
    import torch
    from safetensors.torch import save_file

    from search.embedders.runtime import open_clip

    torch.manual_seed(seed)
    kind = open_clip.CustomTextCLIP if model.get("custom_text") else open_clip.CLIP
    plain = {key: value for key, value in model.items() if key != "custom_text"}
    save_file(kind(**plain).state_dict(), path)
