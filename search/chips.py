"""A visual query as chips: text, example pictures, filters, each with the link that takes it away."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from media_library.chips import Chip, Params, address, filter_chips
from media_library.models import Asset, User
from search.models import QueryAnchor
from search.query import Query


def query_chips(query: Query, user: User, path: str, others: Params) -> list[Chip]:
    """`others` are the parameters that the page has beside the query's."""

    def left(**parts: object) -> str:
        return address(path, [*query.changed(**parts).params(), *others])

    chips = [Chip("text", query.text, left(text=""))] if query.text else []
    chips += [Chip("not", text, left(not_text=all_but(query.not_text, text))) for text in query.not_text]
    assets = Asset.objects.visible_to(user).filter(library=query.library).in_bulk([*query.like, *query.unlike])
    for kind, name, ids in (("image", "like", query.like), ("not", "unlike", query.unlike)):
        for pk in ids:
            if pk in assets:
                thumb = assets[pk].address("api:asset-thumb")
                chips.append(Chip(kind, assets[pk].display_name, left(**{name: all_but(ids, pk)}), thumb))
    anchors = QueryAnchor.objects.visible_to(user).filter(library=query.library).defer("vector").in_bulk(query.anchors)
    for pk in query.anchors:
        if pk in anchors:
            thumb = reverse("api:anchor-thumb", args=[pk])
            label = anchors[pk].name or _("Your image")
            chips.append(Chip("image", label, left(anchors=all_but(query.anchors, pk)), thumb))
    return chips + filter_chips(query.filters, path, [*query.params(), *others])


def all_but(items: tuple[Any, ...], item: object) -> tuple[Any, ...]:
    """Without the first that equals `item`."""
    at = items.index(item)
    return items[:at] + items[at + 1 :]
