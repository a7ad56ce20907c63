"""The filter panel: what a page can be narrowed by, with counts. A form that works without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dam.errors import StrOrPromise
from media_library import facets, properties
from media_library.chips import Params, address
from media_library.facets import Counts
from media_library.filters import AssetFilters
from media_library.properties.labels import label
from media_library.views.place import Place
from media_library.views.request import PageRequest

DATES = ("taken_after", "taken_before")
NUMBERS = ("min_width", "min_height")


@dataclass(frozen=True)
class Option:
    name: str
    value: str
    label: str
    count: int
    checked: bool
    swatch: str = ""  # the name of its colour


@dataclass(frozen=True)
class Group:
    title: StrOrPromise
    options: list[Option]


@login_required
@require_safe
@vary_on_headers("HX-Request")
def filter_panel(request: PageRequest, slug: str) -> HttpResponse:
    """The filters of the grid; asked for by htmx, only the panel."""
    place = Place.of(request, slug)
    filters = AssetFilters.from_params(place.library, request.GET)
    counts = facets.count(filters, facets.of_library(request.user))
    sort = [("sort", request.GET["sort"])] if request.GET.get("sort") else []
    return panel(request, place, filters, counts, reverse("library", args=[slug]), filters.params() + sort)


def panel(
    request: PageRequest, place: Place, filters: AssetFilters, counts: Counts, path: str, params: Params
) -> HttpResponse:
    """`path` and `params` are the page that is narrowed; parameters that the form does not show are kept."""
    groups = groups_of(filters, counts)
    set_now = dict(filters.properties)
    shown = {option.name for group in groups for option in group.options} | {*DATES, *NUMBERS}
    context: dict[str, Any] = {
        "place": place,
        "total": counts.total,
        "groups": groups,
        "years": years(counts, path, params),
        "values": {name: set_now.get(name, "") for name in (*DATES, *NUMBERS)},
        "action": path,
        "kept": [pair for pair in params if pair[0] not in shown],
        "clear_url": address(path, [pair for pair in params if not properties.is_property(pair[0])]),
        "narrowed_now": bool(filters.properties),
    }
    template = "media_library/_filters.html" if request.htmx else "media_library/filters.html"
    return render(request, template, context)


def groups_of(filters: AssetFilters, counts: Counts) -> list[Group]:
    groups = [
        Group(_("Colours"), options("colors", filters, counts)),
        Group(_("Orientation"), options("orientation", filters, counts)),
        Group(_("Size"), options("size", filters, counts)),
        Group(_("Look"), [*options("grey", filters, counts), *options("transparent", filters, counts)]),
        Group(_("Issues"), options("issues", filters, counts)),
        Group(_("Format"), options("formats", filters, counts)),
        Group(_("Camera"), options("camera", filters, counts)),
    ]
    return [group for group in groups if group.options]


def options(name: str, filters: AssetFilters, counts: Counts) -> list[Option]:
    """Values that occur, and those that are chosen."""
    chosen = {value.partition(":")[0]: value for key, value in filters.properties if key == name}
    if name == "camera":
        chosen = {value: value for key, value in filters.properties if key == name}
    counted = dict(counts.of[name])
    counted |= {value: 0 for value in chosen if value not in counted}
    return [
        Option(
            name,
            chosen.get(value, value),
            label(name, chosen.get(value, value), filters.library),
            number,
            value in chosen,
            swatch=value if name == "colors" else "",
        )
        for value, number in counted.items()
        if number or value in chosen
    ]


def years(counts: Counts, path: str, params: Params) -> list[tuple[str, str, int]]:
    """(address, year, count) of each year in which pictures were taken."""
    others = [pair for pair in params if pair[0] not in DATES]
    return [
        (address(path, [*others, ("taken_after", f"{year}-01-01"), ("taken_before", f"{year}-12-31")]), year, number)
        for year, number in counts.of["taken"]
    ]


def filters_url(path: str, params: Sequence[tuple[str, str]]) -> str:
    """Where the panel of a page is found."""
    return address(f"{path}filters/", params)
