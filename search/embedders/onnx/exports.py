"""What was exported for a model, where it lies, and making it once.

    MODEL_DIR/onnx/<model>@<fingerprint of its weights>-<version of the exporter>/
        export.json   what each tower is answered from, or why it is left to torch
        image.onnx, text.onnx, tokenizer.json, check.npz

A folder appears under its name in one step. Other weights or another exporter mean another folder; the former one is
removed. Each version of the offline model has a name of its own: `forget_offline` removes those of former ones. A
refusal is kept in the same way, so that no start tries it again.
"""

import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.utils.translation import gettext as _

from search.embedders import checkpoints, sources

logger = logging.getLogger(__name__)

VERSION = "1"  # raise it when `export` writes something else
RECORD = "export.json"
CHECK = "check.npz"
TOKENIZER = "tokenizer.json"
EXPORT_SECONDS = 3600
BROKEN = 3  # exit status of `export`: the checkpoint itself cannot be used


class NotUsable(Exception):
    """Exported files cannot be used in this process; the message is the reason, without a full stop."""


@dataclass(frozen=True)
class Tower:
    """How ONNX Runtime answers for a tower; `refused` says why it does not."""

    file: str = ""
    precision: str = "fp32"  # int8 or fp32
    refused: str = ""
    threads: int = 0  # 0: as many as the settings say
    batch: int = 1  # pictures at once; 1 where a picture's vector would depend on those beside it
    options: dict[str, Any] = field(default_factory=dict)  # of the preprocessing or the tokenizer


@dataclass(frozen=True)
class Export:
    folder: Path
    image: Tower
    text: Tower

    @classmethod
    def read(cls, folder: Path) -> "Export | None":
        try:
            record = json.loads((folder / RECORD).read_text())
            export = cls(folder, Tower(**record["image"]), Tower(**record["text"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        towers = (export.image, export.text)
        return export if all(tower.refused or (folder / tower.file).is_file() for tower in towers) else None

    def write(self) -> None:
        record = {"image": asdict(self.image), "text": asdict(self.text)}
        (self.folder / RECORD).write_text(json.dumps(record, indent=2))

    def refusal(self, *, images_only: bool = False) -> str:
        """Why torch has to answer, as a clause; empty where every tower that is needed was exported."""
        return self.image.refused or ("" if images_only else self.text.refused)


def find(source: str) -> Export | None:
    """The export of a source whose weights are on this disk. Raises ModelMissing where they are not."""
    return Export.read(_place(source))


def _place(source: str) -> Path:
    folder = sources.folder(source, verified=False)
    if sources.is_folder(source):  # several may end with the same name
        name = f"{folder.name}-{hashlib.sha256(bytes(folder)).hexdigest()[:8]}"
        fingerprint = source.rpartition("#")[2] if "#" in source else checkpoints.fingerprint(folder)
    else:
        name, fingerprint = folder.name, checkpoints.sha256(folder / checkpoints.SEAL)[:12]
    return Path(settings.MODEL_DIR) / "onnx" / f"{name}@{fingerprint}-{VERSION}"


def ensure(source: str, *, again: bool = False) -> Export:
    """The export of a source, made if there is none, or `again`. One process at a time: the caller holds a lock.

    Raises BrokenCheckpoint where the model itself cannot be used.
    """
    target = _place(source)
    if not again and (export := Export.read(target)) is not None:
        return export
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(".partial-*"):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
    try:
        _run(sources.folder(source), partial)
        for former in target.parent.iterdir():
            if former.name.startswith(f"{target.name.rpartition('@')[0]}@"):
                shutil.rmtree(former)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return cast(Export, Export.read(target))


def forget_offline(kept: Iterable[str]) -> None:
    """Remove the exports of versions of the offline model that are not among the sources `kept`.

    What has been loaded from one goes on without its files. One process at a time: the caller holds a lock.
    """
    names = set(kept)
    folder = Path(settings.MODEL_DIR) / "onnx"
    for export in folder.glob(f"{sources.OFFLINE}-*@*"):
        if export.name.rpartition("@")[0] not in names:
            shutil.rmtree(export, ignore_errors=True)


def _run(folder: Path, partial: Path) -> None:
    """Exports in another process, whose torch and memory go away with it. What stops it becomes a refusal."""
    command = [sys.executable, "-m", "search.embedders.onnx.export", str(folder), str(partial)]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}  # single precision, on the CPU
    try:
        done = subprocess.run(  # noqa: S603  our own module
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            timeout=EXPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _refuse(partial, _("the export took more than an hour"))
    if done.returncode == BROKEN:
        raise checkpoints.BrokenCheckpoint(done.stdout.strip().splitlines()[-1])
    if done.returncode or Export.read(partial) is None:
        last_line = ([line.strip() for line in done.stderr.splitlines() if line.strip()] or [""])[-1]
        logger.debug("The export ended with status %d: %s", done.returncode, done.stderr)
        _refuse(partial, _("the export failed (%(reason)s)") % {"reason": (last_line or done.returncode)})
    return None


def _refuse(folder: Path, reason: str) -> None:
    for path in folder.iterdir():
        path.unlink()
    refused = Tower(refused=reason[:300].rstrip("."))
    Export(folder, refused, refused).write()
