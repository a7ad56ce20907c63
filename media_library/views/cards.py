"""What a card of the grid shows beside its asset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from media_library import findable
from media_library.filters import many, uuid_of
from media_library.models import Asset
from media_library.views.layout import with_columns
from media_library.views.place import Place
from media_library.views.request import PageRequest

AT_ONCE = 60
REASONS = {
    "name": _("The name has “%(label)s”"),
    "tag": _("It has the tag “%(label)s”"),
    "description": _("The description has “%(label)s”"),
    "metadata": _("The metadata field “%(label)s” has it"),
    "folder": _("It is in the folder “%(label)s”"),
}


class Reason(NamedTuple):
    """That something which was looked for stands there."""

    kind: str  # name, tag, description, metadata or folder
    label: str

    @property
    def sentence(self) -> str:
        return REASONS[self.kind] % {"label": self.label}


@dataclass(frozen=True)
class Card:
    asset: Asset
    indexed: bool
    editable: bool
    score: float | None = None
    failure: str = ""  # why it could not be indexed
    band: str = ""  # how good it is for the search, in words
    weak_from_here: bool = False
    reasons: tuple[Reason, ...] = ()  # why words have found it
    stack_url: str = ""  # what shows the look-alikes that are folded under it
    stack_size: int = 0  # how many those are

    @property
    def settled(self) -> bool:
        """Nothing more will happen to it by itself."""
        if self.asset.state == Asset.State.READY:
            return self.indexed or bool(self.failure) or not self.asset.visual_search
        return self.asset.state == Asset.State.FAILED

    @property
    def url(self) -> str:
        return self.asset.get_absolute_url()

    @property
    def thumb_url(self) -> str:
        return self.asset.thumb_url

    @property
    def ratio(self) -> int:
        """The picture's aspect ratio in hundredths, in steps of five, within what a card can have."""
        exact = 100 * self.asset.width / max(1, self.asset.height)
        return min(320, max(65, 5 * round(exact / 5)))

    @property
    def clipped(self) -> bool:
        """So narrow or so wide that the card's shape differs from the picture's."""
        return not 0.62 <= self.asset.width / max(1, self.asset.height) <= 3.3

    @property
    def public_alt(self) -> str:
        """As strangers may read it: a description is not meant for them."""
        return self.asset.alt_text or self.asset.display_name

    @property
    def alt(self) -> str:
        return self.asset.alt_text or self.asset.description[:200] or self.asset.display_name


def cards_for(place: Place, assets: Sequence[Asset]) -> list[Card]:
    """Cards in the order of the assets; one question to the index, however many there are."""
    indexed, failures = findable.index.standing(assets)
    return [
        Card(
            asset,
            indexed=asset.pk in indexed,
            editable=place.may_edit(asset),
            failure=failures.get(asset.pk, ""),
        )
        for asset in assets
    ]


@login_required
@require_safe
def cards(request: PageRequest, slug: str) -> HttpResponse:
    """Those of the asked-for cards that have changed since they were drawn as `seen`, to be put in their place."""
    place = Place.of(request, slug)
    seen = dict(pair.rsplit(":", 1) for pair in many(request.GET, "seen")[:AT_ONCE] if ":" in pair)
    ids = [uuid_of(text, "seen") for text in seen]
    assets = Asset.objects.visible_to(request.user).live().filter(library=place.library, pk__in=ids)
    fresh = cards_for(place, list(with_columns(request, assets)))
    changed = [card for card in fresh if card.settled or seen[str(card.asset.pk)] != card.asset.state]
    return render(request, "media_library/_changed_cards.html", {"place": place, "cards": changed})
