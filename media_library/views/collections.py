"""Collections: all of them, one of them as a grid, and what people do with them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from dam.errors import AppError, NotFound
from media_library import collections, facets, ranked
from media_library.chips import address
from media_library.filters import AssetFilters
from media_library.models import Asset, AssetQuerySet, Collection, CollectionItem, Role
from media_library.organising_forms import Asked, CollectionForm
from media_library.paging import DEFAULT_LIMIT, SORTS, Page, page, total
from media_library.views import library, orders
from media_library.views.asking import Done, Question, ask, asked_assets, posted
from media_library.views.cards import cards_for
from media_library.views.filters import panel
from media_library.views.layout import with_columns
from media_library.views.place import Place
from media_library.views.request import PageRequest

ASKED = ["GET", "HEAD", "POST"]
COVERS = 4
POSITION, RELEVANCE = "position", orders.RELEVANCE
OWN_ORDERS = {POSITION: gettext_lazy("In its own order"), RELEVANCE: gettext_lazy("Most similar first")}


def found(place: Place, collection_id: UUID) -> Collection:
    seen = Collection.objects.seen_in(place.library, place.request.user)
    collection = seen.filter(pk=collection_id).select_related("library").first()
    if collection is None:
        raise NotFound
    return collection


def address_of(collection: Collection, slug: str) -> str:
    return reverse("collection", args=[slug, collection.pk])


# --- all of them ------------------------------------------------------------------------------------------------------


@login_required
@require_safe
def all_collections(request: PageRequest, slug: str) -> HttpResponse:
    """By name, those picked by hand with their first pictures and counts; the others say theirs themselves."""
    place = Place.of(request, slug)
    shown = page(
        with_covers(place), sort="name", sorts=["name"], limit=DEFAULT_LIMIT, cursor=request.GET.get("cursor", "")
    )
    covers = pictures(place, [pk for each in shown.items for pk in each.cover_ids])
    for each in shown.items:
        each.covers = [covers[pk] for pk in each.cover_ids if pk in covers]
    more = [("cursor", shown.next_cursor)] if shown.next_cursor else []
    context = {"place": place, "collections": shown.items, "counts": counts(place, shown.items)}
    context["more_url"] = address(request.path, more) if more else ""
    return render(request, "media_library/collections.html", context)


def live(place: Place) -> AssetQuerySet:
    return Asset.objects.visible_to(place.request.user).live().filter(library=place.library)


def with_covers(place: Place) -> Any:
    first = CollectionItem.objects.filter(
        collection=OuterRef("pk"), asset__deleted_at=None, asset__state=Asset.State.READY
    )
    if (branches := place.library.branches_of(place.request.user)) is not None:
        first = first.filter(asset__folder__pk__any_of=list(branches))
    ids = ArraySubquery(first.order_by("position", "asset").values("asset")[:COVERS])
    return Collection.objects.seen_in(place.library, place.request.user).annotate(cover_ids=ids)


def pictures(place: Place, ids: Sequence[UUID]) -> dict[UUID, Asset]:
    return live(place).in_bulk(ids) if ids else {}


def counts(place: Place, shown: Sequence[Collection]) -> dict[UUID, int]:
    """Of those that are picked by hand."""
    manual = [each.pk for each in shown if each.is_manual]
    items = CollectionItem.objects.filter(collection__in=manual, asset__in=live(place).order_by().values("pk"))
    return dict.fromkeys(manual, 0) | dict(items.order_by().values_list("collection").annotate(Count("pk")))


@login_required
@require_safe
def cover(request: PageRequest, slug: str, collection_id: UUID) -> HttpResponse:
    """A fragment: the first pictures of a query, and how many it finds."""
    place = Place.of(request, slug)
    collection = found(place, collection_id)
    context: dict[str, Any] = {"place": place, "collection": collection}
    try:
        filters = AssetFilters(place.library, collection=collection)
        shown = in_order(filters, live(place), place, own_order(collection), "", COVERS)
        context |= {"covers": shown.items, "count": total(filters.apply(live(place), request.user))}
    except AppError as problem:
        context["problem"] = problem
    return render(request, "media_library/_covers.html", context)


# --- one of them ------------------------------------------------------------------------------------------------------


@login_required
@require_safe
@vary_on_headers("HX-Request")
def collection(request: PageRequest, slug: str, collection_id: UUID) -> HttpResponse:
    """Its grid; asked for by htmx, only the next cards."""
    place = Place.of(request, slug)
    place.collection = shown = found(place, collection_id)
    asked = replace(AssetFilters.from_params(place.library, request.GET, request.user, place.tree), collection=None)
    within = replace(asked, collection=shown)
    default = own_order(shown)
    sort = request.GET.get("sort") or default
    params = asked.params() + ([("sort", sort)] if sort != default else [])
    sorts = {name: label for name, label in OWN_ORDERS.items() if name == default} | orders.SORTS
    status = 200
    context: dict[str, Any] = {"place": place, "collection": shown, "editable": place.may_change(shown)}
    try:
        found_now = in_order(within, live(place), place, sort, request.GET.get("cursor", ""))
        context["cards"] = cards_for(place, found_now.items)
        if found_now.next_cursor:
            context["more_url"] = address(request.path, [*params, ("cursor", found_now.next_cursor)])
        if request.htmx:
            return render(request, "media_library/_page.html", context)
        context["total"] = total(within.apply(live(place), request.user))
    except AppError as problem:
        if request.htmx or problem.code in {"bad_sort", "bad_cursor"}:
            raise
        context["problem"], status = problem, problem.status
    context |= library.grid_context(place, asked, params, sort, sorts, default)
    everything = within.params()
    carried = library.carried(everything)
    context |= {
        "takes_uploads": False,
        "shown_params": everything,
        "kept": [pair for pair in everything if pair[0] != "q"],
        "carried": carried,
        "narrowed": carried,
    }
    return render(request, "media_library/collection.html", context, status=status)


def own_order(collection: Collection) -> str:
    if collection.is_manual:
        return POSITION
    return RELEVANCE if collection.is_search else orders.NEWEST


def in_order(
    filters: AssetFilters, assets: AssetQuerySet, place: Place, sort: str, cursor: str, limit: int = DEFAULT_LIMIT
) -> Page[Asset]:
    """One page of a collection. Raises what its query does."""
    user, collection = place.request.user, filters.collection
    if sort == RELEVANCE:
        return ranked.page(filters, assets, user, limit=limit, cursor=cursor)
    rows, sorts = filters.apply(assets, user), list(SORTS)
    if collection and collection.is_manual and sort == POSITION:
        rows, sorts = rows.placed_in(collection), [POSITION]
    return page(with_columns(place.request, rows), sort=sort, sorts=sorts, limit=limit, cursor=cursor)


@login_required
@require_safe
@vary_on_headers("HX-Request")
def filter_panel(request: PageRequest, slug: str, collection_id: UUID) -> HttpResponse:
    """The filters of its grid, counted in it."""
    place = Place.of(request, slug)
    place.collection = shown = found(place, collection_id)
    asked = replace(AssetFilters.from_params(place.library, request.GET, request.user, place.tree), collection=None)
    counted = facets.count(replace(asked, collection=shown), facets.of_library(request.user))
    sort = [("sort", request.GET["sort"])] if request.GET.get("sort") else []
    return panel(request, place, asked, counted, address_of(shown, slug), asked.params() + sort)


# --- what people do with them -----------------------------------------------------------------------------------------


@login_required
@require_http_methods(ASKED)
def make(request: PageRequest, slug: str) -> HttpResponse:
    """Empty, or with parameters of a search or a list in the address, one of what those find."""
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR)
    params = dict(request.GET.lists())
    form = CollectionForm(posted(request))
    title = _("Save as collection") if params else _("New collection")
    sentence = _("It holds what this search or these filters find, whenever it is opened.") if params else ""
    back = reverse("collections", args=[slug])

    def deed(data: dict[str, Any]) -> Done:
        made = collections.make(
            place.library, request.user, data["name"], description=data["description"], params=params or None
        )
        return Done(_("The collection “%(name)s” is made.") % {"name": made.name}, address_of(made, slug))

    return ask(request, place, Question(title, _("Make the collection"), back, sentence), form, deed)


@login_required
@require_http_methods(ASKED)
def edit(request: PageRequest, slug: str, collection_id: UUID) -> HttpResponse:
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR)
    edited = found(place, collection_id)
    collections.require_edit(edited, request.user)
    form = CollectionForm(posted(request), initial={"name": edited.name, "description": edited.description})
    title = _("Collection “%(name)s”") % {"name": edited.name}

    def deed(data: dict[str, Any]) -> Done:
        collections.change(edited, request.user, data)
        return Done(_("The collection “%(name)s” is changed.") % {"name": edited.name}, address_of(edited, slug))

    return ask(request, place, Question(title, _("Save"), address_of(edited, slug)), form, deed)


@login_required
@require_http_methods(ASKED)
def delete(request: PageRequest, slug: str, collection_id: UUID) -> HttpResponse:
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR)
    removed = found(place, collection_id)
    collections.require_edit(removed, request.user)
    title = _("Delete the collection “%(name)s”?") % {"name": removed.name}
    sentence = _("Its pictures stay in the library.")

    def deed(_data: dict[str, Any]) -> Done:
        collections.remove(removed, request.user)
        said = _("The collection “%(name)s” is deleted.") % {"name": removed.name}
        return Done(said, reverse("collections", args=[slug]))

    question = Question(title, _("Delete the collection"), address_of(removed, slug), sentence, danger=True)
    return ask(request, place, question, Asked(posted(request)), deed)


@login_required
@require_http_methods(ASKED)
def take_out(request: PageRequest, slug: str, collection_id: UUID) -> HttpResponse:
    """Take the pictures that `assets` names out of it."""
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR)
    shown = found(place, collection_id)
    collections.require_items(shown, request.user)
    ids = asked_assets(place)
    title = ngettext("Remove the picture from “%(name)s”?", "Remove %(count)s pictures from “%(name)s”?", len(ids))
    sentence = _("It stays in the library.") if len(ids) == 1 else _("They stay in the library.")

    def deed(_data: dict[str, Any]) -> Done:
        collections.take_out(shown, request.user, ids)
        said = _("Removed from “%(name)s”.") % {"name": shown.name}
        return Done(said, address_of(shown, slug), gone=ids)

    title %= {"count": len(ids), "name": shown.name}
    question = Question(title, _("Remove from the collection"), address_of(shown, slug), sentence)
    return ask(request, place, question, Asked(posted(request)), deed)
