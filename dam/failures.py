"""The last resort: what is answered where no view was reached or one broke. Django's handlers, in JSON for programs."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views import defaults

from dam.errors import AppError, InvalidRequest, NotFound
from dam.middleware import error_response, wants_json


class ServerError(AppError):
    code = "server_error"
    status = 500
    message = _("Something broke on the server. It has been written to its log. Try again later.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return (
        error_response(request, InvalidRequest()) if wants_json(request) else defaults.bad_request(request, exception)
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, NotFound()) if wants_json(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_response(request, ServerError()) if wants_json(request) else defaults.server_error(request)
