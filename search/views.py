"""Visual search in the browser: results, Search by Image, and what is still being indexed."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dam.errors import AppError, Busy, StrOrPromise
from media_library import facets, findable
from media_library.chips import address
from media_library.filters import AssetFilters
from media_library.models import Asset
from media_library.views import tabs
from media_library.views.cards import Card, Reason, cards_for
from media_library.views.filters import filters_url, panel
from media_library.views.place import Place
from media_library.views.request import PageRequest
from media_library.views.tabs import visible_asset
from search import anchors, queries, recent
from search.chips import query_chips
from search.composition import NotIndexed, NotSearchable
from search.context import DISMISSED
from search.facets import of_search
from search.forms import ByImageForm
from search.fusion import VISUAL
from search.models import QueryAnchor
from search.outlines import ObjectCard, Outline
from search.queries import Hit, Results, assets_in_scope
from search.query import OBJECTS, Query, spoken
from search.relevance import Band

STRIP = 12
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
    query = Query.from_params(place.library, request.GET)
    scores = [("scores", "1")] if request.GET.get("scores") else []
    context = query_context(request, query, scores) | {"place": place}
    if query.is_empty:
        return render(request, "search/start.html", context | {"cards": sample(place, query)})
    try:
        results = queries.run(query, request.user, cursor=request.GET.get("cursor", ""))
    except (NotIndexed, NotSearchable, Busy) as problem:
        if request.htmx:  # the page asks again and again whether its example is ready
            return HttpResponse(status=204)
        return render(request, "search/waiting.html", context | {"problem": problem}, status=problem.status)
    if not request.GET.get("cursor"):
        recent.remember(query, request.user)
    context |= results_context(request, place, results, query.params() + scores)
    if request.htmx and request.GET.get("cursor"):
        objects = query.entity_type == OBJECTS
        response = render(request, f"{'search/_objects' if objects else 'media_library/'}_page.html", context)
    else:
        context["progress"] = findable.index.progress(place.library)
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


def query_context(request: PageRequest, query: Query, scores: list[tuple[str, str]]) -> dict[str, Any]:
    params = query.params()
    return {
        "query": query,
        "chips": query_chips(query, request.user, request.path, scores),
        "scores": bool(scores),
        "scores_url": address(request.path, params if scores else [*params, ("scores", "1")]),
        "filters_url": filters_url(reverse("search", args=[query.library.slug]), params),
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
    query = Query.from_params(place.library, request.GET)
    counts = facets.count(query.filters, of_search(query, request.user))
    return panel(request, place, query.filters, counts, reverse("search", args=[slug]), query.params())


def results_context(
    request: PageRequest, place: Place, results: Results, params: list[tuple[str, str]]
) -> dict[str, Any]:
    cards = [card_of(place, hit, weak_from_here=at == results.weak_at) for at, hit in enumerate(results.hits)]
    context = {"cards": cards, "results": results}
    if results.next_cursor:
        context["more_url"] = address(request.path, [*params, ("cursor", results.next_cursor)])
    return context


def card_of(place: Place, hit: Hit, *, weak_from_here: bool) -> Card:
    shown = Card(
        hit.asset,
        indexed=hit.distance is not None,
        editable=place.may_edit(hit.asset),
        score=hit.score,
        band=str(BAND_NAMES[hit.band]) if hit.band else "",
        weak_from_here=weak_from_here,
        reasons=tuple(Reason(*reason.split(":", 1)) for reason in hit.reasons if reason != VISUAL),
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
def by_image(request: PageRequest, slug: str) -> HttpResponse:
    """Take an example picture by address or file, and go to the results. The dialog posts here too."""
    place = Place.of(request, slug)
    posted = request.method == "POST"
    form = ByImageForm(request.POST if posted else None, request.FILES if posted else None)
    filters = AssetFilters.from_params(place.library, request.POST if posted else request.GET)
    narrowed = filters.params()
    context: dict[str, Any] = {"place": place, "narrowed": narrowed, "query": Query(place.library, filters)}
    status = 200
    if posted:
        try:
            return go_to(request, slug, make_anchor(place, form), narrowed)
        except AppError as problem:
            context["problem"], status = problem, problem.status
    template = "search/_by_image_problem.html" if request.htmx else "search/by_image.html"
    return render(request, template, context, status=status)


def make_anchor(place: Place, form: ByImageForm) -> QueryAnchor:
    """Raises AppError with the sentence for the dialog."""
    if not form.is_valid():
        raise AppError(str(next(iter(form.errors.values()))[0]), code="invalid")
    user, library = place.request.user, place.library
    if file := form.cleaned_data["file"]:
        return anchors.from_file(user=user, library=library, file=file, name=file.name or "")
    return anchors.from_url(user=user, library=library, url=form.cleaned_data["url"].strip())


def go_to(request: PageRequest, slug: str, anchor: QueryAnchor, narrowed: list[tuple[str, str]]) -> HttpResponse:
    results = address(reverse("search", args=[slug]), [("anchor", str(anchor.pk)), *narrowed])
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": results})
    return redirect(results)


@login_required
@require_safe
def indexing(request: PageRequest, slug: str) -> HttpResponse:
    """How far the library is indexed: a fragment that asks again until all is done."""
    place = Place.of(request, slug)
    progress = findable.index.progress(place.library)
    return render(request, "search/_indexing.html", {"place": place, "progress": progress})


@login_required
@require_POST
def dismiss_notice(request: PageRequest) -> HttpResponse:
    """Not as a banner again in this session; the rail keeps it."""
    request.session[DISMISSED] = True
    return HttpResponse() if request.htmx else redirect("home")
