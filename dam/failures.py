"""The last resort: what is answered where no view was reached or one broke. Django's handlers, in JSON for programs."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views import defaults

from dam.errors import AppError, InvalidRequest, NotFound
from dam.middleware import error_response, refusal, wants_json


class ServerError(AppError):
    code = "server_error"
    status = 500
    message = _("Something broke on the server. It has been written to its log. Try again later.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not wants_json(request):
        return defaults.bad_request(request, exception)
    return refusal(request, request.resolver_match and request.resolver_match.func, InvalidRequest())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, NotFound()) if wants_json(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_response(request, ServerError()) if wants_json(request) else defaults.server_error(request)
