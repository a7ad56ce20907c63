"""An administrator's own latest searches, to compare two models with.

Kept in Redis, for nobody but those who may switch models, and shown to nobody but their owner: at most KEPT of them,
gone KEPT_FOR after the last one, or when their owner clears them. What is kept is what the address of the search holds.
"""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.http import QueryDict
from django.utils.http import urlencode

from dam.errors import AppError
from media_library.models import Library, User
from search.query import Query
from search.switching import may_switch_models

KEPT = 20
KEPT_FOR = timedelta(days=14)


class Entry(NamedTuple):
    library: UUID
    params: str  # URL parameters


def key(user: User) -> str:
    return f"recent-searches:{user.pk}"


def remember(query: Query, user: User) -> None:
    """Put a search that was answered in front of the others."""
    if not may_switch_models(user):
        return
    entry = Entry(query.library.pk, urlencode(query.params()))
    others = [other for other in cache.get(key(user), []) if other != entry]
    cache.set(key(user), [entry, *others][:KEPT], KEPT_FOR.total_seconds())


def of_user(user: User) -> list[Query]:
    """The latest first, without those that cannot be asked any more."""
    entries: list[Entry] = cache.get(key(user), [])
    libraries = Library.objects.visible_to(user).in_bulk({entry.library for entry in entries})
    queries = []
    for entry in entries:
        if entry.library in libraries and (query := parse(libraries[entry.library], user, entry.params)):
            queries.append(query)
    return queries


def parse(library: Library, user: User, params: str) -> Query | None:
    try:
        return Query.from_params(library, QueryDict(params), user)
    except AppError:  # its folder has been deleted since
        return None


def clear(user: User) -> None:
    cache.delete(key(user))
