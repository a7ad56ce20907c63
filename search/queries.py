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
from search import anchors, composition, nearest
from search.models import EmbeddingModel, Region
from search.query import OBJECTS, Query

RANKING = 1000  # how many of the nearest are ranked and can be paged through
REMEMBERED_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Hit:
    asset: Asset
    distance: float
    region: Region | None = None  # which part of the asset was found, among OBJECTS

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
    model_id: int

    @property
    def total(self) -> int:
        return len(self.ids) if self.complete else RANKING

    def followed_by(self, other: "Ranking") -> "Ranking":
        """What was shown stays where it was; what else the other ranking has comes after it."""
        known = set(self.ids)
        more = [pair for pair in zip(other.ids, other.distances, strict=True) if pair[0] not in known]
        ids = [*self.ids, *(pk for pk, _ignored in more)][:RANKING]
        distances = [*self.distances, *(distance for _pk, distance in more)][:RANKING]
        return Ranking(self.token, ids, distances, other.plan, other.complete, self.model_id)

    @staticmethod
    def key(user: User, token: str) -> str:
        return f"ranking:{user.pk}:{token}"

    def remember(self, user: User) -> None:
        cache.set(self.key(user, self.token), self, REMEMBERED_SECONDS)


def run(query: Query, user: User, *, limit: int = 50, cursor: str = "", model: EmbeddingModel | None = None) -> Results:
    """One page of the pictures most similar to the query, nearest first: under the active model if none is given.

    Raises InvalidRequest (nothing to search with, a bad cursor) and what `composition.vector_for` raises. `took_ms` has
    `encode`, `search`, `load` and `total`.
    """
    started = time.perf_counter()
    if query.is_empty:
        raise InvalidRequest(_("Describe what you look for, or give an example picture."), code="empty_query")
    model = model or anchors.active_model()
    token, offset = parse_cursor(cursor)
    took = {"encode": 0.0, "search": 0.0, "load": 0.0}
    ranking, model = remembered(user, token, model)
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
    found = nearest.search(vector, scope(query, user), RANKING, model, modality=query.modality, enough=enough)
    took["encode"] += 1000 * (encoded - started)
    took["search"] += 1000 * (time.perf_counter() - encoded)
    return Ranking(
        token=secrets.token_urlsafe(12),
        ids=[neighbour.id for neighbour in found.neighbours],
        distances=[neighbour.distance for neighbour in found.neighbours],
        plan=found.plan,
        complete=found.complete,
        model_id=model.pk,
    )


def remembered(user: User, token: str, model: EmbeddingModel) -> tuple[Ranking | None, EmbeddingModel]:
    """The ranking of a token and the model it goes on with: its own, though another one has been switched to since.

    When its own has been dropped, too, the search starts anew under `model`.
    """
    ranking: Ranking | None = cache.get(Ranking.key(user, token)) if token else None
    if ranking is None or ranking.model_id == model.pk:
        return ranking, model
    own = EmbeddingModel.objects.kept().filter(pk=ranking.model_id).first()
    return (ranking, own) if own else (None, model)


def scope(query: Query, user: User) -> nearest.Scope:
    """What may be found: assets that are visible, live, not excluded and within the filters, or their regions."""
    assets = assets_in_scope(query, user)
    if query.entity_type == OBJECTS:
        regions = Region.objects.filter(asset__in=assets.order_by().values("pk"))
        return regions.labelled(query.labels) if query.labels else regions
    if query.labels:
        return assets.filter(pk__in=Region.objects.labelled(query.labels).values("asset"))
    return assets


def assets_in_scope(query: Query, user: User) -> AssetQuerySet:
    assets = Asset.objects.visible_to(user).live().filter(library=query.library, visual_search=True)
    return query.filters.apply(assets)


def page(
    query: Query, ranking: Ranking, user: User, limit: int, offset: int, took: dict[str, float]
) -> tuple[list[Hit], int]:
    """The next `limit` hits from `offset`, and where to go on. What has been deleted meanwhile is passed over."""
    started = time.perf_counter()
    hits: list[Hit] = []
    while len(hits) < limit and offset < len(ranking.ids):
        ids = ranking.ids[offset : offset + limit - len(hits)]
        found = loaded(query, user, ids)
        hits += [
            Hit(found[pk][0], ranking.distances[position], found[pk][1])
            for position, pk in enumerate(ids, offset)
            if pk in found
        ]
        offset += len(ids)
    took["load"] += 1000 * (time.perf_counter() - started)
    return hits, offset


def loaded(query: Query, user: User, ids: list[UUID]) -> dict[UUID, tuple[Asset, Region | None]]:
    """What of it still is there, by id: one query."""
    if query.entity_type == OBJECTS:
        regions = Region.objects.visible_to(user).filter(asset__deleted_at=None).select_related("asset").in_bulk(ids)
        return {pk: (region.asset, region) for pk, region in regions.items()}
    assets = Asset.objects.visible_to(user).live().in_bulk(ids)
    return {pk: (asset, None) for pk, asset in assets.items()}


def parse_cursor(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "", 0
    token, _dot, offset = cursor.rpartition(".")
    if not token or not offset.isdecimal() or int(offset) > RANKING:
        raise InvalidRequest(_("This cursor is not valid. Start again without one."), code="bad_cursor")
    return token, int(offset)
