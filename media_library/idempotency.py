"""`Idempotency-Key`: a POST that is sent again, because nobody knows whether it arrived, is done once.

What the request makes and what it is answered are committed in one transaction, which holds an advisory lock of the
key. So the answer is there if, and only if, the thing is; and whatever ends the process also ends lock and transaction,
after which the request can be repeated. What was refused made nothing, and is not kept.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.response import Response

from dam.errors import AppError, InvalidRequest
from dam.rendering import Renderer
from media_library.models import KeptAnswer, User

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
JSON = "application/json"
KEPT_HEADERS = ("ETag", "Location")


class StillRunning(AppError):
    code = "idempotency_still_running"
    status = 409
    retry_after = 1
    message = _("The first request with this Idempotency-Key is still being worked on. Ask again in a moment.")


class OtherRequest(AppError):
    code = "idempotency_key_reused"
    status = 422
    message = _("This Idempotency-Key was used for another request within the last 24 hours. Take a new one.")


def once(user: User, key: str, seen: str, post: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer of `post`, or the one that a request with the same key and fingerprint was given before.

    Raises InvalidRequest, StillRunning and OtherRequest.
    """
    if not KEY.fullmatch(key):
        message = _("An Idempotency-Key has 1 to 255 letters, digits and signs of ASCII, without spaces.")
        raise InvalidRequest(message, code="bad_idempotency_key")
    with transaction.atomic():
        lock(user.pk, key)
        kept = KeptAnswer.objects.live().filter(user=user, key=key).first()
        if kept is None:
            answer = post()
            keep(user.pk, key, seen, answer)
            return answer
    if kept.fingerprint != seen:
        raise OtherRequest
    return replayed(kept)


def lock(user: int, key: str) -> None:
    """Until the end of the transaction. Raises StillRunning."""
    number = int.from_bytes(hashlib.sha256(f"idempotency {user} {key}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (locked,) = cursor.fetchone() or (False,)
    if not locked:
        raise StillRunning


def fingerprint(*said: Any) -> str:
    """Of address and content. Of a form its fields and files, as the boundary between them is another each time."""
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
    if isinstance(answer, HttpResponse) and answer.status_code < 400:
        headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
        if isinstance(answer, Response):
            body = Renderer().render(answer.data).decode()
        else:
            body = answer.content.decode()
            headers["Content-Type"] = answer["Content-Type"]
        KeptAnswer.objects.create(
            user_id=user, key=key, fingerprint=seen, status=answer.status_code, headers=headers, body=body
        )


def replayed(kept: KeptAnswer) -> HttpResponse:
    headers = {"Content-Type": JSON} | kept.headers | {"Idempotency-Replayed": "true"}
    return HttpResponse(kept.body, status=kept.status, headers=headers)
