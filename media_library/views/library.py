"""The assets grid, and the way to it."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dam.errors import StrOrPromise
from media_library import audit, properties, ranked
from media_library.chips import Params, address, filter_chips
from media_library.filters import AssetFilters
from media_library.models import Asset
from media_library.paging import DEFAULT_LIMIT, Page, page, total
from media_library.views.cards import cards_for
from media_library.views.filters import filters_url
from media_library.views.layout import with_columns
from media_library.views.orders import BEST_MATCH, NEWEST, RELEVANCE, SORTS, orders
from media_library.views.place import Place, libraries_of
from media_library.views.request import PageRequest

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
    filters = AssetFilters.from_params(place.library, request.GET, request.user, place.tree)
    scope = Asset.objects.visible_to(request.user).live().filter(library=place.library)
    assets = filters.apply(scope, request.user)
    sort = request.GET.get("sort") or NEWEST
    if sort == RELEVANCE and not filters.keywords:  # the words have been taken out
        sort = NEWEST
    cursor = request.GET.get("cursor", "")
    if filters.keywords and not cursor:
        audit.searched(place.library, filters.params())
    shown: Page[Asset] = (
        ranked.page(filters, scope, request.user, limit=DEFAULT_LIMIT, cursor=cursor)
        if sort == RELEVANCE
        else page(with_columns(request, assets), sort=sort, cursor=cursor)
    )
    params = filters.params() + ([("sort", sort)] if sort != NEWEST else [])
    context = {"place": place, "cards": cards_for(place, shown.items)}
    if shown.next_cursor:
        context["more_url"] = address(request.path, [*params, ("cursor", shown.next_cursor)])
    if request.htmx:
        return render(request, "media_library/_page.html", context)
    sorts = BEST_MATCH | SORTS if filters.keywords else SORTS
    context |= grid_context(place, filters, params, sort, sorts) | {"total": total(assets)}
    response = render(request, "media_library/library.html", context)
    response.set_cookie("library", slug, max_age=31536000, samesite="Lax", httponly=True)
    return response


def grid_context(
    place: Place,
    filters: AssetFilters,
    params: Params,
    sort: str,
    sorts: Mapping[str, StrOrPromise] = SORTS,
    default: str = NEWEST,
) -> dict[str, Any]:
    """What stands around the cards: chips, breadcrumbs, the ways to sort, of which `default` need not be said."""
    narrowed, request = filters.params(), place.request
    return {
        "filters": filters,
        "takes_uploads": sort == NEWEST and not (filters.keywords or filters.tags or filters.properties),
        "filters_url": filters_url(request.path, params),
        "filter_count": len(filters.properties),
        "chips": filter_chips(filters, request.path, params),
        "crumbs": place.tree.above(filters.folder) if filters.folder else [],
        "kept": [pair for pair in params if pair[0] != "q"],
        "carried": carried(narrowed),
        "narrowed": carried(narrowed),
        **orders(request.path, narrowed, sort, sorts, default),
    }


def carried(params: Params) -> list[tuple[str, str]]:
    return [pair for pair in params if pair[0] in PLACES or properties.is_property(pair[0])]
