"""Visual search in the browser: results, Search by Image, and what is still being indexed."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dam.errors import Busy, InvalidRequest, StrOrPromise
from media_library import facets, findable
from media_library.chips import address
from media_library.filters import AssetFilters
from media_library.models import Asset
from media_library.views import tabs
from media_library.views.cards import Card, Reason, cards_for
from media_library.views.filters import filters_url, panel
from media_library.views.orders import RELEVANCE, SORTS, orders
from media_library.views.place import Place
from media_library.views.request import PageRequest
from media_library.views.tabs import visible_asset
from search import ordering, queries, recent
from search.chips import query_chips
from search.composition import NotIndexed, NotSearchable
from search.context import DISMISSED
from search.facets import of_search
from search.fusion import VISUAL
from search.outlines import ObjectCard, Outline
from search.queries import Hit, Results, assets_in_scope
from search.query import OBJECTS, Query, spoken
from search.relevance import Band

STRIP = 12
ORDERS = {RELEVANCE: gettext_lazy("Most similar first")} | SORTS
BAND_NAMES: dict[Band, StrOrPromise] = {
    "strong": gettext_lazy("strong"),
    "likely": gettext_lazy("likely"),
    "weak": gettext_lazy("weak"),
}


@login_required
@require_safe
@vary_on_headers("HX-Request")
def search(request: PageRequest, slug: str) -> HttpResponse:
    """Results, most similar first; asked for by htmx, only the next cards. Without a query, where to start."""
    place = Place.of(request, slug)
    if apart := texts_apart(request):
        return redirect(apart)
    query = Query.from_params(place.library, request.GET, request.user)
    scores = [("scores", "1")] if request.GET.get("scores") else []
    sort = order_of(request, query)
    if not query.is_empty and not query.is_full:
        place.refined = urlencode([*query.changed().params(), *scores, *sorted_by(sort)])
        place.examples = frozenset((*query.like, *query.unlike))
    context = query_context(request, query, scores, sort) | {"place": place}
    if query.is_empty:
        return render(request, "search/start.html", context | {"cards": sample(place, query)})
    try:
        results = queries.run(query, request.user, cursor=request.GET.get("cursor", ""), sort=sort)
    except (NotIndexed, NotSearchable, Busy) as problem:
        if request.htmx:  # the page asks again and again whether its example is ready
            return HttpResponse(status=204)
        return render(request, "search/waiting.html", context | {"problem": problem}, status=problem.status)
    if not request.GET.get("cursor"):
        recent.remember(query, request.user)
    context |= results_context(request, place, results, query.params() + scores + sorted_by(sort))
    if request.htmx and request.GET.get("cursor"):
        objects = query.entity_type == OBJECTS
        response = render(request, f"{'search/_objects' if objects else 'media_library/'}_page.html", context)
    else:
        context["progress"] = findable.index.progress(place.library, request.user)
        response = render(request, "search/results.html", context)
    response["Server-Timing"] = results.server_timing
    return response


def texts_apart(request: PageRequest) -> str:
    """The address with what was typed taken apart, `red shirt -logo` as a text and one that is not wanted, if it is."""
    wanted, unwanted = spoken(request.GET.get("text", ""))
    if not unwanted:
        return ""
    params = request.GET.copy()
    params["text"] = wanted
    for text in unwanted:
        params.appendlist("not_text", text)
    return f"{request.path}?{params.urlencode()}"


def sample(place: Place, query: Query) -> list[Card]:
    """A few pictures of all kinds to start from: by their hash, so that neighbours in time do not stand together."""
    ready = assets_in_scope(query, place.request.user).filter(state=Asset.State.READY)
    return cards_for(place, list(ready.order_by("sha256", "id")[:STRIP]))


def order_of(request: PageRequest, query: Query) -> str:
    """Empty: by relevance, as regions always are."""
    sort = request.GET.get("sort", "")
    if sort in {"", RELEVANCE} or query.entity_type == OBJECTS:
        return ""
    if not ordering.is_order(sort):
        raise InvalidRequest(_("Sort by one of: %(sorts)s.") % {"sorts": ", ".join(ORDERS)}, code="bad_sort")
    return sort


def sorted_by(sort: str) -> list[tuple[str, str]]:
    return [("sort", sort)] if sort else []


def query_context(request: PageRequest, query: Query, scores: list[tuple[str, str]], sort: str = "") -> dict[str, Any]:
    params, narrower, by = query.params(), query.changed().params(), sorted_by(sort)
    folding = query.changed(collapse=not query.collapse)
    return {
        **orders(request.path, [*params, *scores], sort or RELEVANCE, ORDERS, RELEVANCE),
        "sorted_otherwise": bool(sort),
        "query": query,
        "present": narrower,
        "collapse_url": address(request.path, folding.params() + scores + by) if query.entity_type != OBJECTS else "",
        "chips": query_chips(query, request.user, request.path, scores + by),
        "scores": bool(scores),
        "scores_url": address(request.path, [*params, *by] if scores else [*params, ("scores", "1"), *by]),
        "filters_url": filters_url(reverse("search", args=[query.library.slug]), narrower),
        "filter_count": len(query.filters.properties),
        "kept": [pair for pair in query.filters.params() if pair[0] != "q"],
        "carried": query.changed(text="", not_text=()).params(),  # beside what is typed into the box
        "narrowed": query.filters.params(),
    }


@login_required
@require_safe
@vary_on_headers("HX-Request")
def filter_panel(request: PageRequest, slug: str) -> HttpResponse:
    """The filters of a search, counted among what it ranks; asked for by htmx, only the panel."""
    place = Place.of(request, slug)
    query = Query.from_params(place.library, request.GET, request.user)
    counts = facets.count(query.filters, of_search(query, request.user))
    return panel(request, place, query.filters, counts, reverse("search", args=[slug]), query.params())


def results_context(
    request: PageRequest, place: Place, results: Results, params: list[tuple[str, str]]
) -> dict[str, Any]:
    cards = [card_of(place, hit, params, weak_from_here=at == results.weak_at) for at, hit in enumerate(results.hits)]
    context = {"cards": cards, "results": results}
    if results.next_cursor:
        context["more_url"] = address(request.path, [*params, ("cursor", results.next_cursor)])
    return context


def card_of(place: Place, hit: Hit, params: list[tuple[str, str]], *, weak_from_here: bool) -> Card:
    """`params` are those of the page."""
    stack_url = address(place.search_url, [*params, ("stack", str(hit.asset.pk))]) if hit.stack else ""
    shown = Card(
        hit.asset,
        indexed=hit.distance is not None,
        editable=place.may_edit(hit.asset),
        score=hit.score,
        band=str(BAND_NAMES[hit.band]) if hit.band else "",
        weak_from_here=weak_from_here,
        reasons=tuple(Reason(*reason.split(":", 1)) for reason in hit.reasons if reason != VISUAL),
        stack_url=stack_url,
        stack_size=len(hit.stack),
    )
    return ObjectCard(**vars(shown), box=Outline.of(hit.region, hit.asset)) if hit.region else shown


@login_required
@require_safe
def similar(request: PageRequest, asset_id: UUID) -> HttpResponse:
    """The few pictures nearest to an asset, a tab of its page; while it is being indexed, that asks again."""
    asset = visible_asset(request, asset_id)
    place = Place.of_asset(request, asset)
    query = Query(place.library, AssetFilters(place.library), like=(asset.pk,))
    context: dict[str, Any] = {"cards": []}
    try:
        results = queries.run(query, request.user, limit=STRIP + 1)
    except (NotIndexed, NotSearchable, Busy) as problem:
        context["problem"] = problem
        context["waits"] = not isinstance(problem, NotSearchable) and asset.state != Asset.State.FAILED
    else:
        nearest = [hit.asset for hit in results.hits if hit.asset.pk != asset.pk][:STRIP]
        context["cards"] = cards_for(place, nearest)
    return tabs.show(request, asset, "similar", context)


@login_required
@require_safe
def indexing(request: PageRequest, slug: str) -> HttpResponse:
    """How far the library is indexed: a fragment that asks again until all is done."""
    place = Place.of(request, slug)
    progress = findable.index.progress(place.library, request.user)
    return render(request, "search/_indexing.html", {"place": place, "progress": progress})


@login_required
@require_POST
def dismiss_notice(request: PageRequest) -> HttpResponse:
    """Not as a banner again in this session; the rail keeps it."""
    request.session[DISMISSED] = True
    return HttpResponse() if request.htmx else redirect("home")
