"""Assets by relevance: ranked once, remembered under a token, then pages of it that skip and repeat nothing."""

import secrets
from dataclasses import replace
from uuid import UUID

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library import words
from media_library.filters import AssetFilters, ranked_in
from media_library.models import Asset, AssetQuerySet, User
from media_library.paging import Page

MOST = 1000  # that are ranked and can be paged through
REMEMBERED_SECONDS = 1800


class BadCursor(InvalidRequest):
    code = "bad_cursor"
    message = _("This cursor is not valid or has expired. Start again without one.")


def page(filters: AssetFilters, assets: AssetQuerySet, user: User, *, limit: int, cursor: str = "") -> Page[Asset]:
    """One page of what passes the filters, best first: by the words of `q`, else as the collection's search ranks.

    Raises InvalidRequest where neither is there to rank by.
    """
    token, start = parse(cursor)
    ids = cache.get(key(user, token)) if token else ranking(filters, assets, user)
    if ids is None:
        raise BadCursor
    if not token:
        token = secrets.token_urlsafe(12)
        cache.set(key(user, token), ids, REMEMBERED_SECONDS)
    shown: list[Asset] = []
    while len(shown) < limit and start < len(ids):
        part = ids[start : start + limit - len(shown)]
        found = assets.with_tag_names().in_bulk(part)  # what has gone since is passed over
        shown += [found[pk] for pk in part if pk in found]
        start += len(part)
    return Page(shown, f"{token}.{start}" if start < len(ids) else None)


def ranking(filters: AssetFilters, assets: AssetQuerySet, user: User) -> list[UUID]:
    if filters.keywords:
        passing = filters.apply(assets, user)
        matches = passing.ranked_by_words(words.terms(filters.library, filters.keywords, user), MOST)
        best = [match.asset_id for match in matches.found]
        # What has only parts of words, or words that are too common to rank by, comes after them.
        rest = passing.exclude(pk__in=best).order_by("-created_at", "id").values_list("pk", flat=True)
        return [*best, *rest[: MOST - len(best)]]
    if not (filters.collection and filters.collection.is_search):
        raise InvalidRequest(
            _("There is no relevance to sort by: give words (q), or a collection that is a search."), code="bad_sort"
        )
    ids = ranked_in(filters.collection, user)
    passing = replace(filters, collection=None).apply(assets, user)
    kept = set(passing.filter(pk__in=ids).values_list("pk", flat=True))
    return [pk for pk in ids if pk in kept]


def parse(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "", 0
    token, _dot, start = cursor.rpartition(".")
    if not token or len(token) > 32 or not start.isdecimal() or int(start[:9]) > MOST:
        raise BadCursor
    return token, int(start[:9])


def key(user: User, token: str) -> str:
    return f"ranked:1:{user.pk}:{token}"
