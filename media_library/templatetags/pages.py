"""Small things that templates cannot say by themselves."""

from functools import lru_cache
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

PALETTE_WIDTH = 100


@register.simple_tag
@lru_cache
def icon(name: str) -> SafeString:
    """A symbol of the sprite that base.html holds; decorative, the words stand beside it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


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
