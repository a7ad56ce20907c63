"""Every kind of search is one Query: what is looked for, among what. One vector, one ranking, pages of it."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import numpy as np
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, InvalidRequest, NotFound
from media_library.filters import AssetFilters, many, one, uuid_of
from media_library.models import Asset, AssetQuerySet, Library, User
from search import anchors, embedders, nearest
from search.models import EmbeddingModel, IndexEntry, QueryAnchor
from search.nearest import Vector

MAX_TEXT = 500
MAX_EXAMPLES = 20
RANKING = 1000  # how many of the nearest are ranked and can be paged through
REMEMBERED_SECONDS = 1800


class NotIndexed(AppError):
    """The example has no vector yet, so there is nothing to compare with."""

    code = "not_indexed"
    status = 409
    message = _("This picture is still being indexed. Similar pictures can be found in a moment.")


class NotSearchable(AppError):
    code = "not_searchable"
    status = 409
    message = _("This picture cannot be used as an example: it is excluded from visual search or failed.")


@dataclass(frozen=True)
class Query:
    library: Library
    filters: AssetFilters
    text: str = ""
    like: tuple[UUID, ...] = ()
    anchors: tuple[UUID, ...] = ()

    @classmethod
    def from_params(cls, library: Library, params: Mapping[str, Any]) -> "Query":
        """Parse `text`, `like` and `anchor` (both repeatable) and the filters; raise InvalidRequest on nonsense."""
        text = " ".join(one(params, "text").replace("\0", "").split())
        if len(text) > MAX_TEXT:
            raise InvalidRequest(_("Describe it in at most 500 characters."), code="text_too_long")
        like = tuple(uuid_of(value, "like") for value in many(params, "like") if value)
        anchor = tuple(uuid_of(value, "anchor") for value in many(params, "anchor") if value)
        if len(like) + len(anchor) > MAX_EXAMPLES:
            raise InvalidRequest(_("Search with at most 20 example pictures."), code="too_many_examples")
        return cls(library, AssetFilters.from_params(library, params), text, like, anchor)

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.like or self.anchors)

    def params(self) -> list[tuple[str, str]]:
        """Back to URL parameters, in a fixed order."""
        pairs = [("text", self.text)] if self.text else []
        pairs += [("like", str(asset)) for asset in self.like]
        pairs += [("anchor", str(anchor)) for anchor in self.anchors]
        return pairs + self.filters.params()


@dataclass(frozen=True, slots=True)
class Hit:
    asset: Asset
    distance: float

    @property
    def score(self) -> float:
        """Cosine similarity."""
        return 1 - self.distance


@dataclass(frozen=True)
class Results:
    hits: list[Hit]
    next_cursor: str | None
    total: int  # how many are ranked: min(1000, indexed pictures in scope)
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

    @staticmethod
    def key(user: User, token: str) -> str:
        return f"ranking:{user.pk}:{token}"


def run(query: Query, user: User, *, limit: int = 50, cursor: str = "") -> Results:
    """One page of the pictures most similar to the query, nearest first.

    Raises InvalidRequest (nothing to search with, a bad cursor), NotFound (an example that `user` may not see),
    NotIndexed and Busy. `took_ms` has `encode`, `search`, `load` and `total`.
    """
    started = time.perf_counter()
    if query.is_empty:
        raise InvalidRequest(_("Describe what you look for, or give an example picture."), code="empty_query")
    model = anchors.active_model()
    token, offset = parse_cursor(cursor)
    took = {"encode": 0.0, "search": 0.0}
    ranking: Ranking | None = cache.get(Ranking.key(user, token)) if token else None
    if ranking is None:
        ranking = rank(query, user, model, took)
    loading = time.perf_counter()
    hits, offset = page(ranking, user, limit, offset)
    finished = time.perf_counter()
    took |= {"load": 1000 * (finished - loading), "total": 1000 * (finished - started)}
    following = f"{ranking.token}.{offset}" if offset < len(ranking.ids) else None
    return Results(hits, following, len(ranking.ids), ranking.plan, model, took)


def rank(query: Query, user: User, model: EmbeddingModel, took: dict[str, float]) -> Ranking:
    """Encode, search and remember. The times go into `took`, in milliseconds."""
    started = time.perf_counter()
    vector = vector_for(query, user, model)
    encoded = time.perf_counter()
    found = nearest.search(vector, scope(query, user), RANKING, model)
    took |= {"encode": 1000 * (encoded - started), "search": 1000 * (time.perf_counter() - encoded)}
    ranking = Ranking(
        token=secrets.token_urlsafe(12),
        ids=[neighbour.asset_id for neighbour in found.neighbours],
        distances=[neighbour.distance for neighbour in found.neighbours],
        plan=found.plan,
    )
    cache.set(Ranking.key(user, ranking.token), ranking, REMEMBERED_SECONDS)
    return ranking


def scope(query: Query, user: User) -> AssetQuerySet:
    """The assets that may be found: visible, live, not excluded, within the filters."""
    assets = Asset.objects.visible_to(user).live().filter(library=query.library, visual_search=True)
    return query.filters.apply(assets)


def page(ranking: Ranking, user: User, limit: int, offset: int) -> tuple[list[Hit], int]:
    """The next `limit` hits from `offset`, and where to go on. What has been deleted meanwhile is passed over."""
    hits: list[Hit] = []
    while len(hits) < limit and offset < len(ranking.ids):
        ids = ranking.ids[offset : offset + limit - len(hits)]
        found = Asset.objects.visible_to(user).live().in_bulk(ids)
        for position, pk in enumerate(ids, offset):
            if pk in found:
                hits.append(Hit(found[pk], ranking.distances[position]))
        offset += len(ids)
    return hits, offset


def parse_cursor(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "", 0
    token, _dot, offset = cursor.rpartition(".")
    if not token or not offset.isdecimal() or int(offset) > RANKING:
        raise InvalidRequest(_("This cursor is not valid. Start again without one."), code="bad_cursor")
    return token, int(offset)


def vector_for(query: Query, user: User, model: EmbeddingModel) -> Vector:
    """The query as one unit vector, shape (model.dimensions,): the normalised sum of its parts' unit vectors."""
    parts: list[Any] = []
    if query.text:
        parts.append(embedders.get_embedder(model.source).encode_texts([query.text])[0])
    parts += [vector_of_asset(asset, model) for asset in examples(query, user)]
    parts += [anchors.ensure_current(anchor, model).vector for anchor in query_anchors(query, user)]
    total = np.sum([np.asarray(part, dtype=np.float32) for part in parts], axis=0)
    return total / max(float(np.linalg.norm(total)), 1e-12)


def examples(query: Query, user: User) -> list[Asset]:
    found = Asset.objects.visible_to(user).live().filter(library=query.library).in_bulk(query.like)
    if len(found) < len(set(query.like)):
        raise NotFound(_("The example picture does not exist, or you may not see it."))
    return [found[pk] for pk in query.like]


def query_anchors(query: Query, user: User) -> list[QueryAnchor]:
    found = QueryAnchor.objects.visible_to(user).filter(library=query.library).in_bulk(query.anchors)
    if len(found) < len(set(query.anchors)):
        raise NotFound(_("The example picture of this search has expired. Search with it again."))
    return [found[pk] for pk in query.anchors]


def vector_of_asset(asset: Asset, model: EmbeddingModel) -> Vector:
    vector = nearest.vector_of(asset, model)
    if vector is not None:
        return vector
    entry = IndexEntry.objects.filter(asset=asset, model=model).first()
    dead = asset.state == Asset.State.FAILED or (entry and entry.state == IndexEntry.State.FAILED)
    raise NotSearchable if dead or not asset.visual_search else NotIndexed
