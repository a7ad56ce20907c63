"""Share links as members make, list and revoke them."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dam.errors import NotFound
from media_library import sharing
from media_library.chips import address
from media_library.forms import input_attrs
from media_library.models import Asset, Collection, Role, ShareLink
from media_library.organising_forms import Asked
from media_library.paging import DEFAULT_LIMIT, page
from media_library.views import collections
from media_library.views.asking import Done, Question, ask, posted
from media_library.views.place import Place
from media_library.views.request import PageRequest
from media_library.views.tabs import visible_asset

ASKED = ["GET", "HEAD", "POST"]
VALID = [
    (1, gettext_lazy("a day")),
    (7, gettext_lazy("a week")),
    (30, gettext_lazy("30 days")),
    (90, gettext_lazy("90 days")),
    (365, gettext_lazy("a year")),
]


class ShareForm(Asked):
    days = forms.TypedChoiceField(
        label=gettext_lazy("Valid for"),
        choices=VALID,
        initial=sharing.DEFAULT_DAYS,
        coerce=int,
        widget=forms.Select(attrs=input_attrs(autofocus=True)),
    )
    password = forms.CharField(
        label=gettext_lazy("Password (optional)"),
        required=False,
        strip=False,
        max_length=1000,  # what is longer than a password is refused in words
        widget=forms.TextInput(attrs=input_attrs(autocomplete="off", spellcheck="false")),
        help_text=gettext_lazy("At least 6 characters. Send it by another way than the link."),
    )
    downloads = forms.BooleanField(
        label=gettext_lazy("Full size may be downloaded, without location and camera data"),
        required=False,
        initial=True,
    )


@login_required
@never_cache  # the answer to the form shows a secret
@require_http_methods(ASKED)
def share_asset(request: PageRequest, asset_id: UUID) -> HttpResponse:
    asset = visible_asset(request, asset_id)
    return share(request, Place.of_asset(request, asset), asset, asset.display_name, asset.get_absolute_url())


@login_required
@never_cache
@require_http_methods(ASKED)
def share_collection(request: PageRequest, slug: str, collection_id: UUID) -> HttpResponse:
    place = Place.of(request, slug)
    shown = collections.found(place, collection_id)
    return share(request, place, shown, shown.name, collections.address_of(shown, slug))


def share(request: PageRequest, place: Place, shared: Asset | Collection, name: str, back: str) -> HttpResponse:
    """Ask, make the link, and show it this once."""
    sharing.require_share(request.user, shared)
    sentence = _("Whoever has the link sees it without an account, and nothing else of this library.")
    question = Question(_("Share “%(name)s”") % {"name": name}, _("Make the link"), back, sentence)
    made: list[tuple[ShareLink, str]] = []

    def deed(data: dict[str, Any]) -> Done:
        made.append(sharing.make(request.user, shared, **data))
        return Done(_("The link is made."), back)

    response = ask(request, place, question, ShareForm(posted(request)), deed)
    if not made:
        return response
    list(messages.get_messages(request))  # what it would say elsewhere is said here
    link, token = made[0]
    url = request.build_absolute_uri(reverse("shared", args=[token]))
    context = {"place": place, "link": link, "url": url, "name": name, "back": back}
    return render(request, "sharing/_made.html" if request.htmx else "sharing/made.html", context)


@login_required
@require_safe
def share_links(request: PageRequest, slug: str) -> HttpResponse:
    """Those that the caller may revoke, the newest first."""
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR, somewhere=True)
    links = ShareLink.objects.visible_to(request.user, place.library)
    shown = page(
        links.select_related("asset", "collection", "created_by"),
        limit=DEFAULT_LIMIT,
        cursor=request.GET.get("cursor", ""),
    )
    context: dict[str, object] = {"place": place, "links": shown.items}
    if shown.next_cursor:
        context["more_url"] = address(request.path, [("cursor", shown.next_cursor)])
    return render(request, "sharing/links.html", context)


@login_required
@require_http_methods(ASKED)
def revoke(request: PageRequest, slug: str, link_id: UUID) -> HttpResponse:
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR, somewhere=True)
    link = ShareLink.objects.visible_to(request.user, place.library).filter(pk=link_id).first()
    if link is None:
        raise NotFound
    back = reverse("share-links", args=[slug])
    sentence = _("Whoever has it sees nothing any more. Pictures that were downloaded stay where they are.")
    question = Question(_("Revoke this link?"), _("Revoke"), back, sentence, danger=True)

    def deed(_data: dict[str, Any]) -> Done:
        sharing.revoke(link, request.user)
        return Done(_("The link is revoked."), back)

    return ask(request, place, question, Asked(posted(request)), deed)
