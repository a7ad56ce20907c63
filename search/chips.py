"""A visual query as chips: text, example pictures, filters, each with the link that takes it away."""

from django.urls import reverse
from django.utils.translation import gettext as _

from media_library.chips import Chip, Params, filter_chips, without
from media_library.models import Asset, User
from search.models import QueryAnchor
from search.queries import Query


def query_chips(query: Query, user: User, path: str, params: Params) -> list[Chip]:
    """`params` are those of the whole page."""
    chips = [Chip("text", query.text, without(path, params, ("text", query.text)))] if query.text else []
    assets = Asset.objects.visible_to(user).filter(library=query.library).in_bulk(query.like)
    for pk in query.like:
        if pk in assets:
            remove = without(path, params, ("like", str(pk)))
            thumb = reverse("api:asset-thumb", args=[pk])
            chips.append(Chip("image", assets[pk].display_name, remove, thumb))
    anchors = QueryAnchor.objects.visible_to(user).filter(library=query.library).defer("vector").in_bulk(query.anchors)
    for pk in query.anchors:
        if pk in anchors:
            remove = without(path, params, ("anchor", str(pk)))
            thumb = reverse("api:anchor-thumb", args=[pk])
            chips.append(Chip("image", anchors[pk].name or _("Your image"), remove, thumb))
    return chips + filter_chips(query.filters, path, params)
