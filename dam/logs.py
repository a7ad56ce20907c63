"""Log lines that say which request they belong to, in web and workers: `DAM_LOG_FORMAT=json` for machines.

A request's id is the caller's `X-Request-ID`, or a new one; it is answered in the same header, and tasks that the
request has sent carry it on. Periodic tasks have one of their own.
"""

import json
import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
CARRIED = "dam_request_id"  # in the headers of a message to a worker
_id: ContextVar[str] = ContextVar("request id", default="")


def request_id() -> str:
    """Empty outside of requests and tasks."""
    return _id.get()


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")  # `headers` would be fixed from here on: dialects change them
        token = _id.set(given if GIVEN.fullmatch(given) else uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            response[HEADER] = _id.get()
            return response
        finally:
            _id.reset(token)


@before_task_publish.connect
def carry(headers: dict[str, Any] | None = None, **kwargs: object) -> None:
    if headers is not None and (current := _id.get()):
        headers[CARRIED] = current


@task_prerun.connect
def take(task: Task, **kwargs: object) -> None:
    if not task.request.is_eager:  # then it is its caller's
        _id.set(getattr(task.request, CARRIED, None) or uuid.uuid4().hex)


@task_postrun.connect
def leave(task: Task, **kwargs: object) -> None:
    if not task.request.is_eager:
        _id.set("")


class OfRequest(logging.Filter):
    """Adds `request_id` to each record; `-` where there is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _id.get() or "-"
        return True


class Json(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
            "process": record.process,
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)
