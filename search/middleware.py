"""A request is answered by one model from its beginning to its end."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from search.models.embedding_model import one_active_model


class OneModelMiddleware:
    """Results, badges, counts and notices of one answer belong to one model, whatever is switched to meanwhile."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with one_active_model():
            return self.get_response(request)
