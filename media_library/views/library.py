"""The assets grid, and the way to it."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dam.errors import StrOrPromise
from media_library import properties
from media_library.chips import Params, address, filter_chips
from media_library.filters import AssetFilters
from media_library.models import Asset
from media_library.paging import page
from media_library.views.cards import cards_for
from media_library.views.filters import filters_url
from media_library.views.place import Place, libraries_of
from media_library.views.request import PageRequest

NEWEST = "-created_at"
SORTS: dict[str, StrOrPromise] = {
    NEWEST: _("Newest first"),
    "created_at": _("Oldest first"),
    "display_name": _("Name, A to Z"),
    "-display_name": _("Name, Z to A"),
    "-taken_at": _("Date taken"),
    "-bytes": _("Largest files"),
    "bytes": _("Smallest files"),
}
PLACES = {"folder", "recursive", "tags", "collection"}  # what a visual search keeps of the grid it starts from


@login_required
@require_safe
def home(request: PageRequest) -> HttpResponse:
    """The library last looked at, else the first."""
    slugs = [library.slug for library in libraries_of(request)]
    if not slugs:
        return render(request, "media_library/no_library.html")
    last = request.COOKIES.get("library", "")
    return redirect("library", slug=last if last in slugs else slugs[0])


@login_required
@require_safe
@vary_on_headers("HX-Request")
def library(request: PageRequest, slug: str) -> HttpResponse:
    """The grid; asked for by htmx, only the next cards."""
    place = Place.of(request, slug)
    filters = AssetFilters.from_params(place.library, request.GET)
    assets = filters.apply(Asset.objects.visible_to(request.user).live().filter(library=place.library), request.user)
    sort = request.GET.get("sort") or NEWEST
    shown = page(assets, sort=sort, cursor=request.GET.get("cursor", ""))
    params = filters.params() + ([("sort", sort)] if sort != NEWEST else [])
    context = {"place": place, "cards": cards_for(place, shown.items)}
    if shown.next_cursor:
        context["more_url"] = address(request.path, [*params, ("cursor", shown.next_cursor)])
    if request.htmx:
        return render(request, "media_library/_page.html", context)
    context |= grid_context(request, filters, params, sort) | {"total": assets.count()}
    response = render(request, "media_library/library.html", context)
    response.set_cookie("library", slug, max_age=31536000, samesite="Lax", httponly=True)
    return response


def grid_context(
    request: PageRequest,
    filters: AssetFilters,
    params: Params,
    sort: str,
    sorts: Mapping[str, StrOrPromise] = SORTS,
    default: str = NEWEST,
) -> dict[str, Any]:
    """What stands around the cards: chips, breadcrumbs, the ways to sort, of which `default` need not be said."""
    narrowed = filters.params()
    return {
        "filters": filters,
        "takes_uploads": sort == NEWEST and not (filters.keywords or filters.tags or filters.properties),
        "filters_url": filters_url(request.path, params),
        "filter_count": len(filters.properties),
        "chips": filter_chips(filters, request.path, params),
        "crumbs": filters.folder.ancestors() if filters.folder else [],
        "sort": sorts.get(sort, sort),
        "sorts": [
            (address(request.path, narrowed + ([("sort", name)] if name != default else [])), label, name == sort)
            for name, label in sorts.items()
        ],
        "kept": [pair for pair in params if pair[0] != "q"],
        "carried": carried(narrowed),
        "narrowed": carried(narrowed),
    }


def carried(params: Params) -> list[tuple[str, str]]:
    return [pair for pair in params if pair[0] in PLACES or properties.is_property(pair[0])]
