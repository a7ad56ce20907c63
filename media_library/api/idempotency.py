"""`Idempotency-Key` of REST: see `media_library.idempotency`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from media_library.api.base import caller
from media_library.idempotency import HEADER, fingerprint, once

Post = Callable[..., HttpResponseBase]


def idempotent(post: Post) -> Post:
    """Of a view's method that makes something in the database. Below `extend_schema`, which describes the header.

    A view whose requests say something in headers names those in `telling_headers`. Raises InvalidRequest, StillRunning
    and OtherRequest.
    """

    @wraps(post)
    def at_most_once(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.headers.get(HEADER)
        if key is None:
            return post(view, request, *args, **kwargs)
        for owner in ("library", "asset", "source", "field"):  # who may no longer see them is not told the answer
            getattr(view, owner, None)
        return once(caller(request), key, seen(view, request), lambda: post(view, request, *args, **kwargs))

    at_most_once.is_idempotent = True  # type: ignore[attr-defined]  # for the schema
    return at_most_once


def seen(view: Any, request: Request) -> str:
    data = dict(request.data.lists()) if hasattr(request.data, "lists") else request.data
    headers = [request.headers.get(name) for name in getattr(view, "telling_headers", ())]
    return fingerprint(request.method, request.get_full_path(), data, *headers)
