"""The REST edge: how failures are told, and what every endpoint's answer has in common."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from dam.errors import as_app_error
from dam.throttling import AnonymousThrottle

NOT_SIGNED_IN = (exceptions.NotAuthenticated, exceptions.AuthenticationFailed)
CODES = {404: "not_found", 405: "method_not_allowed", 406: "not_acceptable", 415: "unsupported_media_type"}


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """`{"detail", "code", "fields"?}` with the failure's status; None (a 500) for what nobody foresaw."""
    if known := as_app_error(error):
        body = {"detail": str(known.message), "code": known.code, **known.data}
        headers = {} if known.retry_after is None else {"Retry-After": str(known.retry_after)}
        return Response(body, known.status, headers=headers)
    if isinstance(error, NOT_SIGNED_IN):
        error = throttled(context) or error
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is not None and isinstance(error, exceptions.APIException):
        response.data = body_of(error)
    return response


def throttled(context: dict[str, Any]) -> exceptions.Throttled | None:
    """Views ask for their throttles only once somebody has signed in: those who could not are counted here."""
    throttle = AnonymousThrottle()
    if throttle.allow_request(context["request"], context["view"]):
        return None
    return exceptions.Throttled(throttle.wait())


def body_of(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
        field, first = next(iter(detail.items()))
        while isinstance(first, dict | list) and first:  # of a list or an object, by position or name
            first = next(iter(first.values() if isinstance(first, dict) else first))
        sentence = str(first) if field == "non_field_errors" else f"{field}: {first}"
        return {"detail": sentence, "code": "invalid", "fields": detail}
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else CODES.get(error.status_code, "error")
    return {"detail": str(error.detail), "code": code}
