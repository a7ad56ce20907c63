"""Regions as pages show them: a box over a picture, and words."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from media_library.models import Asset
from media_library.views.cards import Card
from search.models import Region
from search.query import OBJECTS


@dataclass(frozen=True)
class Outline:
    """A region in pixels of the upright original, as an SVG of that size lays it over any rendition."""

    region: Region
    x: int
    y: int
    width: int
    height: int

    @classmethod
    def of(cls, region: Region, asset: Asset) -> "Outline":
        left, upper, right, lower = region.box.pixels(asset.width, asset.height)
        return cls(region, left, upper, right - left, lower - upper)

    @property
    def label(self) -> str:
        return self.region.label or _("Region")

    @property
    def percent(self) -> int | None:
        return None if self.region.confidence is None else round(100 * self.region.confidence)

    @property
    def similar(self) -> str:
        """The end of the address of what is like it."""
        return "?" + urlencode({"like": str(self.region.pk), "entity_type": OBJECTS})


@dataclass(frozen=True)
class ObjectCard(Card):
    """A region that was found."""

    box: Outline | None = None

    @property
    def outlines(self) -> list[Outline]:
        return [self.box] if self.box else []

    @property
    def sliced(self) -> bool:
        """Whether the card's picture is cut at its edges, and so has to be what lies over it."""
        return not self.clipped
