"""Small things that templates cannot say by themselves."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django import template
from django.forms import BoundField
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext_lazy
from django.utils.translation import gettext as _

from media_library.figures import grouped
from media_library.models import Asset

if TYPE_CHECKING:
    from media_library.views.cards import Card
    from media_library.views.place import Place

register = template.Library()
register.filter("grouped", grouped)

PALETTE_WIDTH = 100


@register.simple_tag
@lru_cache
def icon(name: str) -> SafeString:
    """A symbol of the sprite that base.html holds; decorative, the words stand beside it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


# The menu of one asset. A page has fifty of them that differ by the asset's id and name only; as a template, or made
# anew for each, they took half of its time.

_ID, _NAME = str(UUID(int=0)), "{name}"


@register.simple_tag
def actions(card: "Card", place: "Place") -> SafeString:
    """The menu that the script shows as context menu; without a script it opens by itself."""
    return _of_asset(_actions, card, place)


@register.simple_tag
def card_tools(card: "Card", place: "Place") -> SafeString:
    """What a card offers on hover and focus: to be selected, find similar, and the menu of its actions."""
    return _of_asset(_card_tools, card, place)


class Kind(NamedTuple):
    """What menus differ by beside their asset."""

    slug: str
    ready: bool
    editable: bool
    deleted: bool
    collects: bool  # whether the caller may put it into collections
    collection: UUID | None  # the one that is shown, if the caller may take it out
    refined: str  # parameters of the search that it can be added to, wanted or not
    language: str | None


def _of_asset(pattern: Callable[[Kind], str], card: "Card", place: "Place") -> SafeString:
    asset, shown = card.asset, place.collection
    collection = shown.pk if shown and shown.is_manual and place.may_change(shown) else None
    refined = "" if asset.pk in place.examples else place.refined
    kind = (asset.state == "ready", card.editable, asset.deleted_at is not None, place.collects, collection, refined)
    html = pattern(Kind(place.library.slug, *kind, get_language()))
    # Both are safe: an id is hexadecimal, the name is escaped and put in last.
    return mark_safe(html.replace(_ID, str(card.asset.pk)).replace(_NAME, escape(card.asset.display_name)))  # noqa: S308


@lru_cache
def _actions(kind: Kind) -> SafeString:
    asset = Asset(pk=UUID(_ID))
    items = [(asset.get_absolute_url(), "", "open", _("Open"), "")]
    if kind.ready and not kind.deleted:
        similar = f"{reverse('search', args=[kind.slug])}?like={_ID}"
        items.append((similar, "", "similar", _("Find Similar Image"), mark_safe(" data-similar")))
        part = reverse("search-part", args=[kind.slug, _ID])
        items.append((part, "", "crop", _("Find similar to a part…"), mark_safe(" data-part data-asks")))
        if kind.refined:
            more = f"{reverse('search', args=[kind.slug])}?{kind.refined}"
            items.append((f"{more}&like={_ID}", "", "plus", _("More like this"), mark_safe(" data-more")))
            items.append((f"{more}&unlike={_ID}", "", "minus", _("Less like this"), mark_safe(" data-less")))
    items.append((asset.address("api:asset-file"), "", "download", _("Download"), mark_safe(" download")))
    asks, bulk_url = mark_safe(" data-asks"), reverse("bulk", args=[kind.slug])
    if kind.collects and not kind.deleted:
        items.append((f"{bulk_url}?action=collect&assets={_ID}", "", "collection", _("Add to collection…"), asks))
    if kind.collection:
        out_url = f"{reverse('collection-remove', args=[kind.slug, kind.collection])}?assets={_ID}"
        items.append((out_url, "", "minus", _("Remove from this collection"), asks))
    if kind.editable and not kind.deleted:
        items.append((f"{bulk_url}?action=move&assets={_ID}", "", "folder", _("Move to folder…"), asks))
        if kind.ready:
            items.append((asset.address("asset-share"), "", "link", _("Share…"), asks))
        delete_url = asset.address("asset-delete")
        items.append((delete_url, " menu-item-danger", "trash", _("Delete"), mark_safe(" data-delete")))
    entries = format_html_join(
        "",
        '<li><a class="menu-item{}" href="{}"{}>{}{}</a></li>',
        ((danger, url, marks, icon(symbol), label) for url, danger, symbol, label, marks in items),
    )
    return format_html('<div class="menu-panel"><ul>{}</ul></div>', entries)


@lru_cache
def _card_tools(kind: Kind) -> SafeString:
    similar = ""
    if kind.ready and not kind.deleted:
        similar = format_html(
            '<a class="tool" href="{}?like={}" tabindex="-1" aria-hidden="true" title="{}">{}</a>',
            reverse("search", args=[kind.slug]), _ID, _("Find similar image"), icon("similar"),
        )  # fmt: skip
    return format_html(
        '<label class="card-check"><input type="checkbox" name="assets" value="{}" form="selection" data-check>'
        '<span class="visually-hidden">{}</span></label>'
        '<div class="card-tools">{}<details class="menu" data-actions>'
        '<summary class="tool" aria-label="{}">{}</summary>{}</details></div>',
        _ID,
        _("Select %(name)s") % {"name": _NAME},
        similar,
        _("Actions for %(name)s") % {"name": _NAME},
        icon("dots"),
        _actions(kind),
    )


@register.filter
def tagged(tags: str, name: str) -> str:
    """What stands after `name:` among the tags of a message."""
    return next((tag.partition(":")[2] for tag in tags.split() if tag.startswith(f"{name}:")), "")


@register.filter
def query(params: list[tuple[str, str]]) -> str:
    """Parameters as the end of an address, `?` included."""
    return f"?{urlencode(params)}" if params else ""


@register.filter
def time_left(seconds: float) -> str:
    """Roughly, as people say it."""
    number = max(1, round(seconds))
    sentence = ngettext_lazy("%(number)s second left", "%(number)s seconds left", "number")
    if seconds >= 90:
        number = round(seconds / 60)
        sentence = ngettext_lazy("%(number)s minute left", "%(number)s minutes left", "number")
    if seconds >= 5400:
        number = round(seconds / 3600)
        sentence = ngettext_lazy("%(number)s hour left", "%(number)s hours left", "number")
    return str(sentence % {"number": number})


@register.filter
def megapixels(asset: object) -> str:
    pixels = getattr(asset, "width", 0) * getattr(asset, "height", 0) / 1_000_000
    return _("%(number)s MP") % {"number": f"{pixels:.1f}"} if pixels >= 0.1 else ""


@register.filter
def clock(seconds: object) -> str:
    """1:05, or 1:00:05 of what takes hours."""
    minutes, rest = divmod(round(seconds) if isinstance(seconds, int | float) else 0, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def joined(value: object) -> str:
    """A value of the metadata in words."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return ", ".join(map(joined, value)) if isinstance(value, list | tuple) else str(value)


@register.filter
def shown_value(field: BoundField) -> str:
    """What a field of a form holds, in words: of choices, their labels."""
    value = field.value()
    if value in (None, "", []):
        return ""
    chosen = {str(getattr(each, "pk", each)) for each in (value if isinstance(value, list | tuple) else [value])}
    choices = getattr(field.field, "choices", None)
    if choices is None:
        return joined(field.field.prepare_value(value))
    flat = [pair for key, label in choices for pair in (label if isinstance(label, list | tuple) else [(key, label)])]
    return ", ".join(str(label).strip() for key, label in flat if str(key) in chosen)


@register.filter
def swatches(colors: list[tuple[str, float]]) -> list[dict[str, object]]:
    """Dominant colours as bars of an SVG that is 100 wide."""
    total = sum(share for _color, share in colors) or 1
    bars, left = [], 0.0
    for color, share in colors:
        width = PALETTE_WIDTH * share / total
        bars.append({"color": color, "x": round(left, 2), "width": round(width + 0.3, 2)})
        left += width
    return bars
