"""What narrows a page, as chips: each with the link that takes it away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from dam.errors import StrOrPromise
from media_library.filters import AssetFilters
from media_library.models import Asset
from media_library.properties import is_property
from media_library.properties.labels import label as label_of

Params = Sequence[tuple[str, str]]


class Weight(NamedTuple):
    """How much a part of a search can count."""

    label: StrOrPromise
    factor: str  # how many times the ordinary weight
    url: str
    current: bool


@dataclass(frozen=True)
class Chip:
    kind: str  # words, folder, tag, collection, state, property; the search app adds text, image, part, not (wanted), …
    label: str
    remove_url: str
    thumb_url: str = ""
    weights: Sequence[Weight] = ()
    factor: str = ""  # the current one's, if it is not the ordinary weight
    part_url: str = ""  # where a part of the picture is chosen


def address(path: str, params: Params) -> str:
    return f"{path}?{urlencode(params)}" if params else path


def without(path: str, params: Params, pair: tuple[str, str]) -> str:
    """The address with the first occurrence of this pair left out."""
    left = list(params)
    left.remove(pair)
    if pair[0] == "folder":
        left = [(name, value) for name, value in left if name != "recursive"]
    return address(path, left)


def filter_chips(filters: AssetFilters, path: str, params: Params) -> list[Chip]:
    """One chip for each filter; `params` are those of the whole page."""
    chips = []
    for pair in filters.params():
        name, value = pair
        if name == "q":
            chips.append(Chip("words", value, without(path, params, pair)))
        elif name == "folder" and filters.folder:
            chips.append(Chip("folder", filters.folder.name, without(path, params, pair)))
        elif name == "tags":
            chips.append(Chip("tag", value, without(path, params, pair)))
        elif name == "collection" and filters.collection:
            chips.append(Chip("collection", filters.collection.name, without(path, params, pair)))
        elif name == "state":
            label = _("State: %(state)s") % {"state": Asset.State(value).label}
            chips.append(Chip("state", label, without(path, params, pair)))
        elif is_property(name):
            chips.append(Chip("property", label_of(name, value, filters.library), without(path, params, pair)))
    return chips
