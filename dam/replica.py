"""Searches on a copy of the database that PostgreSQL keeps up to date, where it is fresh enough for who asks.

How fresh it is, is measured without writing: the primary is asked now and then how far its log has come, and the
replica how much of that it has replayed. Whoever has changed something lately is answered by a copy that has it, or by
the primary. Rights are asked of the primary for whatever is shown (`search.queries.assets_there`): a copy only ranks.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from threading import Lock
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)
T = TypeVar("T")

ALIAS = "replica"
LOOK_SECONDS = 0.2
AWAY_SECONDS = 10  # until one that could not be reached is asked again
LATELY = 600  # seconds in which somebody's own changes matter to them, and what was indexed for them
CLOCKS = 0.5  # seconds by which the clocks of web machines may differ
SAMPLES = 300
WRITTEN = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
REPLAYED = "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn"
INDEXED = "replica:indexed"
# Posted, and change nothing that is found.
SEARCHES = {"search", "search-ids", "search-facets", "search-by-image", "anchors"}

_reader: ContextVar[HttpRequest | None] = ContextVar("who reads", default=None)


class Copy:
    """What one process knows of the replica."""

    def __init__(self) -> None:
        self.looking = Lock()
        self.samples: deque[tuple[float, int]] = deque(maxlen=SAMPLES)
        self.shows = 0.0  # everything that was committed before then
        self.look_again = 0.0

    def look(self) -> float:
        """Until when, in seconds since 1970, all changes are in it; 0 where it cannot be reached."""
        if time.monotonic() < self.look_again or not self.looking.acquire(blocking=False):
            return self.shows
        try:
            self.look_again = time.monotonic() + LOOK_SECONDS
            now = time.time()
            self.samples.append((now, ask(DEFAULT_DB_ALIAS, WRITTEN) or 0))
            replayed = ask(ALIAS, REPLAYED)  # None of one that is no replica
            there = [moment for moment, written in self.samples if replayed is not None and written <= replayed]
            self.shows = max(there, default=self.shows if replayed is not None else 0.0)
        except (OperationalError, InterfaceError) as error:
            self.give_up(error)
        finally:
            self.looking.release()
        return self.shows

    def give_up(self, error: Exception) -> None:
        logger.warning("The replica cannot be asked, the primary answers: %s", " ".join(str(error).split())[:200])
        self.shows = 0.0
        self.look_again = time.monotonic() + AWAY_SECONDS
        connections[ALIAS].close()


copy = Copy()


def ask(alias: str, sql: str) -> int | None:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        (number,) = cursor.fetchone()
    return None if number is None else int(number)


def read(query: Callable[[Any], T]) -> T:
    """What `query` gives for a connection: the replica's where that will do, else the primary's."""
    primary = connections[DEFAULT_DB_ALIAS]
    if not is_fresh_enough():
        return query(primary)
    try:
        return query(connections[ALIAS])
    except (OperationalError, InterfaceError) as error:  # it went away, or had to choose between us and the primary
        copy.give_up(error)
        return query(primary)


def is_fresh_enough() -> bool:
    request = _reader.get()
    if not settings.REPLICA_URL or request is None or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return False
    now, shows = time.time(), copy.look()
    if now - shows > settings.REPLICA_LAG:
        return False
    changed = written_by(request)
    noted = cache.get_many([changed, INDEXED])
    wrote = noted.get(changed, 0.0)
    needed = max(wrote, noted.get(INDEXED, 0.0)) if now - wrote < LATELY else wrote
    return bool(shows > needed + CLOCKS)


def written_by(request: HttpRequest) -> str:
    return f"replica:wrote:{request.user.pk}"


def note_indexed() -> None:
    """That what was uploaded can be found from now on, as soon as a copy has it."""
    if settings.REPLICA_URL:
        cache.set(INDEXED, time.time(), LATELY)


class ReaderMiddleware:
    """Says who reads, and notes when they have changed something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.REPLICA_URL:
            return self.get_response(request)
        token = _reader.set(request)
        try:
            response = self.get_response(request)
        finally:
            _reader.reset(token)
        match = request.resolver_match
        if request.method not in {"GET", "HEAD", "OPTIONS"} and not (match and match.url_name in SEARCHES):
            cache.set(written_by(request), time.time(), LATELY)
        return response
