"""Checkpoint folders: the one form in which every model lies on disk.

A folder holds `open_clip_config.json`, one weights file and, where the text tower needs them, its `config.json` and
tokenizer files; that is what open_clip loads as `local-dir:`. Folders that this project makes are sealed: they hold
`SHA256SUMS`, appear under their name in one step, and can be copied to another machine as they are.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from dam.errors import AppError

CONFIG = "open_clip_config.json"
SEAL = "SHA256SUMS"
WEIGHT_SUFFIXES = {".safetensors", ".bin", ".pth", ".pt"}


class ModelError(AppError):
    """A model cannot be used; the sentence says why and what to do."""

    code = "model_error"
    status = 503


class ModelMissing(ModelError):
    code = "model_missing"


class BrokenCheckpoint(ModelError):
    code = "broken_checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint folder says about itself, without loading the weights."""

    folder: Path
    config: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> "Checkpoint":
        if not folder.is_dir():
            raise ModelMissing(_("There is no model in the folder %(folder)s.") % {"folder": folder})
        try:
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise broken(folder, _("%(file)s is missing") % {"file": CONFIG}) from None
        except ValueError:
            raise broken(folder, _("%(file)s is not JSON") % {"file": CONFIG}) from None
        checkpoint = cls(folder, config)
        checkpoint._check()
        return checkpoint

    def _check(self) -> None:
        model = self.config.get("model_cfg") if isinstance(self.config, dict) else None
        if not isinstance(model, dict) or not {"embed_dim", "vision_cfg", "text_cfg"} <= model.keys():
            raise broken(self.folder, _("%(file)s describes no model") % {"file": CONFIG})
        if not weight_files(self.folder):
            raise broken(self.folder, _("there is no weights file"))
        if self.text_config.get("hf_model_name") and not (self.folder / "config.json").is_file():
            raise broken(self.folder, _("config.json of the text tower is missing"))

    @property
    def dimensions(self) -> int:
        return int(self.config["model_cfg"]["embed_dim"])

    @property
    def prompt_template(self) -> str:
        """What a text is put into before it is encoded; `prompt_template` is this project's addition to the file."""
        return str(self.config.get("prompt_template", "{}"))

    @property
    def text_config(self) -> dict[str, Any]:
        return self.config["model_cfg"]["text_cfg"]


def broken(folder: Path, reason: str) -> BrokenCheckpoint:
    return BrokenCheckpoint(
        _("The model in %(folder)s cannot be used: %(reason)s.") % {"folder": folder, "reason": reason}
    )


def weight_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in WEIGHT_SUFFIXES)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(folder: Path) -> str:
    """Twelve hexadecimal digits that change with the description or the weights of the model in `folder`."""
    Checkpoint.open(folder)
    digest = hashlib.sha256()
    for path in [folder / CONFIG, *weight_files(folder)]:
        digest.update(bytes.fromhex(sha256(path)))
    return digest.hexdigest()[:12]


def seal(folder: Path) -> None:
    """Writes SHA256SUMS (as of `sha256sum`) over every file of the folder."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != SEAL)
    (folder / SEAL).write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files))


def is_sealed(folder: Path) -> bool:
    """Whether the folder was finished, and every file that it was finished with is still there."""
    try:
        lines = (folder / SEAL).read_text().splitlines()
    except OSError:
        return False
    return all((folder / line.split("  ", 1)[1]).is_file() for line in lines)


def verify(folder: Path) -> None:
    """Compares every file with SHA256SUMS. Raises BrokenCheckpoint."""
    for line in (folder / SEAL).read_text().splitlines():
        expected, name = line.split("  ", 1)
        if sha256(folder / name) != expected:
            raise broken(folder, _("%(file)s has changed since it was written") % {"file": name})


def publish(partial: Path, target: Path) -> None:
    """Gives a finished folder its name in one step. Where another process was faster, its folder stays."""
    seal(partial)
    if target.exists() and not is_sealed(target):
        shutil.rmtree(target)
    try:
        partial.rename(target)
    except OSError:
        if not is_sealed(target):
            raise
        shutil.rmtree(partial)
