"""Writes what `search/embedders/offline/` holds from a run: half-precision weights and their description."""

import argparse
import json
import logging
from pathlib import Path

import torch
from safetensors.torch import save_file

from training.model import ARCHITECTURE, DEVIATION, DIMENSIONS, MEAN

logger = logging.getLogger(__name__)

MOST_BYTES = 12_000_000


class TowerTooLarge(Exception):
    """The weights are larger than what may be shipped."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the weights take {size} bytes, at most {MOST_BYTES} may be shipped")


def description(size: int, architecture: str = ARCHITECTURE, *, squashed: bool = False) -> dict[str, object]:
    """`image_tower.json`, from which `search.embedders.offline` puts the open_clip model together."""
    return {
        "name": "Compact offline model",
        "timm_model_name": architecture,
        "image_size": size,
        "embed_dim": DIMENSIONS,
        "context_length": 128,
        "prompt_template": "{}",
        "preprocess": {
            "mean": list(MEAN),
            "std": list(DEVIATION),
            "interpolation": "bicubic",
            "resize_mode": "squash" if squashed else "shortest",
        },
    }


def export(checkpoint: Path, out: Path, size: int, architecture: str = ARCHITECTURE, *, squashed: bool = False) -> Path:
    """The averaged weights of a checkpoint in half precision, and their description; gives the weights' file."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    half = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in state["average"].items()
        if not key.endswith("num_batches_tracked")
    }
    out.mkdir(parents=True, exist_ok=True)
    file = out / "image_tower.safetensors"
    save_file(half, file, metadata={"architecture": architecture, "steps": str(state["step"])})
    if file.stat().st_size > MOST_BYTES:
        raise TowerTooLarge(file.stat().st_size)
    described = json.dumps(description(size, architecture, squashed=squashed), indent=2)
    (out / "image_tower.json").write_text(described + "\n")
    logger.info("%s: %d bytes after %d steps", file.name, file.stat().st_size, state["step"])
    return file


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/tower/checkpoint.pt"))
    parser.add_argument("--out", type=Path, default=Path("runs/tower"))
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--squash", action="store_true")
    parser.add_argument("--architecture", default=ARCHITECTURE)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    export(arguments.checkpoint, arguments.out, arguments.size, arguments.architecture, squashed=arguments.squash)


if __name__ == "__main__":
    main()
