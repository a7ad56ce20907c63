"""`Idempotency-Key`: a POST that is sent again, because nobody knows whether it arrived, is done once.

What the request makes and what it is answered are committed in one transaction, which holds an advisory lock of the
key. So the answer is there if, and only if, the thing is; and whatever ends the process also ends lock and transaction,
after which the request can be repeated. What was refused made nothing, and is not kept.
"""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.errors import AppError, InvalidRequest
from dam.rendering import Renderer
from media_library.api.base import caller
from media_library.models import KeptAnswer

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("ETag", "Location")

Post = Callable[..., HttpResponseBase]


class StillRunning(AppError):
    code = "idempotency_still_running"
    status = 409
    retry_after = 1
    message = _("The first request with this Idempotency-Key is still being worked on. Ask again in a moment.")


class OtherRequest(AppError):
    code = "idempotency_key_reused"
    status = 422
    message = _("This Idempotency-Key was used for another request within the last 24 hours. Take a new one.")


def idempotent(post: Post) -> Post:
    """Of a view's method that makes something in the database. Below `extend_schema`, which describes the header.

    Raises InvalidRequest, StillRunning and OtherRequest.
    """

    @wraps(post)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.headers.get(HEADER)
        if key is None:
            return post(view, request, *args, **kwargs)
        if not KEY.fullmatch(key):
            message = _("An Idempotency-Key has 1 to 255 letters, digits and signs of ASCII, without spaces.")
            raise InvalidRequest(message, code="bad_idempotency_key")
        for owner in ("library", "asset", "source", "field"):  # who may no longer see them is not told the answer
            getattr(view, owner, None)
        user, seen = caller(request), fingerprint(request)
        with transaction.atomic():
            lock(user.pk, key)
            kept = KeptAnswer.objects.live().filter(user=user, key=key).first()
            if kept is None:
                answer = post(view, request, *args, **kwargs)
                keep(user.pk, key, seen, answer)
                return answer
        if kept.fingerprint != seen:
            raise OtherRequest
        return replayed(kept)

    once.is_idempotent = True  # type: ignore[attr-defined]  # for the schema
    return once


def lock(user: int, key: str) -> None:
    """Until the end of the transaction. Raises StillRunning."""
    number = int.from_bytes(hashlib.sha256(f"idempotency {user} {key}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (locked,) = cursor.fetchone() or (False,)
    if not locked:
        raise StillRunning


def fingerprint(request: Request) -> str:
    """Of address and content; of a form its fields and files, as the boundary between them is another each time."""
    data = dict(request.data.lists()) if hasattr(request.data, "lists") else request.data
    said = [request.method, request.get_full_path(), data]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=digest).encode()).hexdigest()


def digest(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return str(value)
    value.seek(0)
    content = hashlib.file_digest(value, "sha256").hexdigest()
    value.seek(0)
    return [value.name, content]


def keep(user: int, key: str, seen: str, answer: HttpResponseBase) -> None:
    KeptAnswer.objects.expired().filter(user=user, key=key).delete()
    if isinstance(answer, Response) and answer.status_code < 400:
        KeptAnswer.objects.create(
            user_id=user,
            key=key,
            fingerprint=seen,
            status=answer.status_code,
            headers={name: answer[name] for name in KEPT_HEADERS if name in answer},
            body=Renderer().render(answer.data).decode(),
        )


def replayed(kept: KeptAnswer) -> HttpResponse:
    headers = kept.headers | {"Idempotency-Replayed": "true"}
    return HttpResponse(kept.body, status=kept.status, content_type="application/json", headers=headers)
