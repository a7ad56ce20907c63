"""A visual query as chips: text, example pictures, filters, each with the link that takes it away."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from media_library.chips import Chip, Params, address, filter_chips
from media_library.models import Asset, User
from search.models import QueryAnchor, Region
from search.query import IMAGES, OBJECTS, Query


def query_chips(query: Query, user: User, path: str, others: Params) -> list[Chip]:
    """`others` are the parameters that the page has beside the query's."""

    def left(**parts: object) -> str:
        return address(path, [*query.changed(**parts).params(), *others])

    chips = [Chip("text", query.text, left(text=""))] if query.text else []
    chips += [Chip("not", text, left(not_text=all_but(query.not_text, text))) for text in query.not_text]
    assets = Asset.objects.visible_to(user).filter(library=query.library).in_bulk([*query.like, *query.unlike])
    others_than_assets = {*query.like, *query.unlike} - assets.keys()
    regions = Region.objects.visible_to(user).filter(pk__in=others_than_assets).select_related("asset").in_bulk()
    for kind, name, ids in (("image", "like", query.like), ("not", "unlike", query.unlike)):
        for pk in ids:
            if pk in assets or pk in regions:
                asset = assets[pk] if pk in assets else regions[pk].asset
                label = asset.display_name if pk in assets else regions[pk].label or _("Region")
                thumb = asset.thumb_url
                chips.append(Chip(kind, label, left(**{name: all_but(ids, pk)}), thumb))
    anchors = QueryAnchor.objects.visible_to(user).filter(library=query.library).defer("vector").in_bulk(query.anchors)
    for pk in query.anchors:
        if pk in anchors:
            thumb = reverse("api:anchor-thumb", args=[pk])
            label = anchors[pk].name or _("Your image")
            chips.append(Chip("image", label, left(anchors=all_but(query.anchors, pk)), thumb))
    if query.entity_type == OBJECTS:
        chips.append(Chip("objects", _("Objects"), left(entity_type=IMAGES)))
    chips += [Chip("label", label, left(labels=all_but(query.labels, label))) for label in query.labels]
    return chips + filter_chips(query.filters, path, [*query.params(), *others])


def all_but(items: tuple[Any, ...], item: object) -> tuple[Any, ...]:
    """Without the first that equals `item`."""
    at = items.index(item)
    return items[:at] + items[at + 1 :]
