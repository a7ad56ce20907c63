"""A little site behind the product's own web server, whose answers wait until they are let go."""

import os
from pathlib import Path
from threading import Event

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.little_site import *  # noqa: F403

ROOT_URLCONF = __name__
MIDDLEWARE = [
    "django.middleware.locale.LocaleMiddleware",
    "dam.web.busy.BusyMiddleware",
    "dam.middleware.UploadLimitMiddleware",
    "dam.middleware.AppErrorMiddleware",
]
let_go = Event()


def healthz(request: HttpRequest) -> HttpResponse:
    """Let through however much there is to do; `?go` lets go of all that are held."""
    if "go" in request.GET:
        let_go.set()
    return HttpResponse("ok")


def quick(request: HttpRequest) -> HttpResponse:
    from dam.web import connections  # which needs these settings

    connections.HEAD_SECONDS = connections.BODY_SECONDS = 300  # where the machine is busy, the tests are the slow ones
    return JsonResponse({"bytes": len(request.body)})


def held(request: HttpRequest) -> HttpResponse:
    let_go.wait(60)
    return HttpResponse("held")


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(os.environ["SITE_FILE"]).open("rb"))


def stream(request: HttpRequest) -> HttpResponse:
    from django.http import StreamingHttpResponse

    return StreamingHttpResponse(b"x" * 2**20 for _ in range(200))  # type: ignore[return-value]


urlpatterns = [
    path("healthz", healthz),
    path("api/quick/", csrf_exempt(quick)),
    path("held/", held),
    path("file/", file),
    path("stream/", stream),
]
