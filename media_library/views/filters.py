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
from media_library.models import MetadataField
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


@dataclass(frozen=True)
class Range:
    """A field of numbers or dates: at least, at most, as the form has them."""

    title: str
    kind: str  # of the inputs: number or date
    low: str
    high: str
    at_least: str
    at_most: str


@login_required
@require_safe
@vary_on_headers("HX-Request")
def filter_panel(request: PageRequest, slug: str) -> HttpResponse:
    """The filters of the grid; asked for by htmx, only the panel."""
    place = Place.of(request, slug)
    filters = AssetFilters.from_params(place.library, request.GET, request.user, place.tree)
    counts = facets.count(filters, facets.of_library(request.user))
    sort = [("sort", request.GET["sort"])] if request.GET.get("sort") else []
    return panel(request, place, filters, counts, reverse("library", args=[slug]), filters.params() + sort)


def panel(
    request: PageRequest, place: Place, filters: AssetFilters, counts: Counts, path: str, params: Params
) -> HttpResponse:
    """`path` and `params` are the page that is narrowed; parameters that the form does not show are kept."""
    groups = groups_of(filters, counts) + choices_of(filters, counts)
    set_now = dict(filters.properties)
    ranges = [range_of(field, set_now) for field in counts.fields if field.type in MetadataField.RANGED]
    shown = {option.name for group in groups for option in group.options} | {*DATES, *NUMBERS}
    shown |= {name for each in ranges for name in (each.low, each.high)}
    context: dict[str, Any] = {
        "place": place,
        "total": counts.total,
        "groups": groups,
        "ranges": ranges,
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


def choices_of(filters: AssetFilters, counts: Counts) -> list[Group]:
    """A group for each field whose choices occur or are chosen."""
    found = []
    for field in counts.fields:
        if not field.has_choices:
            continue
        name = properties.METADATA + field.external_id
        chosen = [value for key, value in filters.properties if key == name]
        counted = [(choice.external_id, choice.value, number) for choice, number in counts.choices[field.external_id]]
        for value in set(chosen) - {value for value, _label, _number in counted}:
            counted.append((value, label(name, value, filters.library).partition(": ")[2], 0))
        if counted:
            options = [Option(name, value, text, number, value in chosen) for value, text, number in counted]
            found.append(Group(field.label, options))
    return found


def range_of(field: MetadataField, set_now: dict[str, str]) -> Range:
    low, high = (f"{properties.METADATA}{field.external_id}.{end}" for end in ("min", "max"))
    kind = "date" if field.type == MetadataField.Type.DATE else "number"
    return Range(field.label, kind, low, high, set_now.get(low, ""), set_now.get(high, ""))


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
