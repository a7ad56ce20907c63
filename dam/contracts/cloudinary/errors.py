"""Every failure below /v1_1/ in the shape that the SDKs read: `{"error": {"message": "<sentence>"}}`."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.response import Response

from dam import rest
from dam.contracts.cloudinary import PREFIX
from dam.errors import AppError, InvalidRequest

# The SDKs know 400, 401, 403, 404, 409, 420 and 500; to the Node SDK any other status is "unexpected".
STATUSES = {406: 400, 411: 400, 413: 400, 415: 400, 422: 400, 429: 420}


class Unsupported(AppError):
    """The call or option is known, and not offered here."""

    code = "unsupported"
    status = 400
    message = gettext_lazy("This is not supported here.")

    @classmethod
    def option(cls, name: str) -> "Unsupported":
        return cls(_("The option %(name)s is not supported here. See docs/cloudinary.md.") % {"name": name})


def handle_error(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, RequestDataTooBig):
        error = InvalidRequest(_("The text in this form is too long. Send large pictures as a file."))
    response = rest.handle_exception(error, context)
    if response is not None:
        response.data = {"error": {"message": response.data["detail"]}}
        response.status_code = STATUSES.get(response.status_code, response.status_code)
    return response


class DialectMiddleware:
    """Gives answers below PREFIX that no view of ours made the SDKs' error shape.

    All in English, whatever the caller's language: programs compare these sentences.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        request.META["HTTP_ACCEPT"] = "application/json"  # failures outside of views are told in JSON, too
        with translation.override("en"):
            response = self.get_response(request)
        if response.status_code >= 400:
            response = in_shape(response)
        return response


def in_shape(response: HttpResponse) -> HttpResponse:
    try:
        body = json.loads(response.content)
    except ValueError:
        body = {}
    if isinstance(body, dict) and "error" in body:
        return response
    message = body.get("detail") if isinstance(body, dict) else None
    shaped = JsonResponse(
        {"error": {"message": message or HTTPStatus(response.status_code).phrase}},
        status=STATUSES.get(response.status_code, response.status_code),
    )
    response.close()
    return shaped
