"""open_clip's list of architectures and the weights published for each. Importing this imports torch."""

from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _

from search.embedders.runtime import open_clip
from search.embedders.sources import UnknownModel, split_tag

PREPROCESS = ("mean", "std", "interpolation", "resize_mode", "fill_color")


def describe(source: str) -> tuple[dict[str, Any], str]:
    """`architecture/tag` -> (the content of its open_clip_config.json, `organisation/repository/file` on the hub).

    Raises UnknownModel, whose sentence lists near matches.
    """
    architecture, tag = split_tag(source)
    published = open_clip.pretrained.get_pretrained_cfg(architecture, tag)
    model = open_clip.get_model_config(architecture) if published else None
    if model is None or not published.get("hf_hub"):
        raise UnknownModel(_unknown(source))
    if published.get("quick_gelu"):
        model["quick_gelu"] = True  # part of the weights, whichever spelling of the architecture was asked for
    preprocess = {key: published[key] for key in PREPROCESS if published.get(key) is not None}
    return {"model_cfg": model, "preprocess_cfg": preprocess}, published["hf_hub"]


def _unknown(source: str) -> str:
    names = near_matches(source)
    sentence = _("%(name)s is no model that open_clip knows.") % {"name": source}
    return sentence + (" " + _("Near matches: %(names)s.") % {"names": ", ".join(names)} if names else "")


def near_matches(name: str, limit: int = 5) -> list[str]:
    known = [f"{architecture}/{tag}" for architecture, tag in open_clip.list_pretrained()]
    architecture = name if name in open_clip.list_models() else split_tag(name)[0]
    if tags := [entry for entry in known if entry.rpartition("/")[0] == architecture]:
        return get_close_matches(name, tags, n=limit, cutoff=0) or tags[:limit]
    folded = {entry.lower(): entry for entry in known}
    return [folded[entry] for entry in get_close_matches(name.lower(), folded, n=limit, cutoff=0.4)]
