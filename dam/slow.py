"""Which requests took long, and on what: kept for the console, the newest first.

Neither addresses nor values are kept, only names of routes and statements without their parameters: an address may
hold the secret of a share link, and a query what somebody looks for. The id leads to the lines of the log.
"""

import json
import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse

from dam import logs, metrics

logger = logging.getLogger(__name__)

KEY = "dam-slow"
KEPT = 100
STATEMENT = 1000  # characters
UNKNOWN = "-"  # no route


@dataclass
class Watch:
    """What the database did for one request."""

    queries: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    statement: str = ""
    search: dict[str, Any] = field(default_factory=dict)  # plan, and milliseconds of its parts

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  as Django has it
        since = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            took = time.perf_counter() - since
            self.queries += 1
            self.seconds += took
            if took > self.slowest:
                self.slowest, self.statement = took, sql


watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


class SlowMiddleware:
    """Times every request; remembers the slow ones."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        watching, since = Watch(), time.perf_counter()
        token = watch.set(watching)
        try:
            with connection.execute_wrapper(watching):
                response = self.get_response(request)
        finally:
            watch.reset(token)
        took = time.perf_counter() - since
        route = route_of(request)
        method = request.method if request.method in METHODS else "other"
        metrics.observe("dam_request_seconds", took, route, str(method), str(response.status_code))
        if took > settings.SLOW_SECONDS:
            remember(route, str(method), response.status_code, took, watching)
        return response


METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def route_of(request: HttpRequest) -> str:
    """The name of its route, or the pattern where it has none."""
    match = request.resolver_match
    return (match.view_name or match.route or UNKNOWN) if match else UNKNOWN


def searched(kind: str, plan: str, took_ms: dict[str, float]) -> None:
    """Of a search that was just answered; `took_ms` has its parts and `total`."""
    metrics.observe("dam_search_seconds", took_ms["total"] / 1000, kind, plan)
    for part, milliseconds in took_ms.items():
        if part != "total":
            metrics.observe("dam_search_part_seconds", milliseconds / 1000, part)
    if watching := watch.get():
        watching.search = {"plan": plan, **{part: round(milliseconds) for part, milliseconds in took_ms.items()}}


def remember(route: str, method: str, status: int, took: float, watching: Watch) -> None:
    told = {
        "at": time.time(),
        "route": route,
        "method": method,
        "status": status,
        "seconds": round(took, 3),
        "queries": watching.queries,
        "database": round(watching.seconds, 3),
        "slowest": round(watching.slowest, 3),
        "statement": " ".join(watching.statement.split())[:STATEMENT],
        "search": watching.search,
        "request_id": logs.request_id(),
    }
    logger.warning(
        "%s %s took %.1f s: %.1f s of it %d queries.", method, route, took, watching.seconds, watching.queries
    )
    try:
        pipe = client().pipeline(transaction=True)
        pipe.lpush(name(), json.dumps(told)).ltrim(name(), 0, KEPT - 1)
        pipe.execute()
    except redis.RedisError as error:
        logger.debug("It is not remembered: %s", error)


def newest(most: int = 20) -> list[dict[str, Any]]:
    """Raises RedisError."""
    return [read(told) for told in client().lrange(name(), 0, most - 1)]


def read(told: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told)
    return {**found, "at": datetime.fromtimestamp(found["at"], UTC)}


def forget() -> None:
    client().delete(name())


def name() -> str:
    return str(cache.make_key(KEY))


def client() -> Any:
    return cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]  # the one client of dam.cache
