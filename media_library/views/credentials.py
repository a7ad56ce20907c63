"""API keys and personal tokens of the one who is signed in: made, shown once with their secret, revoked."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dam.errors import NotFound
from media_library.forms import CredentialForm
from media_library.models import ApiKey, Library, PersonalToken
from media_library.views.request import PageRequest


def made_and_listed(request: PageRequest, kind: type[ApiKey | PersonalToken], template: str) -> HttpResponse:
    form = CredentialForm(request.user, request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        made = kind.issue(request.user, form.cleaned_data["name"], form.expires_at, form.grant)
        form = CredentialForm(request.user)
    rows = request.user.api_keys.all() if kind is ApiKey else request.user.tokens.all()
    context = {"form": form, "made": made, "credentials": with_library_names(list(rows), request)}
    return render(request, template, context)


def with_library_names(rows: list[Any], request: PageRequest) -> list[Any]:
    """Each with `library_names`, of the libraries that still are there and are seen."""
    named = Library.objects.visible_to(request.user).in_bulk([pk for row in rows for pk in row.libraries or ()])
    for row in rows:
        row.library_names = [named[pk].name for pk in row.libraries or () if pk in named]
    return rows


@login_required
@never_cache  # the answer to a form shows a secret
@require_http_methods(["GET", "HEAD", "POST"])
def api_keys(request: PageRequest) -> HttpResponse:
    return made_and_listed(request, ApiKey, "media_library/api_keys.html")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: PageRequest) -> HttpResponse:
    return made_and_listed(request, PersonalToken, "media_library/tokens.html")


@login_required
@require_POST
def revoke_key(request: PageRequest, slug: str) -> HttpResponse:
    key = ApiKey.objects.filter(key=slug, owner=request.user).first()
    if key is None:
        raise NotFound
    key.revoke()
    messages.success(request, _("“%(name)s” is revoked.") % {"name": key.name})
    return redirect("api-keys")


@login_required
@require_POST
def revoke_token(request: PageRequest, token_id: int) -> HttpResponse:
    token = PersonalToken.objects.filter(pk=token_id, user=request.user).first()
    if token is None:
        raise NotFound
    token.delete()
    messages.success(request, _("“%(name)s” is revoked.") % {"name": token.name})
    return redirect("tokens")
