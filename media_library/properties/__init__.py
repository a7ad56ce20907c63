"""The filters that look at what an asset is: its colours, shape, size, format, camera, dates, metadata.

Each Property is one parameter, the same in page addresses, REST lists and REST bodies. Values are kept as text, as an
address holds them.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from dam.errors import InvalidRequest
from media_library.models import AssetQuerySet, Library
from media_library.properties import metadata, values
from media_library.properties.metadata import METADATA
from media_library.properties.table import PROPERTIES, RANGES, Property

__all__ = ["METADATA", "PROPERTIES", "Pairs", "Property", "apply", "is_property", "parse", "without"]

Pairs = tuple[tuple[str, str], ...]  # (parameter, value), in the order of PROPERTIES

MOST_VALUES = 500


def parse(params: Mapping[str, Any], library: Library) -> Pairs:
    """All properties among the parameters. Raises InvalidRequest that names the parameter and what is allowed."""
    pairs: list[tuple[str, str]] = []
    for item in PROPERTIES.values():
        found = [item.clean(text) for text in values.texts(params, item.name) if text != ""]
        if len(found) > MOST_VALUES:
            raise refused(_("%(name)s takes at most %(most)s values."), name=item.name, most=MOST_VALUES)
        pairs += [(item.name, value) for value in dict.fromkeys(found if item.repeatable else found[-1:])]
    check_ranges(dict(pairs))
    return (*pairs, *metadata.parse(params, library))


def check_ranges(found: Mapping[str, str]) -> None:
    for low, high, convert in RANGES:
        if low in found and high in found and convert(found[low]) > convert(found[high]):
            raise refused(_("%(low)s must not be more than %(high)s."), low=low, high=high)


def refused(sentence: str, **parts: object) -> InvalidRequest:
    return InvalidRequest(sentence % parts, code="bad_parameter")


def apply(assets: AssetQuerySet, library: Library, pairs: Pairs) -> AssetQuerySet:
    wanted = {name: [value for _name, value in group] for name, group in groupby(pairs, key=lambda pair: pair[0])}
    members = {name: given for name, given in wanted.items() if name.startswith(METADATA)}
    for condition in metadata.conditions(library, members):
        assets = assets.filter(condition)
    for name, given in wanted.items():
        if name not in members:
            assets = assets.filter(PROPERTIES[name].condition(library, given))
    return assets


def without(pairs: Pairs, names: frozenset[str]) -> Pairs:
    return tuple(pair for pair in pairs if pair[0] not in names)


def is_property(name: str) -> bool:
    return name in PROPERTIES or name.startswith(METADATA)
