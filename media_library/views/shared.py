"""What a share link shows to whoever has its address: all that is below `/s/`. Nobody is signed in here."""

import io
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.throttling import BaseThrottle

from dam.errors import AppError, NotFound
from media_library import images, ingest, sharing, stripping
from media_library.chips import address
from media_library.forms import input_attrs
from media_library.models import Asset, Rendition, ShareLink
from media_library.paging import page
from media_library.serving import serve_open
from media_library.sharing import Gone, Locked
from media_library.views.cards import Card

AT_ONCE = 60
POSITION = "position"
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
        except (Gone, NotFound) as problem:
            response = render(request, "sharing/gone.html", {"problem": problem}, status=problem.status)
        except Locked:
            response = redirect("shared", token=token)
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
            proof = sharing.unlock(token, form.cleaned_data["password"], BaseThrottle().get_ident(request))  # type: ignore[arg-type]
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
    shown = in_order(link, request.GET.get("cursor", ""))
    context: dict[str, Any] = {"token": token, "link": link, "cards": [card(asset) for asset in shown.items]}
    if shown.next_cursor:
        context["more_url"] = address(request.path, [("cursor", shown.next_cursor)])
    return render(request, "sharing/collection.html", context)


def in_order(link: ShareLink, cursor: str) -> Any:
    """As it was filled, or else the newest first."""
    assets = sharing.assets_of(link)
    if link.collection and link.collection.is_manual:
        return page(assets, sort=POSITION, sorts=[POSITION], limit=AT_ONCE, cursor=cursor)
    return page(assets, limit=AT_ONCE, cursor=cursor)


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


def rendition(request: HttpRequest, token: str, asset_id: UUID, name: str, download_as: str = "") -> HttpResponseBase:
    """Streamed, wherever it is stored: an address that a store has signed would outlive a link that is revoked."""
    found = sharing.asset_of(opened(request, token), asset_id).renditions.filter(name=name).first()
    if found is None:
        raise NotFound
    stored = str(found.file.name)
    disposition = attachment(download_as) if download_as else "inline"
    return serve_open(request, stored, lambda: default_storage.open(stored), "image/webp", disposition)


@private
@require_safe
def download(request: HttpRequest, token: str, asset_id: UUID) -> HttpResponseBase:
    """The original without what it says of itself; of kinds that cannot be taken apart, the preview."""
    link = opened(request, token)
    if not link.downloads:
        raise NotFound
    asset = sharing.asset_of(link, asset_id)
    try:
        with asset.file.open("rb") as original:
            data = original.read()
            header = images.inspect(io.BytesIO(data))
        clean = stripping.stripped(data, header.format, header.orientation)
    except FileNotFoundError:
        raise NotFound from None
    except (stripping.CannotStrip, images.BadImage):
        return rendition(request, token, asset_id, Rendition.Name.PREVIEW, f"{asset.display_name}.webp")
    name = f"{asset.display_name}.{images.EXTENSIONS[asset.format][0]}"
    identity = f"{asset.file.name} stripped"
    return serve_open(request, identity, lambda: ContentFile(clean), asset.mime_type, attachment(name))


def attachment(name: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(ingest.clean_name(name), safe='')}"
