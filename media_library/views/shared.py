"""What a share link shows to whoever has its address: all that is below `/s/`. Nobody is signed in here."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from dam.errors import AppError, NotFound
from media_library import ingest, shared_files, sharing, zips
from media_library.chips import address
from media_library.forms import input_attrs
from media_library.lockout import address_of
from media_library.models import Asset, Rendition, ShareLink
from media_library.paging import page
from media_library.serving import serve_open
from media_library.sharing import Locked
from media_library.views.cards import Card

AT_ONCE = 60
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive, noimageindex",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}

View = Callable[..., HttpResponseBase]


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs=input_attrs(autofocus=True, autocomplete="off")),
    )


def private(view: View) -> View:
    """Neither found by search engines, nor kept, nor told to others; and what does not open is a page that says so."""

    @wraps(view)
    def shown(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, token, *args, **kwargs)
        except Locked:
            response = redirect("shared", token=token)
        except AppError as problem:
            response = render(request, "sharing/gone.html", {"problem": problem, "token": token}, status=problem.status)
            if problem.retry_after:
                response["Retry-After"] = str(problem.retry_after)
        for name, value in HEADERS.items():
            response[name] = value
        if "ETag" in response:  # it may be kept, but each time it is asked whether the link still opens
            response["Cache-Control"] = "private, no-cache"
        return response

    return shown


def opened(request: HttpRequest, token: str) -> ShareLink:
    return sharing.opened(token, request.COOKIES.get(cookie_of(token), ""))


def cookie_of(token: str) -> str:
    return f"share-{ShareLink.hash(token)[:12]}"


@private
@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The picture, or the grid of a collection; before that the question for the password, which is posted here."""
    try:
        link = opened(request, token)
    except Locked:
        return unlock(request, token)
    if request.method == "GET" and not request.GET.get("cursor"):
        sharing.note_opening(link)
    if link.asset_id:
        return picture(request, token, link, sharing.asset_of(link, link.asset_id))
    return collection(request, token, link)


def unlock(request: HttpRequest, token: str) -> HttpResponse:
    form = PasswordForm(request.POST if request.method == "POST" else None)
    problem: AppError | None = None
    if form.is_valid():
        try:
            proof = sharing.unlock(token, form.cleaned_data["password"], address_of(request))
        except (sharing.WrongPassword, sharing.TooManyTries) as error:
            problem = error
        else:
            response = redirect("shared", token=token)
            response.set_cookie(
                cookie_of(token),
                proof,
                max_age=sharing.UNLOCKED_SECONDS,
                path=reverse("shared", args=[token]),
                httponly=True,
                secure=settings.SESSION_COOKIE_SECURE,
                samesite="Lax",
            )
            return response
    answer = render(
        request, "sharing/password.html", {"form": form, "problem": problem}, status=problem.status if problem else 200
    )
    if problem and problem.retry_after:
        answer["Retry-After"] = str(problem.retry_after)
    return answer


def picture(request: HttpRequest, token: str, link: ShareLink, asset: Asset) -> HttpResponse:
    context = {"token": token, "link": link, "asset": asset, "card": card(asset)}
    context["preview"] = asset.renditions.filter(name=Rendition.Name.PREVIEW).first()
    return render(request, "sharing/picture.html", context)


def collection(request: HttpRequest, token: str, link: ShareLink) -> HttpResponse:
    sort = sharing.order_of(link)
    shown = page(sharing.assets_of(link), sort=sort, sorts=[sort], limit=AT_ONCE, cursor=request.GET.get("cursor", ""))
    context: dict[str, Any] = {"token": token, "link": link, "cards": [card(asset) for asset in shown.items]}
    if link.downloads:
        context["weight"] = shared_files.weight_of(link)
    if shown.next_cursor:
        context["more_url"] = address(request.path, [("cursor", shown.next_cursor)])
    return render(request, "sharing/collection.html", context)


def card(asset: Asset) -> Card:
    """For its shape and its words."""
    return Card(asset, indexed=True, editable=False)


@private
@require_safe
def asset(request: HttpRequest, token: str, asset_id: UUID) -> HttpResponse:
    """One picture of a collection."""
    link = opened(request, token)
    return picture(request, token, link, sharing.asset_of(link, asset_id))


# --- media ------------------------------------------------------------------------------------------------------------


@private
@require_safe
def thumb(request: HttpRequest, token: str, asset_id: UUID) -> HttpResponseBase:
    return rendition(request, token, asset_id, Rendition.Name.THUMB)


@private
@require_safe
def preview(request: HttpRequest, token: str, asset_id: UUID) -> HttpResponseBase:
    return rendition(request, token, asset_id, Rendition.Name.PREVIEW)


def rendition(request: HttpRequest, token: str, asset_id: UUID, name: str) -> HttpResponseBase:
    """Streamed, wherever it is stored: an address that a store has signed would outlive a link that is revoked."""
    file = shared_files.rendition_of(sharing.asset_of(opened(request, token), asset_id), name)
    return serve_open(request, file.identity, file.open, file.mime_type, "inline")


@private
@require_safe
def download(request: HttpRequest, token: str, asset_id: UUID) -> HttpResponseBase:
    link = opened(request, token)
    if not link.downloads:
        raise NotFound
    file = shared_files.file_of(sharing.asset_of(link, asset_id))
    return serve_open(request, file.identity, file.open, file.mime_type, attachment(ingest.clean_name(file.name)))


@private
@require_safe
def download_all(request: HttpRequest, token: str) -> HttpResponseBase:
    """What a collection shows now as a ZIP file, made while it is sent."""
    link = opened(request, token)
    sharing.require_archive(link, address_of(request))
    response: HttpResponseBase = HttpResponse(content_type=zips.MIME_TYPE)
    if request.method == "GET":  # who asks for the head alone would have the server make all of it
        archive = shared_files.Archive(link, still=lambda: opened(request, token))
        response = StreamingHttpResponse(archive, content_type=zips.MIME_TYPE)
    response["Content-Disposition"] = attachment(f"{zips.safe(str(link.collection))}.zip")
    return response


def attachment(name: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
