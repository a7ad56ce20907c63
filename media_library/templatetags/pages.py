"""Small things that templates cannot say by themselves."""

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from media_library.views.cards import Card

register = template.Library()

PALETTE_WIDTH = 100


@register.simple_tag
@lru_cache
def icon(name: str) -> SafeString:
    """A symbol of the sprite that base.html holds; decorative, the words stand beside it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


# The actions of one asset. A page has fifty of these menus, and as a template they took half of its time.


@register.simple_tag
def actions(card: "Card", search_url: str) -> SafeString:
    """The menu that the script shows as context menu; without a script it opens by itself."""
    asset = card.asset
    items = [(card.url, "", "open", _("Open"), "")]
    if asset.state == "ready":
        similar = f"{search_url}?like={asset.pk}"
        items.append((similar, "", "similar", _("Find Similar Image"), mark_safe(" data-similar")))
    items.append((card.file_url, "", "download", _("Download"), mark_safe(" download")))
    if card.editable:
        items.append((card.delete_url, " menu-item-danger", "trash", _("Delete"), mark_safe(" data-delete")))
    entries = format_html_join(
        "",
        '<li><a class="menu-item{}" href="{}"{}>{}{}</a></li>',
        ((danger, url, marks, icon(symbol), label) for url, danger, symbol, label, marks in items),
    )
    return format_html('<div class="menu-panel"><ul>{}</ul></div>', entries)


@register.simple_tag
def card_tools(card: "Card", search_url: str) -> SafeString:
    """What a card offers on hover and focus: find similar, and the menu of its actions."""
    asset, similar = card.asset, ""
    if asset.state == "ready":
        similar = format_html(
            '<a class="tool" href="{}?like={}" tabindex="-1" aria-hidden="true" title="{}">{}</a>',
            search_url, asset.pk, _("Find similar image"), icon("similar"),
        )  # fmt: skip
    return format_html(
        '<div class="card-tools">{}<details class="menu" data-actions>'
        '<summary class="tool" aria-label="{}">{}</summary>{}</details></div>',
        similar, _("Actions for %(name)s") % {"name": asset.display_name}, icon("dots"), actions(card, search_url),
    )  # fmt: skip


@register.filter
def grouped(number: int) -> str:
    """4000 -> 4,000: the thin separators that figures in sentences have."""
    return f"{number:,}"


@register.filter
def query(params: list[tuple[str, str]]) -> str:
    """Parameters as the end of an address, `?` included."""
    return f"?{urlencode(params)}" if params else ""


@register.filter
def megapixels(asset: object) -> str:
    pixels = getattr(asset, "width", 0) * getattr(asset, "height", 0) / 1_000_000
    return _("%(number)s MP") % {"number": f"{pixels:.1f}"} if pixels >= 0.1 else ""


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
