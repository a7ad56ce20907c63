"""The answer to a Query: one vector, one ranking, pages of it."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library.models import Asset, AssetQuerySet, User
from search import anchors, composition, nearest, relevance
from search.models import EmbeddingModel
from search.query import Query
from search.relevance import Band, Bands

RANKING = 1000  # how many of the nearest are ranked and can be paged through
REMEMBERED_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Hit:
    asset: Asset
    distance: float
    band: Band | None
    position: int  # in the ranking

    @property
    def score(self) -> float:
        """Cosine similarity."""
        return 1 - self.distance


@dataclass(frozen=True)
class Results:
    hits: list[Hit]
    next_cursor: str | None
    total: int  # how many can be paged through: min(1000, indexed pictures in scope)
    plan: Literal["exact", "index"]
    model: EmbeddingModel
    took_ms: dict[str, float] = field(default_factory=dict)
    strong: int = 0  # how many of those ranked so far are strong; more than the first look's 100 show on later pages
    weak_at: int | None = None  # the hit on this page from which on all are weak

    @property
    def server_timing(self) -> str:
        """The times as a `Server-Timing` header, which browsers show beside the request."""
        return ", ".join(f"{part};dur={took:.1f}" for part, took in self.took_ms.items())


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked ids, remembered under a token so that paging never searches again, skips or repeats."""

    token: str
    ids: list[UUID]
    distances: list[float]
    plan: Literal["exact", "index"]
    complete: bool  # false: the first of RANKING, the rest is ranked when somebody pages that far
    bands: Bands
    weak_from: int | None  # where the weak ones begin; once somebody has seen it, it stays

    def weak_at(self, hits: list[Hit], start: int) -> int | None:
        """The first weak one of the hits of the page that starts at this position, if the page before had none."""
        if self.weak_from is None or start > self.weak_from:
            return None
        return next((at for at, hit in enumerate(hits) if hit.position >= self.weak_from), None)

    @property
    def total(self) -> int:
        return len(self.ids) if self.complete else RANKING

    def followed_by(self, other: "Ranking") -> "Ranking":
        """What was shown stays where it was; what else the other ranking has comes after it."""
        known = set(self.ids)
        more = [pair for pair in zip(other.ids, other.distances, strict=True) if pair[0] not in known]
        ids = [*self.ids, *(pk for pk, _ignored in more)][:RANKING]
        distances = [*self.distances, *(distance for _pk, distance in more)][:RANKING]
        weak_from = self.bands.weak_from(distances) if self.weak_from is None else self.weak_from
        return Ranking(self.token, ids, distances, other.plan, other.complete, self.bands, weak_from)

    @staticmethod
    def key(user: User, token: str) -> str:
        return f"ranking:{user.pk}:{token}"

    def remember(self, user: User) -> None:
        cache.set(self.key(user, self.token), self, REMEMBERED_SECONDS)


def run(query: Query, user: User, *, limit: int = 50, cursor: str = "") -> Results:
    """One page of the pictures most similar to the query, nearest first.

    Raises InvalidRequest (nothing to search with, a bad cursor) and what `composition.vector_for` raises. `took_ms` has
    `encode`, `search`, `bands`, `load` and `total`.
    """
    started = time.perf_counter()
    if query.is_empty:
        raise InvalidRequest(_("Describe what you look for, or give an example picture."), code="empty_query")
    model = anchors.active_model()
    token, offset = parse_cursor(cursor)
    start = offset
    took = {"encode": 0.0, "search": 0.0, "bands": 0.0, "load": 0.0}
    ranking: Ranking | None = cache.get(Ranking.key(user, token)) if token else None
    if ranking is None:
        ranking = rank(query, user, model, took, enough=limit)
        ranking.remember(user)
    hits, offset = page(ranking, user, limit, offset, took)
    if len(hits) < limit and not ranking.complete:
        ranking = ranking.followed_by(rank(query, user, model, took))
        ranking.remember(user)
        more, offset = page(ranking, user, limit - len(hits), offset, took)
        hits += more
    took["total"] = 1000 * (time.perf_counter() - started)
    following = f"{ranking.token}.{offset}" if offset < ranking.total else None
    strong = ranking.bands.strong_among(ranking.distances)
    weak_at = ranking.weak_at(hits, start)
    return Results(hits, following, ranking.total, ranking.plan, model, took, strong, weak_at)


def rank(
    query: Query, user: User, model: EmbeddingModel, took: dict[str, float], *, enough: int | None = None
) -> Ranking:
    """Encode and search, all of RANKING or at least `enough`. The times are added to `took`, in milliseconds."""
    started = time.perf_counter()
    vector = composition.vector_for(query, user, model)
    encoded = time.perf_counter()
    found = nearest.search(vector, scope(query, user), RANKING, model, enough=enough)
    searched = time.perf_counter()
    distances = [neighbour.distance for neighbour in found.neighbours]
    bands = relevance.bands_for(query, vector, model)
    took["encode"] += 1000 * (encoded - started)
    took["search"] += 1000 * (searched - encoded)
    took["bands"] += 1000 * (time.perf_counter() - searched)
    return Ranking(
        token=secrets.token_urlsafe(12),
        ids=[neighbour.asset_id for neighbour in found.neighbours],
        distances=distances,
        plan=found.plan,
        complete=found.complete,
        bands=bands,
        weak_from=bands.weak_from(distances),
    )


def scope(query: Query, user: User) -> AssetQuerySet:
    """The assets that may be found: visible, live, not excluded, within the filters."""
    assets = Asset.objects.visible_to(user).live().filter(library=query.library, visual_search=True)
    return query.filters.apply(assets)


def page(ranking: Ranking, user: User, limit: int, offset: int, took: dict[str, float]) -> tuple[list[Hit], int]:
    """The next `limit` hits from `offset`, and where to go on. What has been deleted meanwhile is passed over."""
    started = time.perf_counter()
    hits: list[Hit] = []
    while len(hits) < limit and offset < len(ranking.ids):
        ids = ranking.ids[offset : offset + limit - len(hits)]
        found = Asset.objects.visible_to(user).live().in_bulk(ids)
        for position, pk in enumerate(ids, offset):
            if pk in found:
                distance = ranking.distances[position]
                hits.append(Hit(found[pk], distance, ranking.bands.of(distance), position))
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
