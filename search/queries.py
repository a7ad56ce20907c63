"""The answer to a Query: one vector, one ranking, pages of it."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Literal

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library.models import Asset, AssetQuerySet, User
from search import anchors, composition, fusion, nearest
from search.fusion import Fused
from search.models import EmbeddingModel
from search.query import Query

RANKING = 1000  # how many of the nearest are ranked and can be paged through
REMEMBERED_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Hit:
    asset: Asset
    distance: float | None  # None: found by its words, and not (or not yet) in visual search
    reasons: tuple[str, ...] = (fusion.VISUAL,)

    @property
    def score(self) -> float | None:
        """Cosine similarity."""
        return None if self.distance is None else 1 - self.distance


@dataclass(frozen=True)
class Results:
    hits: list[Hit]
    next_cursor: str | None
    total: int  # how many can be paged through: min(1000, pictures in scope that are indexed or have the words)
    plan: Literal["exact", "index"]
    model: EmbeddingModel
    took_ms: dict[str, float] = field(default_factory=dict)

    @property
    def server_timing(self) -> str:
        """The times as a `Server-Timing` header, which browsers show beside the request."""
        return ", ".join(f"{part};dur={took:.1f}" for part, took in self.took_ms.items())


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked ids, remembered under a token so that paging never searches again, skips or repeats."""

    token: str
    fused: Fused
    plan: Literal["exact", "index"]
    complete: bool  # false: the first of RANKING, the rest is ranked when somebody pages that far

    @property
    def total(self) -> int:
        return len(self.fused.ids) if self.complete else RANKING

    def followed_by(self, other: "Ranking") -> "Ranking":
        """What was shown stays where it was; what else the other ranking has comes after it."""
        return Ranking(self.token, self.fused.followed_by(other.fused, RANKING), other.plan, other.complete)

    @staticmethod
    def key(user: User, token: str) -> str:
        return f"ranking:{user.pk}:{token}"

    def remember(self, user: User) -> None:
        cache.set(self.key(user, self.token), self, REMEMBERED_SECONDS)


def run(query: Query, user: User, *, limit: int = 50, cursor: str = "") -> Results:
    """One page of the pictures most similar to the query, nearest first.

    Raises InvalidRequest (nothing to search with, a bad cursor) and what `composition.vector_for` raises. `took_ms` has
    `encode`, `search`, `load` and `total`.
    """
    started = time.perf_counter()
    if query.is_empty:
        raise InvalidRequest(_("Describe what you look for, or give an example picture."), code="empty_query")
    model = anchors.active_model()
    token, offset = parse_cursor(cursor)
    took = {"encode": 0.0, "search": 0.0, "load": 0.0}
    ranking: Ranking | None = cache.get(Ranking.key(user, token)) if token else None
    if ranking is None:
        ranking = rank(query, user, model, took, enough=limit)
        ranking.remember(user)
    hits, offset = page(query, ranking, user, limit, offset, took)
    if len(hits) < limit and not ranking.complete:
        ranking = ranking.followed_by(rank(query, user, model, took))
        ranking.remember(user)
        more, offset = page(query, ranking, user, limit - len(hits), offset, took)
        hits += more
    took["total"] = 1000 * (time.perf_counter() - started)
    following = f"{ranking.token}.{offset}" if offset < ranking.total else None
    return Results(hits, following, ranking.total, ranking.plan, model, took)


def rank(
    query: Query, user: User, model: EmbeddingModel, took: dict[str, float], *, enough: int | None = None
) -> Ranking:
    """Encode and search, all of RANKING or at least `enough`. The times are added to `took`, in milliseconds."""
    started = time.perf_counter()
    vector = composition.vector_for(query, user, model)
    encoded = time.perf_counter()
    assets = named(query, user)
    found = nearest.search(vector, assets.filter(visual_search=True), RANKING, model, enough=enough)
    if query.reads_words:
        fused = fusion.fuse(query, vector, found, assets, model, RANKING)
    else:
        fused = fusion.visual_only(found)
    took["encode"] += 1000 * (encoded - started)
    took["search"] += 1000 * (time.perf_counter() - encoded)
    return Ranking(secrets.token_urlsafe(12), fused, found.plan, found.complete)


def named(query: Query, user: User) -> AssetQuerySet:
    """The assets that may be found by their words: visible, live, within the filters."""
    return query.filters.apply(Asset.objects.visible_to(user).live().filter(library=query.library))


def scope(query: Query, user: User) -> AssetQuerySet:
    """The assets that may be found by their looks: those of them that are not excluded."""
    return named(query, user).filter(visual_search=True)


def page(
    query: Query, ranking: Ranking, user: User, limit: int, offset: int, took: dict[str, float]
) -> tuple[list[Hit], int]:
    """The next `limit` hits from `offset`, and where to go on. What has been deleted meanwhile is passed over."""
    started = time.perf_counter()
    fused = ranking.fused
    hits: list[Hit] = []
    while len(hits) < limit and offset < len(fused.ids):
        ids = fused.ids[offset : offset + limit - len(hits)]
        found = Asset.objects.visible_to(user).live().in_bulk(ids)
        reasons = fusion.reasons(query.library, list(found), fused)
        for position, pk in enumerate(ids, offset):
            if pk in found:
                hits.append(Hit(found[pk], fused.distances[position], reasons[pk]))
        offset += len(ids)
    took["load"] += 1000 * (time.perf_counter() - started)
    return hits, offset


def parse_cursor(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "", 0
    token, _dot, offset = cursor.rpartition(".")
    if not token or not offset.isdecimal() or int(offset) > RANKING:
        raise InvalidRequest(_("This cursor is not valid. Start again without one."), code="bad_cursor")
    return token, int(offset)
