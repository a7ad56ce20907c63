"""A visual query as chips: text, example pictures, filters, each with the link that takes it away.

Parts that others stand beside have weights to choose from, and pictures the way to a part of them.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dam.errors import StrOrPromise
from media_library.chips import Chip, Params, Weight, address, filter_chips
from media_library.models import Asset, User
from search.composition import UNWANTED
from search.models import QueryAnchor, Region
from search.query import IMAGES, OBJECTS, Query

# How many times the ordinary weight.
FACTORS: dict[float, StrOrPromise] = {
    0.25: gettext_lazy("Much less"),
    0.5: gettext_lazy("Less"),
    1: gettext_lazy("Normal"),
    2: gettext_lazy("More"),
    4: gettext_lazy("Much more"),
}

To = Callable[[Query], str]


def query_chips(query: Query, user: User, path: str, others: Params) -> list[Chip]:
    """`others` are the parameters that the page has beside the query's."""

    def to(other: Query) -> str:
        return address(path, [*other.params(), *others])

    chips = [Chip("text", query.text, to(query.changed(text="")), **weighing(query, "text", to))] if query.text else []
    chips += [
        Chip("not", text, to(query.changed(not_text=all_but(query.not_text, text))), **weighing(query, "not_text", to))
        for text in query.not_text
    ]
    chips += picture_chips(query, user, to)
    if query.entity_type == OBJECTS:
        chips.append(Chip("objects", _("Objects"), to(query.changed(entity_type=IMAGES))))
    chips += [Chip("label", label, to(query.changed(labels=all_but(query.labels, label)))) for label in query.labels]
    return chips + filter_chips(query.filters, path, [*query.changed().params(), *others])


def picture_chips(query: Query, user: User, to: To) -> list[Chip]:
    chips = []
    named = [*query.like, *query.unlike, *([query.stack] if query.stack else [])]
    assets = Asset.objects.visible_to(user).filter(library=query.library).in_bulk(named)
    others_than_assets = {*query.like, *query.unlike} - assets.keys()
    regions = Region.objects.visible_to(user).filter(pk__in=others_than_assets).select_related("asset").in_bulk()
    for kind, name, ids in (("image", "like", query.like), ("not", "unlike", query.unlike)):
        for pk in ids:
            if pk in assets or pk in regions:
                asset = assets[pk] if pk in assets else regions[pk].asset
                label = asset.display_name if pk in assets else regions[pk].label or _("Region")
                left = to(query.changed(**{name: all_but(ids, pk)}))
                more = weighing(query, str(pk), to, unwanted=name == "unlike")
                more |= {"part_url": part_url(query, pk)} if name == "like" and pk in assets else {}
                chips.append(Chip(kind, label, left, asset.thumb_url, **more))
    anchors = QueryAnchor.objects.visible_to(user).filter(library=query.library).defer("vector").in_bulk(query.anchors)
    for pk in query.anchors:
        if pk in anchors:
            left, label = to(query.changed(anchors=all_but(query.anchors, pk))), anchors[pk].name or _("Your image")
            more = weighing(query, str(pk), to) | {"part_url": part_url(query, pk)}
            kind = "part" if anchors[pk].box else "image"
            chips.append(Chip(kind, label, left, reverse("api:anchor-thumb", args=[pk]), **more))
    if query.stack and query.stack in assets:
        label = _("Look-alikes of “%(name)s”") % {"name": assets[query.stack].display_name}
        chips.append(Chip("stack", label, to(query.changed())))
    return chips


def part_url(query: Query, picture: UUID) -> str:
    return address(reverse("search-part", args=[query.library.slug, picture]), query.changed().params())


def weighing(query: Query, part: str, to: To, *, unwanted: bool = False) -> dict[str, Any]:
    """The weights that a part can have, and how many times the ordinary one it has; nothing where it stands alone."""
    if len(query.parts()) < 2:
        return {}
    ordinary = UNWANTED if unwanted or part == "not_text" else 1.0
    factor = query.weights.get(part, ordinary) / ordinary
    factors = FACTORS if factor in FACTORS else {factor: _("As it is"), **FACTORS}
    weights = [
        Weight(label, times(each), to(query.weighed(part, None if each == 1 else each * ordinary)), each == factor)
        for each, label in sorted(factors.items())
    ]
    return {"weights": weights, "factor": "" if factor == 1 else times(factor)}


def times(factor: float) -> str:
    return f"{factor:.3g} ×"  # noqa: RUF001


def all_but(items: tuple[Any, ...], item: object) -> tuple[Any, ...]:
    """Without the first that equals `item`."""
    at = items.index(item)
    return items[:at] + items[at + 1 :]
