"""Questions before something is done: each is a page and, asked for by htmx, what the dialog of a page shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from dam.errors import AppError, Forbidden, InvalidRequest, NotFound, StrOrPromise
from media_library.bulk import MOST_AT_ONCE
from media_library.filters import many, uuid_of
from media_library.models import Asset
from media_library.views.place import Place
from media_library.views.request import PageRequest


@dataclass(frozen=True)
class Way:
    """Another thing that can be done instead."""

    url: str
    icon: str
    label: StrOrPromise
    danger: bool = False
    page: bool = False  # rather than another question


@dataclass(frozen=True)
class Question:
    title: StrOrPromise
    button: StrOrPromise
    back: str  # where Cancel leads
    sentence: StrOrPromise = ""
    danger: bool = False
    ways: Sequence[Way] = ()


@dataclass(frozen=True)
class Done:
    """What is said then, and where: on the page `to`, or on the one behind the dialog if assets have `gone` from it."""

    said: StrOrPromise
    to: str
    gone: Sequence[UUID] = ()


def ask(
    request: PageRequest, place: Place, question: Question, form: forms.Form, deed: Callable[[dict[str, Any]], Done]
) -> HttpResponse:
    """Show the form, and do the deed with what is sent in it. What speaks against that is said beside the form."""
    problem: AppError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            return answer(request, deed(form.cleaned_data))
        except (NotFound, Forbidden):
            raise
        except AppError as error:
            problem = error
    context = {"place": place, "question": question, "form": form, "problem": problem}
    if request.htmx:
        return render(request, "_question.html", context)
    refused = 400 if form.is_bound and not form.is_valid() else 200
    return render(request, "question.html", context, status=problem.status if problem else refused)


def answer(request: PageRequest, done: Done) -> HttpResponse:
    messages.success(request, done.said)
    if not request.htmx:
        return redirect(done.to)
    if not done.gone:
        return HttpResponse(status=204, headers={"HX-Redirect": done.to})
    return trigger_client_event(render(request, "_toasts.html"), "assetsChanged", {"gone": done.gone, "here": []})


def posted(request: PageRequest) -> QueryDict | None:
    """What a form is bound to: also a form without fields counts as sent."""
    return request.POST if request.method == "POST" else None


def came_from(request: PageRequest, otherwise: str) -> str:
    """The page behind the dialog."""
    return (request.htmx and request.htmx.current_url_abs_path) or otherwise


def asked_assets(place: Place) -> list[UUID]:
    """The ids that `assets` names, in the address or the form. Raises InvalidRequest, and NotFound if none is seen."""
    request = place.request
    texts = many(request.POST, "assets") or many(request.GET, "assets")
    if not 1 <= len(texts) <= MOST_AT_ONCE:
        raise InvalidRequest(code="bad_assets")
    ids = list(dict.fromkeys(uuid_of(text, "assets") for text in texts))
    if not Asset.objects.visible_to(request.user).live().filter(library=place.library, pk__in=ids).exists():
        raise NotFound
    return ids
