"""What a property's values ask of the database."""

import json
import math
from collections.abc import Callable
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q, QuerySet

from media_library import facts, issues
from media_library.models import Asset, Library, Tag
from media_library.models.tag import TagQuerySet

Condition = Callable[[Library, list[str]], Q]


def has_colors(library: Library, values: list[str]) -> Q:
    return reduce(and_, map(has_color, values))


def has_color(value: str) -> Q:
    """A tenth of the picture, which the index knows, or the share that is asked for."""
    name, _colon, share = value.partition(":")
    counts = Q(traits__contains=[f"color:{name}"])
    if not share:
        return counts
    enough = Q((f"facts__colors__{name}__gte", float(share)))
    return counts & enough if float(share) >= facts.COLOR_FROM else enough


def has_issue(library: Library, values: list[str]) -> Q:
    return reduce(or_, (issues.KINDS[name].condition() for name in values))


def has_any_tag(library: Library, values: list[str]) -> Q:
    return Q(pk__in=tagged(Tag.objects.filter(library=library).named(values)))


def tagged(tags: TagQuerySet) -> QuerySet:
    """Ids of the assets that have one of these tags."""
    return Asset.tags.through.objects.filter(tag__in=tags).values("asset_id")


def any_trait(kind: str) -> Condition:
    return lambda library, values: Q(traits__overlap=[f"{kind}:{value}" for value in values])


def trait(name: str) -> Condition:
    has = Q(traits__contains=[name])
    return lambda library, values: has if values[0] == "true" else ~has & Q(traits__isnull=False)


def compared(lookup: str, convert: Callable[[str], Any] = int) -> Condition:
    return lambda library, values: Q((lookup, convert(values[0])))


def within(field: str) -> Condition:
    return lambda library, values: Q((f"{field}__in", values))


def has_metadata(field: str, text: str) -> Q:
    """The member of the metadata is this text, or the number or truth value that the text reads as."""
    found = Q(metadata__contains={field: text})
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return found
    if isinstance(value, str | list | dict) or (isinstance(value, float) and not math.isfinite(value)):
        return found
    return found | Q(metadata__contains={field: value})
