"""What those read who are turned away, and what is answered however much there is to do."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from dam.errors import Busy
from dam.middleware import refusal

# Whether it lives and can work; what a page needs to look right; and the way in. Static files are answered before.
LET_THROUGH = {"/healthz", "/readyz", "/favicon.ico", "/accounts/login/", "/accounts/login/code/", "/api/v1/token/"}


class BusyMiddleware:
    """Before the session, rights and the database are asked: to be turned away costs next to nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.META.get("dam.overloaded") or request.path in LET_THROUGH:
            return self.get_response(request)
        return turned_away(request)


def turned_away(request: HttpRequest) -> HttpResponse:
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        view = None
    return refusal(request, view, Busy())
