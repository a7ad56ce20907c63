"""Example pictures in the browser: given by address or file, and cut to the part that matters."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from dam.errors import AppError, InvalidRequest, NotFound
from media_library.chips import address
from media_library.models import Asset
from media_library.renditions import Box
from media_library.views.asking import posted
from media_library.views.place import Place
from media_library.views.request import PageRequest
from search import anchors
from search.forms import BoxForm, ByImageForm
from search.models import QueryAnchor
from search.query import Query

ASKED = ["GET", "HEAD", "POST"]
START = {"crop_x": 15, "crop_y": 15, "crop_width": 70, "crop_height": 70}

Picture = Asset | QueryAnchor


@login_required
@require_http_methods(ASKED)
def by_image(request: PageRequest, slug: str) -> HttpResponse:
    """Take an example picture by address or file, and go to the results. The dialog posts here too.

    The search that one comes from is in the parameters: its filters stay, and with `add` all of it.
    """
    place = Place.of(request, slug)
    sent = request.method == "POST"
    form = ByImageForm(posted(request), request.FILES if sent else None)
    query = Query.from_params(place.library, request.POST if sent else request.GET, request.user).changed()
    context: dict[str, Any] = {
        "place": place,
        "query": query,
        "present": query.params(),
        "narrowed": query.filters.params(),
        "carried": query.changed(text="", not_text=()).params(),
    }
    status = 200
    if sent:
        try:
            return go_to(request, given(place, form, query))
        except AppError as problem:
            context["problem"], status = problem, problem.status
    template = "search/_by_image_problem.html" if request.htmx else "search/by_image.html"
    return render(request, template, context, status=status)


def given(place: Place, form: ByImageForm, query: Query) -> str:
    """Where to go with the picture of the form. Raises AppError with the sentence for the dialog."""
    data = form.require()
    anchor = make_anchor(place, data)
    kept = query if data["add"] else Query(place.library, query.filters, collapse=query.collapse)
    params = kept.changed(anchors=(*kept.anchors, anchor.pk)).params()
    if data["crop"]:
        return address(reverse("search-part", args=[place.library.slug, anchor.pk]), params)
    return address(place.search_url, params)


def make_anchor(place: Place, data: dict[str, Any]) -> QueryAnchor:
    user, library = place.request.user, place.library
    if file := data["file"]:
        return anchors.from_file(user=user, library=library, file=file, name=file.name or "", box=data["box"])
    return anchors.from_url(user=user, library=library, url=data["url"].strip())


@login_required
@require_http_methods(ASKED)
def part(request: PageRequest, slug: str, picture_id: UUID) -> HttpResponse:
    """Choose the part of an asset or a query picture to search with; in the dialog of a page, or as a page.

    In the search of the parameters, the part takes the picture's place. Without one, it is all that is looked for.
    """
    place = Place.of(request, slug)
    picture = picture_of(place, picture_id)
    query = Query.from_params(place.library, request.GET, request.user).changed()
    form = BoxForm(posted(request), initial=START)
    context: dict[str, Any] = {"place": place, "picture": shown(picture), "form": form, "query": query}
    context |= {"narrowed": query.filters.params(), "carried": query.changed(text="", not_text=()).params()}
    context["whole_url"] = address(place.search_url, whole(query, picture).params())
    status = 200
    if request.method == "POST":
        try:
            box = form.require()["box"]
            found = with_part(place, query, picture, box) if box else whole(query, picture)
            return go_to(request, address(place.search_url, found.params()))
        except AppError as problem:
            context["problem"], status = problem, 200 if request.htmx else problem.status
    return render(request, "search/_part.html" if request.htmx else "search/part.html", context, status=status)


def picture_of(place: Place, pk: UUID) -> Picture:
    user, library = place.request.user, place.library
    found: Picture | None = Asset.objects.visible_to(user).live().filter(library=library, pk=pk).first()
    found = found or QueryAnchor.objects.visible_to(user).filter(library=library, pk=pk).first()
    if found is None:
        raise NotFound
    if isinstance(found, QueryAnchor):
        anchors.require_read(found)
    elif found.state != Asset.State.READY:
        raise InvalidRequest(_("This picture is still being processed."), code="not_ready", status=409)
    return found


def shown(picture: Picture) -> dict[str, Any]:
    if isinstance(picture, Asset):
        return {"url": picture.address("api:asset-preview"), "name": picture.display_name}
    return {"url": reverse("api:anchor-thumb", args=[picture.pk]), "name": str(picture.name)}


def whole(query: Query, picture: Picture) -> Query:
    """The search with all of the picture."""
    if picture.pk in {*query.like, *query.anchors}:
        return query
    if isinstance(picture, Asset):
        return query.changed(like=(*query.like, picture.pk))
    return query.changed(anchors=(*query.anchors, picture.pk))


def with_part(place: Place, query: Query, picture: Picture, box: Box) -> Query:
    user = place.request.user
    if isinstance(picture, Asset):
        anchor = anchors.from_asset(user=user, asset=picture, box=box)
    else:
        anchor = anchors.from_anchor(user=user, anchor=picture, box=box)
    return query.exchanged(picture.pk, anchor.pk)


def go_to(request: PageRequest, url: str) -> HttpResponse:
    return HttpResponse(status=204, headers={"HX-Redirect": url}) if request.htmx else redirect(url)
