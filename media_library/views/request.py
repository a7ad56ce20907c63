from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from media_library.models import User


class PageRequest(HttpRequest):
    """A request as views get it: by somebody who is signed in, with htmx's headers read."""

    user: User  # login_required has turned everybody else away
    htmx: HtmxDetails


def back_to(request: HttpRequest, target: str, otherwise: str) -> HttpResponseRedirect:
    """To the address that a form names, if it is one of this site."""
    safe = safe_target(request, target)
    return HttpResponseRedirect(safe) if safe else redirect(otherwise)  # `redirect` takes names of views for addresses


def safe_target(request: HttpRequest, target: str) -> str:
    """The address, or nothing if it leads to another site."""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else ""
