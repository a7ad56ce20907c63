"""Pictures that may have something wrong with them, by kind."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from media_library import facets
from media_library.chips import address
from media_library.filters import AssetFilters
from media_library.issues import KINDS, Issue
from media_library.models import Asset
from media_library.views.cards import Card, cards_for
from media_library.views.place import Place
from media_library.views.request import PageRequest

STRIP = 6


@dataclass(frozen=True)
class Section:
    issue: Issue
    count: int
    url: str
    cards: list[Card]


@login_required
@require_safe
def issues(request: PageRequest, slug: str) -> HttpResponse:
    """Each kind with its count, the newest few, and the way to all of them."""
    place = Place.of(request, slug)
    filters = AssetFilters(place.library)
    counts = dict(facets.count(filters, facets.of_library(request.user)).of["issues"])
    library = reverse("library", args=[slug])
    sections = [
        Section(
            issue,
            counts.get(issue.name, 0),
            address(library, [("issues", issue.name)]),
            newest(place, issue) if counts.get(issue.name) else [],
        )
        for issue in KINDS.values()
    ]
    return render(request, "media_library/issues.html", {"place": place, "sections": sections})


def newest(place: Place, issue: Issue) -> list[Card]:
    assets = Asset.objects.visible_to(place.request.user).live().filter(library=place.library)
    return cards_for(place, list(assets.filter(issue.condition()).order_by("-created_at", "id")[:STRIP]))
