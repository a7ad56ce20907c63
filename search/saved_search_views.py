"""Saved searches in the browser: kept, listed, opened, renamed, forgotten."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dam.errors import NotFound
from media_library.chips import address
from media_library.organising_forms import Asked, SavedSearchForm
from media_library.paging import page
from media_library.parameters import EXAMPLES
from media_library.views.asking import Done, Question, ask, came_from, posted
from media_library.views.place import Place
from media_library.views.request import PageRequest
from search import saved_queries
from search.models import SavedSearch, SavedSearchQuerySet

ASKED = ["GET", "HEAD", "POST"]


def seen(place: Place) -> SavedSearchQuerySet:
    return SavedSearch.objects.visible_to(place.request.user).filter(library=place.library).select_related("library")


def found(place: Place, search_id: UUID) -> SavedSearch:
    search = seen(place).filter(pk=search_id).first()
    if search is None:
        raise NotFound
    return search


def may_change(place: Place, search: SavedSearch) -> bool:
    """The rule of `SavedSearch.editable_by`, without a query for each."""
    return search.owner_id == place.request.user.pk or (search.shared and place.organises)


@login_required
@require_safe
def all_searches(request: PageRequest, slug: str) -> HttpResponse:
    place = Place.of(request, slug)
    shown = page(seen(place).select_related("owner"), sort="name", sorts=["name"], cursor=request.GET.get("cursor", ""))
    context = {
        "place": place,
        "searches": [(search, may_change(place, search), summary(search)) for search in shown.items],
        "more_url": address(request.path, [("cursor", shown.next_cursor)]) if shown.next_cursor else "",
    }
    return render(request, "search/saved_searches.html", context)


def summary(search: SavedSearch) -> str:
    """The words that it looks for, and how many other conditions there are."""
    words = [*search.params.get("text", []), *search.params.get("q", []), *search.params.get("tags", [])]
    return ", ".join(f"“{word}”" for word in words)


@login_required
@require_safe
def run(request: PageRequest, slug: str, search_id: UUID) -> HttpResponse:
    """To where it is run: a search where something is looked for, else the grid with its filters."""
    place = Place.of(request, slug)
    search = found(place, search_id)
    view = "library" if EXAMPLES.isdisjoint(search.params) else "search"
    return redirect(f"{reverse(view, args=[slug])}?{search.address.urlencode()}")


def form_of(place: Place, search: SavedSearch | None = None) -> SavedSearchForm:
    initial = {"name": search.name, "shared": search.shared} if search else None
    form = SavedSearchForm(posted(place.request), initial=initial)
    if not place.collects:  # viewers keep searches for themselves
        del form.fields["shared"]
    return form


@login_required
@require_http_methods(ASKED)
def save(request: PageRequest, slug: str) -> HttpResponse:
    """What the parameters in the address look for."""
    place = Place.of(request, slug)
    params = dict(request.GET.lists())
    back = reverse("saved-searches", args=[slug])
    sentence = _("It is found again in the rail, and looks anew each time.")

    def deed(data: dict[str, Any]) -> Done:
        kept = saved_queries.save(place.library, request.user, data["name"], params, shared=bool(data.get("shared")))
        return Done(_("The search “%(name)s” is saved.") % {"name": kept.name}, came_from(request, back))

    return ask(request, place, Question(_("Save this search"), _("Save"), back, sentence), form_of(place), deed)


@login_required
@require_http_methods(ASKED)
def edit(request: PageRequest, slug: str, search_id: UUID) -> HttpResponse:
    place = Place.of(request, slug)
    search = found(place, search_id)
    saved_queries.require_edit(search, request.user)
    back = reverse("saved-searches", args=[slug])
    title = _("Saved search “%(name)s”") % {"name": search.name}

    def deed(data: dict[str, Any]) -> Done:
        saved_queries.change(search, request.user, data)
        return Done(_("The search “%(name)s” is changed.") % {"name": search.name}, came_from(request, back))

    return ask(request, place, Question(title, _("Save"), back), form_of(place, search), deed)


@login_required
@require_http_methods(ASKED)
def delete(request: PageRequest, slug: str, search_id: UUID) -> HttpResponse:
    place = Place.of(request, slug)
    search = found(place, search_id)
    saved_queries.require_edit(search, request.user)
    back = reverse("saved-searches", args=[slug])
    sentence = _("Nobody in this library will find it any more.") if search.shared else ""
    title = _("Forget the search “%(name)s”?") % {"name": search.name}

    def deed(_data: dict[str, Any]) -> Done:
        saved_queries.remove(search, request.user)
        return Done(_("The search “%(name)s” is forgotten.") % {"name": search.name}, came_from(request, back))

    question = Question(title, _("Forget it"), back, sentence, danger=True)
    return ask(request, place, question, Asked(posted(request)), deed)
