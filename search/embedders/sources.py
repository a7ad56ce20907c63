"""What DAM_MODEL may name, the source it stands for, and the folder a source lies in.

| DAM_MODEL                        | source (EmbeddingModel.source)     | folder                          |
|----------------------------------|------------------------------------|---------------------------------|
| ViT-B-32/laion2b_s34b_b79k       | the same                           | MODEL_DIR/ViT-B-32--laion2b_... |
| hf-hub:organisation/name         | the same                           | MODEL_DIR/hf-hub--...           |
| /a/folder, ./folder, ~/folder    | /a/folder#fingerprint of its files | /a/folder                       |
| offline                          | offline-fingerprint                | MODEL_DIR/offline-fingerprint   |

The fingerprint keeps vectors apart that were made with different weights under the same name.
"""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from search.embedders import checkpoints, offline

OFFLINE = "offline"
HUB_PREFIX = "hf-hub:"
FOLDER_PREFIXES = ("/", "./", "../", "~", "local-dir:")


class UnknownModel(checkpoints.ModelError):
    """What is named does not exist."""

    code = "unknown_model"


def is_folder(name: str) -> bool:
    return name.startswith(FOLDER_PREFIXES) or name in {".", ".."}


def is_offline(source: str) -> bool:
    return source.startswith(f"{OFFLINE}-")


def split_tag(name: str) -> tuple[str, str]:
    """`ViT-B/32/laion2b-s34b-b79k` -> (`ViT-B-32`, `laion2b_s34b_b79k`), spelled as open_clip does."""
    architecture, _slash, tag = name.rpartition("/")
    return architecture.replace("/", "-"), tag.lower().replace("-", "_")


def resolve(name: str) -> str:
    """DAM_MODEL -> source. Reads no network, and does not say whether the weights are there."""
    if name == OFFLINE:
        return offline.source()
    if is_folder(name):
        folder = Path(name.removeprefix("local-dir:")).expanduser().resolve()
        if not folder.is_dir():
            raise UnknownModel(_missing_folder(folder))
        return f"{folder}#{checkpoints.fingerprint(folder)}"
    if name.startswith(HUB_PREFIX):
        if name.removeprefix(HUB_PREFIX).count("/") != 1:
            raise UnknownModel(_("%(name)s must look like hf-hub:organisation/name.") % {"name": name})
        return name
    return "/".join(split_tag(name)) if "/" in name else name


def _missing_folder(folder: Path) -> str:
    from difflib import get_close_matches

    sentence = _("There is no folder %(folder)s.") % {"folder": folder}
    beside = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    if near := get_close_matches(folder.name, beside, n=3):
        sentence += " " + _("Nearby: %(names)s.") % {"names": ", ".join(near)}
    return sentence


def place(source: str) -> Path:
    """The folder that belongs to a source, whether anything lies there or not."""
    if is_folder(source):
        return Path(source.rpartition("#")[0] or source)
    return Path(settings.MODEL_DIR) / source.replace(":", "--").replace("/", "--")


def folder(source: str, *, verified: bool = True) -> Path:
    """The checkpoint folder of a source. The offline model is put together here if it is not there yet.

    Raises ModelMissing where there is none, and where its files are others than they were. To see that, all of them are
    read: who only asks where they lie says `verified=False`.
    """
    target = place(source)
    if source == offline.source():
        return offline.assembled() if verified or not checkpoints.is_sealed(target) else target
    if is_folder(source):
        if not target.is_dir():
            raise checkpoints.ModelMissing(_("There is no folder %(folder)s any more.") % {"folder": target})
        _folder, mark, fingerprint = source.rpartition("#")
        if verified and mark and checkpoints.fingerprint(target) != fingerprint:
            raise checkpoints.ModelMissing(
                _("The folder %(folder)s holds other weights now than those that these vectors were made with.")
                % {"folder": target}
            )
        return target
    if not checkpoints.is_sealed(target):
        raise checkpoints.ModelMissing(
            _("The weights of %(source)s are not on this machine; `manage.py setup_model` fetches them.")
            % {"source": source}
        )
    return target


def on_disk(source: str) -> bool:
    """Whether `folder(source)` answers without a network."""
    try:
        folder(source)
    except checkpoints.ModelError:
        return False
    return True
