"""The answer to a Query: one vector, one ranking, pages of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from dam import metrics, slow
from dam.errors import InvalidRequest
from media_library import audit
from media_library.models import Asset, AssetQuerySet, User
from search import anchors, composition, fusion, nearest, ordering, rankings, relevance, stacks
from search.models import EmbeddingModel, Region, RegionQuerySet
from search.query import OBJECTS, Query
from search.rankings import Plan, Ranking
from search.relevance import Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A hit by its id alone."""

    id: UUID  # of the asset; among OBJECTS, of the region
    distance: float | None  # None: found by its words, and not (or not yet) in visual search
    band: Band | None
    position: int  # in the ranking
    reasons: tuple[str, ...] = (fusion.VISUAL,)
    stack: tuple[UUID, ...] = ()  # the look-alikes folded under it, best first, if the search is collapsed

    @property
    def score(self) -> float | None:
        """Cosine similarity."""
        return None if self.distance is None else 1 - self.distance


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Found):
    asset: Asset
    region: Region | None = None  # which part of the asset was found, among OBJECTS

    @classmethod
    def of(cls, found: Found, asset: Asset, region: Region | None) -> "Hit":
        return cls(
            id=found.id,
            distance=found.distance,
            band=found.band,
            position=found.position,
            reasons=found.reasons,
            stack=found.stack,
            asset=asset,
            region=region,
        )


AnyHit = TypeVar("AnyHit", bound=Found)
# Gives those that still are there and that the user may see, in the same order.
Load = Callable[[Query, User, Sequence[Found]], list[AnyHit]]


@dataclass(frozen=True)
class Results(Generic[AnyHit]):
    hits: list[AnyHit]
    next_cursor: str | None
    total: int  # how many can be paged through: min(1000, things in scope that are indexed or have the words)
    plan: Plan
    model: EmbeddingModel
    took_ms: dict[str, float] = field(default_factory=dict)
    strong: int = 0  # how many of those ranked so far are strong; more than the first look's 100 show on later pages
    weak_at: int | None = None  # the hit on this page from which on all are weak

    @property
    def server_timing(self) -> str:
        """The times as a `Server-Timing` header, which browsers show beside the request."""
        return ", ".join(f"{part};dur={took:.1f}" for part, took in self.took_ms.items())

    @property
    def says_no_strong_match(self) -> bool:
        """Where nothing is certain: not by looks, nor because its words are those of the query."""
        return not self.strong and all(hit.reasons == (fusion.VISUAL,) for hit in self.hits)


def run(
    query: Query, user: User, *, limit: int = 50, cursor: str = "", model: EmbeddingModel | None = None, sort: str = ""
) -> Results[Hit]:
    """One page of what fits the query best, under the active model if none is given; with `sort`, of assets in that
    order (`ordering.is_order`).

    Raises InvalidRequest (nothing to search with, a bad cursor) and what `composition.vector_for` raises. `took_ms` has
    `encode`, `search`, `words`, `bands`, `load` and `total`.
    """
    return paged(query, user, loaded, limit=limit, cursor=cursor, model=model, sort=sort)


def run_for_ids(query: Query, user: User, *, limit: int = 50, cursor: str = "") -> Results[Found]:
    """The same page by its ids alone, for who has the assets: loading them takes a quarter of the time.

    A first page is what the primary has just found among all that the user may see, and is not asked for again.
    """
    load = still_there if cursor or settings.REPLICA_URL else as_found
    return paged(query, user, load, limit=limit, cursor=cursor)


def paged(
    query: Query,
    user: User,
    load: Load[AnyHit],
    *,
    limit: int,
    cursor: str,
    model: EmbeddingModel | None = None,
    sort: str = "",
) -> Results[AnyHit]:
    started = time.perf_counter()
    require_something(query)
    model = model or anchors.active_model()
    token, start = parse_cursor(cursor)
    took = no_time()
    ranking, model = rankings.remembered(user, token, model)
    metrics.count("dam_ranking_cache", "miss" if ranking is None else "hit")
    if ranking is None:
        ranking = rank(query, user, model, took, enough=None if sort else limit)
        if sort:
            ranking = ordering.in_order(ranking, named(query, user), sort)
        ranking.remember(user)
    hits, offset = page(query, ranking, user, load, limit, start, took)
    while len(hits) < limit and not ranking.complete:
        ranking = ranking.followed_by(rank(query, user, model, took, enough=len(ranking.fused.ids) + limit))
        ranking.remember(user)
        more, offset = page(query, ranking, user, load, limit - len(hits), offset, took)
        hits += more
    if not cursor:
        audit.searched(query.library, query.params())
    took["total"] = 1000 * (time.perf_counter() - started)
    slow.searched(query.kind, ranking.plan, took)
    following = f"{ranking.token}.{offset}" if offset < ranking.total else None
    weak_at = ranking.weak_at([hit.position for hit in hits], start)
    return Results(hits, following, ranking.total, ranking.plan, model, took, ranking.strong, weak_at)


def require_something(query: Query) -> None:
    if query.is_empty:
        raise InvalidRequest(_("Describe what you look for, or give an example picture."), code="empty_query")


def no_time() -> dict[str, float]:
    return dict.fromkeys(("encode", "search", "words", "bands", "load"), 0.0)


def rank(
    query: Query, user: User, model: EmbeddingModel, took: dict[str, float], *, enough: int | None = None
) -> Ranking:
    """Encode and search, all of RANKING or at least `enough`. The times are added to `took`, in milliseconds.

    What is collapsed is ranked as a whole: a look-alike further down belongs to a stack that is shown first.
    """
    enough = None if query.collapse else enough
    times = [time.perf_counter()]
    vector = composition.vector_for(query, user, model)
    times.append(time.perf_counter())
    assets, most = named(query, user), rankings.RANKING
    found = nearest.search(vector, seen(query, assets), most, model, modality=query.modality, enough=enough)
    times.append(time.perf_counter())
    looks = fusion.visual_only(found)
    fused = fusion.fuse(query, user, vector, found, assets, model, most) if query.reads_words else looks
    times.append(time.perf_counter())
    bands = relevance.bands_for(query, vector, model, user)
    times.append(time.perf_counter())
    for part, begun, ended in zip(("encode", "search", "words", "bands"), times, times[1:], strict=False):
        took[part] += 1000 * (ended - begun)
    ranking = Ranking.of(fused, found.plan, bands, model, complete=found.complete)
    return collapsed(ranking, query) if query.collapse else ranking


def collapsed(ranking: Ranking, query: Query) -> Ranking:
    """With look-alikes folded; or only the stack that the query wants to see."""
    best, folded = stacks.folded(ranking.fused)
    if query.stack:
        best, folded = stacks.opened(best, folded, query.stack, ranking.fused), {}
    return replace(ranking, fused=best, stacks=folded, weak_from=rankings.weak_from(best, ranking.bands))


def assets_in_scope(query: Query, user: User) -> AssetQuerySet:
    """The assets that may be found by their looks."""
    return named(query, user).filter(visual_search=True)


def seen(query: Query, assets: AssetQuerySet) -> nearest.Scope:
    """Of these, what may be found by its looks: those that are not excluded, or their regions."""
    assets = assets.filter(visual_search=True)
    if query.entity_type != OBJECTS:
        return assets
    regions = Region.objects.filter(asset__in=assets.order_by().values("pk"))
    return regions.labelled(query.labels) if query.labels else regions


def named(query: Query, user: User) -> AssetQuerySet:
    """The assets that may be found by their words: visible, live, within the filters."""
    assets = query.filters.apply(Asset.objects.visible_to(user).live().filter(library=query.library), user)
    if query.labels and query.entity_type != OBJECTS:
        return assets.filter(pk__in=Region.objects.labelled(query.labels).values("asset"))
    return assets


def page(
    query: Query, ranking: Ranking, user: User, load: Load[AnyHit], limit: int, offset: int, took: dict[str, float]
) -> tuple[list[AnyHit], int]:
    """The next `limit` hits from `offset`, and where to go on. What has been deleted meanwhile is passed over."""
    started = time.perf_counter()
    hits: list[AnyHit] = []
    while len(hits) < limit and offset < len(ranking.fused.ids):
        found = found_at(query, ranking, user, offset, limit - len(hits))
        hits += load(query, user, found)
        offset += len(found)
    took["load"] += 1000 * (time.perf_counter() - started)
    return hits, offset


def found_at(query: Query, ranking: Ranking, user: User, offset: int, count: int) -> list[Found]:
    """What stands at the next `count` places from `offset`, whether or not it still is there."""
    heads = ranking.fused.ids[offset : offset + count]
    standing = stacks.standing(heads, ranking.stacks, user)
    ids = [(standing[head] or [head]) for head in heads]
    reasons = fusion.reasons(query.library, user, [pk for pk, *_rest in ids], ranking.fused)
    return [
        Found(
            id=pk,
            distance=ranking.distance_of(pk, at),
            band=ranking.band_at(at),
            position=at,
            reasons=reasons[pk],
            stack=tuple(rest),
        )
        for at, (pk, *rest) in enumerate(ids, offset)
    ]


def loaded(query: Query, user: User, found: Sequence[Found]) -> list[Hit]:
    """With their assets: one query, two among OBJECTS. The assets are `with_tag_names`."""
    ids = [one.id for one in found]
    there: dict[UUID, tuple[Asset, Region | None]]
    if query.entity_type == OBJECTS:
        whole = Prefetch("asset", Asset.objects.with_tag_names())
        regions = regions_there(user).prefetch_related(whole).in_bulk(ids)
        there = {pk: (region.asset, region) for pk, region in regions.items()}
    else:
        assets = assets_there(user).with_tag_names().filter(pk__any_of=ids)
        there = {asset.pk: (asset, None) for asset in assets}
    return [Hit.of(one, *there[one.id]) for one in found if one.id in there]


def still_there(query: Query, user: User, found: Sequence[Found]) -> list[Found]:
    """Without their assets: one query."""
    things = regions_there(user) if query.entity_type == OBJECTS else assets_there(user)
    there = set(things.filter(pk__any_of=[one.id for one in found]).values_list("pk", flat=True))
    return [one for one in found if one.id in there]


def as_found(query: Query, user: User, found: Sequence[Found]) -> list[Found]:
    return list(found)


def assets_there(user: User) -> AssetQuerySet:
    return Asset.objects.visible_to(user).live().order_by()


def regions_there(user: User) -> RegionQuerySet:
    return Region.objects.visible_to(user).filter(asset__deleted_at=None).order_by()


def parse_cursor(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "", 0
    token, _dot, offset = cursor.rpartition(".")
    if not token or not offset.isdecimal() or int(offset) > rankings.RANKING:
        raise InvalidRequest(_("This cursor is not valid. Start again without one."), code="bad_cursor")
    return token, int(offset)
