"""Fetching weights from a Hugging Face hub into a sealed checkpoint folder.

Every file is compared with the hash that the hub states for it.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from search.embedders import checkpoints, reach, sources

if TYPE_CHECKING:
    from huggingface_hub import HfApi

WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
TOKENIZER_FILES = {
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
}


class CorruptDownload(checkpoints.ModelError):
    code = "corrupt_download"


@dataclass(frozen=True)
class RemoteFile:
    repository: str
    revision: str
    name: str
    sha256: str  # of a large file, else empty
    blob: str  # git's hash of a small file

    def matches(self, path: Path) -> bool:
        if self.sha256:
            return checkpoints.sha256(path) == self.sha256
        return self.is_content(path.read_bytes())

    def is_content(self, data: bytes) -> bool:
        if self.sha256:
            return hashlib.sha256(data).hexdigest() == self.sha256
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False)
        return blob.hexdigest() == self.blob


@dataclass(frozen=True)
class Plan:
    """The files that make a checkpoint folder; `config` is written where the hub has none."""

    files: tuple[RemoteFile, ...]
    config: dict[str, Any] | None


def fetch(source: str, target: Path) -> None:
    """Downloads `source` into the folder `target`; progress goes to stderr. Raises HubUnreachable, CorruptDownload,
    UnknownModel. An interrupted download is continued by the next one."""
    with reach.hub_errors(source):
        first_answer = reach.start(_knock)  # meanwhile, the next line imports open_clip, which takes seconds
        wanted = _wanted(source)
        first_answer()
        plan = reach.start(lambda: _reach(wanted))()
        partial = target.with_name(f".partial-{target.name}")
        partial.mkdir(parents=True, exist_ok=True)
        _remove_others(partial, {file.name for file in plan.files})
        for file in plan.files:
            _download(file, partial)
    if plan.config is not None:
        (partial / checkpoints.CONFIG).write_text(json.dumps(plan.config, indent=2))
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    checkpoints.publish(partial, target)


def _remove_others(folder: Path, names: set[str]) -> None:
    """What an earlier attempt left that is no part of the model any more."""
    for path in folder.iterdir():
        if path.is_file() and path.name not in names:
            path.unlink()


@dataclass(frozen=True)
class _Wanted:
    repository: str
    weights: str  # a file name, or empty for the usual ones
    config: dict[str, Any] | None  # None: the repository's own


def _wanted(source: str) -> _Wanted:
    if source.startswith(sources.HUB_PREFIX):
        return _Wanted(source.removeprefix(sources.HUB_PREFIX), "", None)
    from search.embedders import catalog  # imports torch

    config, location = catalog.describe(source)
    repository, _slash, weights = location.rpartition("/")
    return _Wanted(repository, weights, config)


def _knock() -> None:
    """Any answer will do: what the hub has to say is seen later."""
    from huggingface_hub.utils import get_session

    get_session().head(_api().endpoint, timeout=reach.ANSWER_SECONDS)


def _reach(wanted: _Wanted) -> Plan:
    """Asks the hub what there is, and for the first byte of the weights, which may come from another host."""
    api = _api()
    listing = _listing(api, wanted.repository)
    names = [wanted.weights, wanted.weights.rpartition(".")[0] + ".safetensors"] if wanted.weights else WEIGHTS
    weights = next((listing[name] for name in names if name in listing), None)
    if weights is None:
        raise sources.UnknownModel(
            _("%(repository)s on the hub holds no open_clip weights.") % {"repository": wanted.repository}
        )
    files, config = [weights], wanted.config
    if config is None and (own := listing.get(checkpoints.CONFIG)):
        files.append(own)
        data = _read(api, own)
        if not own.is_content(data):
            raise _corrupt(own)
        config = json.loads(data)
    files += _text_tower_files(api, (config or {}).get("model_cfg", {}).get("text_cfg", {}), listing)
    _read(api, weights, length=1)
    return Plan(tuple(files), wanted.config)


def _api() -> "HfApi":
    from huggingface_hub import HfApi, constants

    constants.HF_HUB_DISABLE_XET = True  # plain HTTP from the host that was just reached, into this folder only
    constants.HF_HUB_DISABLE_TELEMETRY = True
    return HfApi()


def _listing(api: "HfApi", repository: str) -> dict[str, RemoteFile]:
    info = api.model_info(repository, files_metadata=True, timeout=reach.ANSWER_SECONDS)
    return {
        file.rfilename: RemoteFile(
            repository, info.sha or "main", file.rfilename, file.lfs.sha256 if file.lfs else "", file.blob_id or ""
        )
        for file in info.siblings or []
    }


def _text_tower_files(api: "HfApi", text: dict[str, Any], own: dict[str, RemoteFile]) -> list[RemoteFile]:
    """The tokenizer and the description of a text tower from transformers, which other repositories may hold."""
    files: list[RemoteFile] = []
    if name := text.get("hf_tokenizer_name"):
        holder = own if "tokenizer_config.json" in own else _listing(api, name)
        files += [file for key, file in holder.items() if key in TOKENIZER_FILES]
    if name := text.get("hf_model_name"):
        files += [file for key, file in _listing(api, name).items() if key == "config.json"]
    return files


def _read(api: "HfApi", file: RemoteFile, length: int | None = None) -> bytes:
    """The whole file, or its first bytes; only asked for here, not kept."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    url = hf_hub_url(file.repository, file.name, revision=file.revision, endpoint=api.endpoint)
    headers = build_hf_headers() | ({"Range": f"bytes=0-{length - 1}"} if length else {})
    with get_session().stream("GET", url, headers=headers, timeout=reach.ANSWER_SECONDS) as response:
        hf_raise_for_status(response)
        return next(response.iter_bytes(length), b"") if length else response.read()


def _download(file: RemoteFile, folder: Path) -> None:
    path = Path(
        _api().hf_hub_download(
            file.repository, file.name, revision=file.revision, local_dir=folder, etag_timeout=reach.ANSWER_SECONDS
        )
    )
    if not file.matches(path):
        shutil.rmtree(folder)
        raise _corrupt(file)


def _corrupt(file: RemoteFile) -> CorruptDownload:
    return CorruptDownload(
        _("%(file)s of %(repository)s arrived damaged: its hash is not the one that the hub states.")
        % {"file": file.name, "repository": file.repository}
    )
