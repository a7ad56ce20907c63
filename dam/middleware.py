"""Where pages meet failures: what is too large is refused early, and AppError becomes an answer that can be read."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from rest_framework.response import Response

from dam.errors import AppError, as_app_error
from media_library.parameters import require_text
from media_library.refusals import megabytes, too_large

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

FORM_OVERHEAD = 1024 * 1024  # boundaries, headers and the other fields of a form
# The upload page posts one file at a time; without JavaScript it posts all of them at once.
# A picture in a data URI is a third longer, and more if it is broken into lines.
DATA_URI = 1.4
FILES_AT_ONCE = {"upload": 10, "visual-layer:add-media": 10, "cloudinary-upload": DATA_URI}


class UploadLimitMiddleware:
    """Refuses bodies that are too large, before they are read, with an answer that arrives.

    Most requests carry at most one file, so their Content-Length is at most settings.MAX_UPLOAD_BYTES and a little
    for the form. The upload page, named in FILES_AT_ONCE, may send several such files. Each single file is capped by
    `media_library.uploads.CappedUploadHandler` while it arrives. Forms are parsed here rather than in Django's CSRF
    check, out of which an exception could only become a page that says "server error".
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        try:
            check_length(request)
            if is_parsed_by_csrf_check(request, view):
                read_form(request)
        except AppError as error:
            return refusal(request, view, error)
        return None


class TextMiddleware:
    """Refuses addresses and forms with text that cannot be stored or looked for; `media_library.api.base.validated`
    does the same to the bodies of REST."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        try:
            if "%00" in request.META.get("QUERY_STRING", ""):
                require_text(request.GET)
            if is_parsed_by_csrf_check(request, view):
                require_text(request.POST)
        except AppError as error:
            return refusal(request, view, error)
        return None


class AppErrorMiddleware:
    """Answers an AppError that a view raised with its sentence, code and status."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        error = as_app_error(exception)
        return error_response(request, error) if error else None


class LetGoMiddleware:
    """Lets go of what a REST answer was written from.

    The framework's view and answer refer to each other. With them a thousand objects for fifty pictures would wait to
    be collected, which happens every few dozen such answers and takes as long as several of them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, Response):
            response.data = None
        return response


def refusal(request: HttpRequest, view: Any, error: AppError) -> HttpResponse:
    """What is refused before a view is reached, as that view tells failures: dialects have a form of their own."""
    tell: Callable[[HttpRequest, AppError], HttpResponse] = getattr(view, "failure_response", error_response)
    return tell(request, error)


def error_response(request: HttpRequest, error: AppError) -> HttpResponse:
    """JSON for programs, a partial for htmx, a page for people."""
    message = str(error.message)
    if wants_json(request):
        response: HttpResponse = JsonResponse(
            {"detail": message, "code": error.code, **error.data}, status=error.status
        )
    else:
        template = "_error.html" if request.headers.get("HX-Request") == "true" else "error.html"
        context = {"error": error, "status": error.status, "message": message, "code": error.code}
        response = render(request, template, context, status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response


def wants_json(request: HttpRequest) -> bool:
    if request.path.startswith("/api/"):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def check_length(request: HttpRequest) -> None:
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower() and not request.META.get("CONTENT_LENGTH"):
        # Django reads no more than Content-Length says: the body would silently count as empty.
        raise AppError(_("Say how long the upload is: send a Content-Length."), code="length_required", status=411)
    length = request.META.get("CONTENT_LENGTH") or "0"
    view_name = request.resolver_match.view_name if request.resolver_match else ""
    files = FILES_AT_ONCE.get(view_name, 1)
    if not length.isdecimal() or int(length) <= with_form(files):
        return
    if files < 2:
        raise too_large()
    raise AppError(
        _("These files are larger than {limit} together. Upload fewer at a time.").format(
            limit=megabytes(int(files) * settings.MAX_UPLOAD_BYTES)
        ),
        code="too_large",
        status=413,
    )


def with_form(files: float) -> int:
    return int(files * settings.MAX_UPLOAD_BYTES) + FORM_OVERHEAD


def is_too_long(path: str, length: int) -> bool:
    """What `check_length` will say, for who receives bodies and need not receive this one."""
    if length <= with_form(1):
        return False
    try:
        name = resolve(path).view_name
    except Resolver404:
        return True
    return length > with_form(FILES_AT_ONCE.get(name, 1))


def is_parsed_by_csrf_check(request: HttpRequest, view: Any) -> bool:
    # Without the cookie the check fails before it looks into the form, and nothing is read from a stranger.
    return (
        request.method == "POST"
        and not getattr(view, "csrf_exempt", False)
        and settings.CSRF_COOKIE_NAME in request.COOKIES
    )


def read_form(request: HttpRequest) -> None:
    try:
        request.POST  # noqa: B018  parses form and files, once
    except UnreadablePostError:
        logger.info("The client went away during an upload.")
    except RequestDataTooBig as error:
        raise AppError(_("The text in this form is too long."), code="too_large", status=413) from error
