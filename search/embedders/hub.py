"""Fetching weights from a Hugging Face hub into a sealed checkpoint folder.

A hub that does not answer is noticed within ten seconds, name resolution included. Every file is compared with
the hash that the hub states for it. What could not be reached is remembered, so that the next start does not wait.
"""

import contextlib
import errno
import hashlib
import json
import queue
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.translation import gettext as _

from search.embedders import checkpoints, sources

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")

LOCAL_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}

REACH_SECONDS = 5.0  # for a first answer, and again for the listing and the first byte of the weights, together
ANSWER_SECONDS = 3.0  # for each answer
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


class HubUnreachable(checkpoints.ModelError):
    """The weights cannot be had now; the message is the reason, without a full stop."""

    code = "hub_unreachable"


class NotWritable(checkpoints.ModelError):
    code = "not_writable"


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
        data = path.read_bytes()
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False)
        return blob.hexdigest() == self.blob


@dataclass(frozen=True)
class Plan:
    """The files that make a checkpoint folder; `config` is written where the hub has none."""

    files: tuple[RemoteFile, ...]
    weights: RemoteFile
    config: dict[str, Any] | None


def fetch(source: str, target: Path) -> None:
    """Downloads `source` into the folder `target`; progress goes to stderr. Raises HubUnreachable, CorruptDownload,
    UnknownModel. An interrupted download is continued by the next one."""
    with _hub_errors(source):
        first_answer = _start(_knock)  # meanwhile, the next line imports open_clip, which takes seconds
        wanted = _wanted(source)
        first_answer()
        plan = _start(lambda: _reach(wanted))()
        partial = target.with_name(f".partial-{target.name}")
        partial.mkdir(parents=True, exist_ok=True)
        for file in plan.files:
            _download(file, partial)
    if plan.config is not None:
        (partial / checkpoints.CONFIG).write_text(json.dumps(plan.config, indent=2))
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    checkpoints.publish(partial, target)


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

    get_session().head(_api().endpoint, timeout=ANSWER_SECONDS)


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
    files = [weights]
    if wanted.config is None:
        described = TOKENIZER_FILES | {checkpoints.CONFIG, "config.json"}
        files += [file for name, file in listing.items() if name in described]
    else:
        files += _text_tower_files(api, wanted.config["model_cfg"]["text_cfg"])
    _first_byte(api, weights)
    return Plan(tuple(files), weights, wanted.config)


def _api() -> "HfApi":
    from huggingface_hub import HfApi, constants

    constants.HF_HUB_DISABLE_XET = True  # plain HTTP from the host that was just reached, into this folder only
    constants.HF_HUB_DISABLE_TELEMETRY = True
    return HfApi()


def _listing(api: "HfApi", repository: str) -> dict[str, RemoteFile]:
    info = api.model_info(repository, files_metadata=True, timeout=ANSWER_SECONDS)
    return {
        file.rfilename: RemoteFile(
            repository, info.sha or "main", file.rfilename, file.lfs.sha256 if file.lfs else "", file.blob_id or ""
        )
        for file in info.siblings or []
    }


def _text_tower_files(api: "HfApi", text: dict[str, Any]) -> list[RemoteFile]:
    """The tokenizer and the description of the text tower, where an architecture takes them from elsewhere."""
    files = []
    if name := text.get("hf_tokenizer_name"):
        files += [file for key, file in _listing(api, name).items() if key in TOKENIZER_FILES]
    if name := text.get("hf_model_name"):
        files.append(_listing(api, name)["config.json"])
    return files


def _first_byte(api: "HfApi", file: RemoteFile) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    url = hf_hub_url(file.repository, file.name, revision=file.revision, endpoint=api.endpoint)
    headers = build_hf_headers() | {"Range": "bytes=0-0"}
    with get_session().stream("GET", url, headers=headers, timeout=ANSWER_SECONDS) as response:
        hf_raise_for_status(response)


def _download(file: RemoteFile, folder: Path) -> None:
    path = Path(
        _api().hf_hub_download(
            file.repository, file.name, revision=file.revision, local_dir=folder, etag_timeout=ANSWER_SECONDS
        )
    )
    if not file.matches(path):
        shutil.rmtree(folder)
        raise CorruptDownload(
            _("%(file)s of %(repository)s arrived damaged: its hash is not the one that the hub states.")
            % {"file": file.name, "repository": file.repository}
        )


def _start(work: Callable[[], T]) -> Callable[[], T]:
    """Runs `work` in a thread, because a hanging name resolution can be neither timed out nor stopped.

    The function that comes back waits for the result, until `REACH_SECONDS` after the start at the latest.
    """
    answers: queue.Queue[tuple[T | None, Exception | None]] = queue.Queue()
    deadline = time.monotonic() + REACH_SECONDS

    def run() -> None:
        try:
            answers.put((work(), None))
        except Exception as error:  # noqa: BLE001  it is raised in the thread that waits
            answers.put((None, error))

    def wait() -> T:
        try:
            result, error = answers.get(timeout=max(0.01, deadline - time.monotonic()))
        except queue.Empty:
            seconds = {"seconds": REACH_SECONDS}
            raise HubUnreachable(_("it did not answer within %(seconds)d seconds") % seconds) from None
        if error is not None:
            raise error
        return result  # type: ignore[return-value]

    threading.Thread(target=run, name="reach-hub", daemon=True).start()
    return wait


@contextlib.contextmanager
def _hub_errors(source: str) -> Iterator[None]:
    """Tells what cannot be reached now from what does not exist or may not be had."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError:
        raise sources.UnknownModel(
            _("%(source)s is given out only to those who accepted its terms; set HF_TOKEN.") % {"source": source}
        ) from None
    except (errors.RepositoryNotFoundError, errors.RemoteEntryNotFoundError, errors.HFValidationError):
        raise sources.UnknownModel(_("The hub has no model %(source)s.") % {"source": source}) from None
    except (errors.OfflineModeIsEnabled, errors.HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in LOCAL_ERRORS:
            raise NotWritable(_("The weights cannot be stored: %(reason)s.") % {"reason": error.strerror}) from error
        raise HubUnreachable(_reason(error)) from error


def _reason(error: Exception) -> str:
    text = next((line for line in str(error).splitlines() if line.strip()), "") or type(error).__name__
    return re.sub(r"^\[Errno -?\d+\] ", "", text.strip()).rstrip(".")[:200]
