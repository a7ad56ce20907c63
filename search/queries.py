"""The answer to a Query: one vector, one ranking, pages of it."""

import time
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library import audit
from media_library.models import Asset, AssetQuerySet, User
from search import anchors, composition, fusion, nearest, ordering, rankings, relevance, stacks
from search.models import EmbeddingModel, Region
from search.query import OBJECTS, Query
from search.rankings import Plan, Ranking
from search.relevance import Band


@dataclass(frozen=True, slots=True)
class Hit:
    asset: Asset
    distance: float | None  # None: found by its words, and not (or not yet) in visual search
    band: Band | None
    position: int  # in the ranking
    reasons: tuple[str, ...] = (fusion.VISUAL,)
    region: Region | None = None  # which part of the asset was found, among OBJECTS
    stack: tuple[UUID, ...] = ()  # the look-alikes folded under it, best first, if the search is collapsed

    @property
    def score(self) -> float | None:
        """Cosine similarity."""
        return None if self.distance is None else 1 - self.distance


@dataclass(frozen=True)
class Results:
    hits: list[Hit]
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
) -> Results:
    """One page of what fits the query best, under the active model if none is given; with `sort`, of assets in that
    order (`ordering.is_order`).

    Raises InvalidRequest (nothing to search with, a bad cursor) and what `composition.vector_for` raises. `took_ms` has
    `encode`, `search`, `words`, `bands`, `load` and `total`.
    """
    started = time.perf_counter()
    require_something(query)
    model = model or anchors.active_model()
    token, start = parse_cursor(cursor)
    took = no_time()
    ranking, model = rankings.remembered(user, token, model)
    if ranking is None:
        ranking = rank(query, user, model, took, enough=None if sort else limit)
        if sort:
            ranking = ordering.in_order(ranking, named(query, user), sort)
        ranking.remember(user)
    hits, offset = page(query, ranking, user, limit, start, took)
    while len(hits) < limit and not ranking.complete:
        ranking = ranking.followed_by(rank(query, user, model, took, enough=len(ranking.fused.ids) + limit))
        ranking.remember(user)
        more, offset = page(query, ranking, user, limit - len(hits), offset, took)
        hits += more
    if not cursor:
        audit.searched(query.library, query.params())
    took["total"] = 1000 * (time.perf_counter() - started)
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
    fused = fusion.fuse(query, vector, found, assets, model, most) if query.reads_words else looks
    times.append(time.perf_counter())
    bands = relevance.bands_for(query, vector, model)
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
    query: Query, ranking: Ranking, user: User, limit: int, offset: int, took: dict[str, float]
) -> tuple[list[Hit], int]:
    """The next `limit` hits from `offset`, and where to go on. What has been deleted meanwhile is passed over."""
    started = time.perf_counter()
    fused = ranking.fused
    hits: list[Hit] = []
    while len(hits) < limit and offset < len(fused.ids):
        ids = fused.ids[offset : offset + limit - len(hits)]
        places = stacks.standing(ids, ranking.stacks, user)
        found = loaded(query, user, [place[0] for place in places.values() if place])
        reasons = fusion.reasons(query.library, list(found), fused)
        for at, head in enumerate(ids, offset):
            pk, *rest = places[head] or [head]
            if pk in found:
                (asset, region), distance = found[pk], ranking.distance_of(pk, at)
                hits.append(Hit(asset, distance, ranking.band_at(at), at, reasons[pk], region, tuple(rest)))
        offset += len(ids)
    took["load"] += 1000 * (time.perf_counter() - started)
    return hits, offset


def loaded(query: Query, user: User, ids: list[UUID]) -> dict[UUID, tuple[Asset, Region | None]]:
    """What of it still is there, by id: one query, two among OBJECTS. The assets are `with_tag_names`."""
    if query.entity_type == OBJECTS:
        whole = Prefetch("asset", Asset.objects.with_tag_names())
        regions = Region.objects.visible_to(user).filter(asset__deleted_at=None).prefetch_related(whole).in_bulk(ids)
        return {pk: (region.asset, region) for pk, region in regions.items()}
    assets = Asset.objects.visible_to(user).live().with_tag_names().order_by().filter(pk__any_of=ids)
    return {asset.pk: (asset, None) for asset in assets}


def parse_cursor(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "", 0
    token, _dot, offset = cursor.rpartition(".")
    if not token or not offset.isdecimal() or int(offset) > rankings.RANKING:
        raise InvalidRequest(_("This cursor is not valid. Start again without one."), code="bad_cursor")
    return token, int(offset)
