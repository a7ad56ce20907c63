"""A little site behind the real middleware and upload handler: settings, URLs and views in one module."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from dam.errors import Busy, NotFound
from tests.little_site import *  # noqa: F403

ROOT_URLCONF = __name__
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "dam.middleware.UploadLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "dam.middleware.AppErrorMiddleware",
]


def received(request: HttpRequest) -> HttpResponse:
    files = [{"name": file.name, "size": file.size} for file in request.FILES.getlist("file")]
    return JsonResponse({"files": files, "fields": request.POST.dict()})


def reads_nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("no", status=401)


def missing(request: HttpRequest) -> HttpResponse:
    raise NotFound


def busy(request: HttpRequest) -> HttpResponse:
    raise Busy


urlpatterns = [
    path("page/", received),
    path("many/", received, name="upload"),
    path("api/files/", csrf_exempt(received)),
    path("api/stranger/", csrf_exempt(reads_nothing)),
    path("missing/", missing),
    path("busy/", busy),
    path("api/missing/", missing),
]
