"""The regions of an asset, for its page."""

from django import template

from media_library.models import Asset
from search.outlines import Outline

register = template.Library()


@register.simple_tag
def outlines_of(asset: Asset) -> list[Outline]:
    """One query."""
    return [Outline.of(region, asset) for region in asset.regions.all()]
