"""The assets or regions of a scope that are nearest to a vector: exactly, or through the index where it can be trusted.

With `search.neighbourhoods`, the only place with vector SQL.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal, cast
from uuid import UUID

import numpy as np
from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from numpy.typing import NDArray
from pgvector import HalfVector

from dam import replica
from media_library.models import Asset
from media_library.paging import asked_for, digest
from search.models import EmbeddingModel, Region
from search.vector_index import EXACT_SCOPE, GRAPH, LISTS, Indexes, Kind, Scope, indexes_of

Vector = NDArray[np.float32]  # one
Vectors = NDArray[np.float32]  # rows

Modality = Literal["image", "text"]

REMEMBERED_SECONDS = 60

Settings = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Glance:
    """An index search of all assets, of which the first `depth` are sure to be the nearest.

    It keeps `ef_search` nodes of the graph in view, and reads the `lists` nearest lists (0: none).
    """

    ef_search: int
    lists: int
    depth: int

    @property
    def settings(self) -> Settings:
        return {
            "hnsw.ef_search": self.ef_search,
            "hnsw.iterative_scan": "off",
            "ivfflat.probes": max(self.lists, 1),
            "ivfflat.iterative_scan": "off",
            **INDEX_ONLY,
        }


# A sequential scan, or a sort of all, is the last thing that an index search should become.
INDEX_ONLY: Settings = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}

# The graph loses its way now and then, most of all for words, which lie far from all pictures; the lists blur what lies
# near. Together they miss little, the less the fewer vectors there are, until the fifty nearest are more than lie close
# together: the rest of a page is about as far as everything else, and harder to tell from it (docs/decisions/0004).
FEW, SOME = 90_000, 200_000
AMONG_FEW: dict[Modality, Glance] = {"image": Glance(400, 10, 75), "text": Glance(600, 10, 75)}
AMONG_SOME: dict[Modality, Glance] = {"image": Glance(100, 2, 75), "text": Glance(250, 4, 75)}
AMONG_MANY: dict[Modality, Glance] = {"image": Glance(200, 3, 75), "text": Glance(400, 10, 75)}
DEEP = Glance(1000, 60, 400)  # pgvector keeps no more nodes in view

ASKED = "(SELECT vector FROM asked)"  # written once, though a glance needs it four times: it is long
EXACTLY = "distance + 0, id"  # adding zero keeps the indexes out of the plan


def glances(modality: Modality, indexes: Indexes) -> list[Glance]:
    """What to try, the cheapest first."""
    if indexes.vectors is None or indexes.vectors <= EXACT_SCOPE:
        return []
    if indexes.lists is None:  # they are still being built
        return [replace(DEEP, lists=0)]
    first = AMONG_FEW if indexes.vectors <= FEW else AMONG_SOME if indexes.vectors <= SOME else AMONG_MANY
    return [first[modality], DEEP]


@dataclass(frozen=True, slots=True)
class Inside:
    """A scope as a subquery of ids: Django writes it once for all statements of a search."""

    kind: Kind
    subquery: str
    params: tuple[Any, ...]

    @classmethod
    def of(cls, scope: "Scope | Inside") -> "Inside":
        """Raises EmptyResultSet."""
        return scope if isinstance(scope, Inside) else cls(Kind.of(scope), *asked_for(scope))


@dataclass(frozen=True, slots=True)
class Neighbour:
    id: UUID  # of the asset or region
    distance: float  # cosine distance, 0 (same direction) to 2


@dataclass(frozen=True, slots=True)
class Nearest:
    neighbours: list[Neighbour]
    plan: Literal["exact", "index"]
    complete: bool = True  # whether these are all of the k that were asked for


def search(
    vector: Vector,
    scope: Scope,
    k: int,
    model: EmbeddingModel,
    *,
    modality: Modality = "image",
    enough: int | None = None,
) -> Nearest:
    """The `min(k, indexed things in scope)` assets or regions nearest to `vector`, nearest first, ties by id.

    `vector` has shape (model.dimensions,) and unit length; its modality is "text" if words are a part of it. Who can
    do with the `enough` nearest for now gets at least those, sooner; `complete` is false then.

    The plan: a small scope is scanned exactly. In a large one, a glance at the nearest of all assets answers if enough
    of them are in the scope, whatever the filter, for there are no nearer ones elsewhere. If not, a deeper glance is
    tried where the first one lets hope for it; and if the filter follows the content or lets little through, what an
    index finds is a matter of luck, and the exact scan decides.
    """
    try:
        return planned(vector, Inside.of(scope), k, model, modality, k if enough is None else min(enough, k))
    except EmptyResultSet:  # as Django knows without asking, such as for words of which none is one
        return Nearest([], "exact")


def planned(vector: Vector, scope: Inside, k: int, model: EmbeddingModel, modality: Modality, wanted: int) -> Nearest:
    share = 1.0  # of the scope among the nearest
    for glance in glances(modality, remembered_indexes(model, scope.kind)) if is_large(scope) else []:
        if share * glance.depth < wanted:
            continue
        neighbours = glanced(vector, scope, model, glance)
        if len(neighbours) >= wanted:
            return Nearest(neighbours[:k], "index", complete=len(neighbours) >= k)
        share = len(neighbours) / glance.depth
    return Nearest(exact(vector, scope, k, model), "exact")


def is_large(scope: Inside) -> bool:
    """Whether the scope holds more than EXACT_SCOPE things; reads no more rows than it has to.

    Remembered for a minute: counting costs as much as searching, and a plan chosen on an old count is still right.
    """

    def more() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT EXISTS ({scope.subquery} OFFSET %s)", [*scope.params, EXACT_SCOPE])
            return bool(cursor.fetchone()[0])

    key = f"large:{EXACT_SCOPE}:{digest((scope.subquery, scope.params))}"
    return bool(cache.get_or_set(key, more, REMEMBERED_SECONDS))


def remembered_indexes(model: EmbeddingModel, kind: Kind) -> Indexes:
    """Remembered for a minute: without the index that a plan was chosen for, its search is slower and still right."""
    key = f"indexes:{kind.graph(model)}"
    return cast(Indexes, cache.get_or_set(key, lambda: indexes_of(model, kind), REMEMBERED_SECONDS))


def exact(vector: Vector, scope: Scope | Inside, k: int, model: EmbeddingModel) -> list[Neighbour]:
    """Every vector of the scope is compared."""
    return fetch(*statement(vector, scope, k, model, order=EXACTLY))


def glanced(vector: Vector, scope: Scope | Inside, model: EmbeddingModel, glance: Glance) -> list[Neighbour]:
    """Those of the `glance.depth` nearest of all assets that are in the scope."""
    return fetch(*glance_statement(vector, scope, model, glance))


def glance_statement(
    vector: Vector, scope: Scope | Inside, model: EmbeddingModel, glance: Glance
) -> tuple[str, list[Any], Settings]:
    inside = Inside.of(scope)
    all_of_model = candidates(model, inside.kind, ASKED)
    metrics = (GRAPH, LISTS) if glance.lists else (GRAPH,)
    ways = [f"({all_of_model} ORDER BY {distance(model, metric, ASKED)} LIMIT %s)" for metric in metrics]
    sql = (
        f"WITH asked AS MATERIALIZED (SELECT {given(model)} AS vector)"  # noqa: S608
        f" SELECT id, distance FROM (SELECT * FROM ({' UNION '.join(ways)}) AS found ORDER BY distance LIMIT %s)"
        f" AS nearest WHERE id IN ({inside.subquery}) ORDER BY distance, id"
    )
    of_ways = [model.pk, glance.depth] * len(ways)
    return sql, [written(vector), *of_ways, glance.depth, *inside.params], glance.settings


def fetch(sql: str, params: list[Any], settings: Settings | None = None) -> list[Neighbour]:
    def asked(of: Any) -> list[Neighbour]:
        with of.cursor() as cursor:
            run(cursor, sql, params, settings or {})
            return [Neighbour(pk, float(distance)) for pk, distance in cursor.fetchall()]

    return replica.read(asked)


def run(cursor: Any, sql: str, params: list[Any], settings: Settings) -> None:
    """Execute one query under settings of its own: one message to PostgreSQL and hence one transaction, where there is
    none yet, and as they were before where there is."""
    if not settings:
        cursor.execute(sql, params)
        return
    calls = "SELECT " + ", ".join("set_config(%s, %s, true)" for _ in settings)
    wanted = [part for name, value in settings.items() for part in (name, str(value))]
    taken_back = [part for name in settings for part in (name, None)] if cursor.db.in_atomic_block else []
    cursor.execute(f"{calls}; {sql}" + (f"; {calls}" if taken_back else ""), [*wanted, *params, *taken_back])
    cursor.nextset()


def statement(
    vector: Vector, scope: Scope | Inside, k: int, model: EmbeddingModel, *, order: str
) -> tuple[str, list[Any]]:
    """The k nearest of a scope. `order` is one of this module's own constants, never input."""
    inside = Inside.of(scope)
    all_of_model, owner = candidates(model, inside.kind, given(model)), inside.kind.owner
    sql = (
        f"SELECT id, distance FROM ({all_of_model} AND {owner} IN ({inside.subquery}))"  # noqa: S608
        f" AS candidates ORDER BY {order} LIMIT %s"
    )
    return sql, [written(vector), model.pk, *inside.params, k]


def candidates(model: EmbeddingModel, kind: Kind, asked: str) -> str:
    """All vectors of the model with their cosine distance from the expression `asked`."""
    return (
        f"SELECT {kind.owner} AS id, {distance(model, GRAPH, asked)} AS distance"  # noqa: S608
        f" FROM {kind.table} WHERE model_id = %s AND vector IS NOT NULL"
    )


def distance(model: EmbeddingModel, metric: str, asked: str) -> str:
    """How a stored vector is compared with `asked`, as the indexes spell it."""
    return f"vector::halfvec({int(model.dimensions)}) {metric} {asked}"


def given(model: EmbeddingModel) -> str:
    """The vector of the query, as a parameter."""
    return f"%s::halfvec({int(model.dimensions)})"


def written(vector: Vector) -> str:
    return HalfVector(vector).to_text()


def explain(scope: Scope, k: int, model: EmbeddingModel) -> dict[str, str]:
    """PostgreSQL's plans of glances and of the exact scan, for tests and for the curious."""
    probe = np.full(model.dimensions, model.dimensions**-0.5, np.float32)

    def plan(sql: str, params: list[Any], settings: Settings) -> str:
        with connection.cursor() as cursor:
            run(cursor, f"EXPLAIN {sql}", params, settings)
            return "\n".join(line for (line,) in cursor.fetchall())

    ways = {"few": AMONG_FEW, "some": AMONG_SOME, "many": AMONG_MANY}
    asked = {f"{kind} among {name}": glance for name, of in ways.items() for kind, glance in of.items()}
    asked["deep"] = DEEP
    plans = {name: plan(*glance_statement(probe, scope, model, glance)) for name, glance in asked.items()}
    return plans | {"exact": plan(*statement(probe, scope, k, model, order=EXACTLY), {})}


def vector_of(owner: Asset | Region, model: EmbeddingModel) -> Vector | None:
    """The stored vector of an asset or region, shape (model.dimensions,), or None while it has none."""
    stored = owner.embeddings.filter(model=model).values_list("vector", flat=True).first()
    return None if stored is None else np.asarray(stored, dtype=np.float32)
