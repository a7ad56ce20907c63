"""A visual query as chips: text, example pictures, filters, each with the link that takes it away."""

from django.urls import reverse
from django.utils.translation import gettext as _

from media_library.chips import Chip, Params, filter_chips, without
from media_library.models import Asset, User
from search.models import QueryAnchor
from search.query import Query


def query_chips(query: Query, user: User, path: str, params: Params) -> list[Chip]:
    """`params` are those of the whole page."""

    def left_out(name: str, value: str) -> str:
        """The address without this part and, if it was the last that its weight was for, without the weight."""
        part = value if name in {"like", "unlike", "anchor"} else name
        several = [pair for pair in params if pair[0] == name or pair[1] == value]
        kept = [pair for pair in params if len(several) > 1 or not pair[1].startswith(f"{part}:")]
        return without(path, kept, (name, value))

    chips = [Chip("text", query.text, left_out("text", query.text))] if query.text else []
    chips += [Chip("not", text, left_out("not_text", text)) for text in query.not_text]
    assets = Asset.objects.visible_to(user).filter(library=query.library).in_bulk([*query.like, *query.unlike])
    for kind, name, ids in (("image", "like", query.like), ("not", "unlike", query.unlike)):
        for pk in ids:
            if pk in assets:
                thumb = assets[pk].address("api:asset-thumb")
                chips.append(Chip(kind, assets[pk].display_name, left_out(name, str(pk)), thumb))
    anchors = QueryAnchor.objects.visible_to(user).filter(library=query.library).defer("vector").in_bulk(query.anchors)
    for pk in query.anchors:
        if pk in anchors:
            thumb = reverse("api:anchor-thumb", args=[pk])
            chips.append(Chip("image", anchors[pk].name or _("Your image"), left_out("anchor", str(pk)), thumb))
    return chips + filter_chips(query.filters, path, params)
