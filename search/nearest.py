"""The assets or regions of a scope that are nearest to a vector: exactly, or through the index where it can be trusted.

With `search.neighbourhoods`, the only place with vector SQL.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import numpy as np
from django.core.cache import cache
from django.db import connection, transaction
from numpy.typing import NDArray
from pgvector import HalfVector

from media_library.models import Asset
from search.models import EmbeddingModel, Region
from search.vector_index import Kind, Scope, vectors_in_index

Vector = NDArray[np.float32]  # one
Vectors = NDArray[np.float32]  # rows

Modality = Literal["image", "text"]

# Up to this many assets in the scope an exact scan is both faster and right (figures in benchmarks/README.md).
EXACT_SCOPE = 20_000
# A ranking of many goes on past what the scope excludes, until an exact scan would be faster.
RANKING_EF_SEARCH = 1000  # pgvector's largest
MAX_SCAN_TUPLES = 5_000
# Above this many vectors, queries with words need the widest search: they lie far from all pictures, and a narrower one
# ends in the wrong part of the graph for one text in ten (docs/decisions/0004).
LARGE_GRAPH = 200_000


@dataclass(frozen=True, slots=True)
class Glance:
    """An index search of all assets, `ef_search` wide, of which the first `depth` are sure to be the nearest."""

    ef_search: int
    depth: int

    @classmethod
    def at(cls, modality: Modality, vectors: int) -> "Glance":
        return WIDE_GLANCE if modality == "text" and vectors > LARGE_GRAPH else NARROW_GLANCE


NARROW_GLANCE, WIDE_GLANCE = Glance(400, 100), Glance(1000, 400)

BY_INDEX = "distance"
EXACTLY = "distance + 0, id"  # adding zero keeps the HNSW index out of the plan


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
    of them are in the scope, whatever the filter, for there are no nearer ones elsewhere. If not, the filter follows
    the content or lets little through: what the index finds then is a matter of luck, and the exact scan decides. More
    than a glance is sure of comes from an iterative scan, where the glance shows that the filter does not matter much.
    """
    vectors = vectors_in_index(model, Kind.of(scope)) if is_large(scope) else None
    if vectors is not None and vectors > EXACT_SCOPE:
        glance = Glance.at(modality, vectors)
        wanted = k if enough is None else min(enough, k)
        neighbours = glanced(vector, scope, model, glance)
        if len(neighbours) >= wanted:
            return Nearest(neighbours[:k], "index", complete=len(neighbours) >= k)
        if wanted > glance.depth and len(neighbours) >= glance.depth / 2:
            neighbours = by_index(vector, scope, k, model)
            if len(neighbours) == k:
                return Nearest(neighbours, "index")
    return Nearest(exact(vector, scope, k, model), "exact")


def is_large(scope: Scope) -> bool:
    """Whether the scope holds more than EXACT_SCOPE things; reads no more rows than it has to.

    Remembered for a minute: counting costs as much as searching, and a plan chosen on an old count is still right.
    """
    key = "large:" + hashlib.sha256(repr((in_scope(scope), EXACT_SCOPE)).encode()).hexdigest()
    return bool(cache.get_or_set(key, lambda: scope.order_by()[EXACT_SCOPE : EXACT_SCOPE + 1].exists(), 60))


def exact(vector: Vector, scope: Scope, k: int, model: EmbeddingModel) -> list[Neighbour]:
    """Every vector of the scope is compared."""
    return nearest_rows(vector, scope, k, model, order=EXACTLY)


def by_index(vector: Vector, scope: Scope, k: int, model: EmbeddingModel) -> list[Neighbour]:
    """HNSW with iterative scan: it goes on past hits that the scope excludes, up to MAX_SCAN_TUPLES."""
    with index_only(RANKING_EF_SEARCH, "relaxed_order"):
        rows = nearest_rows(vector, scope, k, model, order=BY_INDEX)
    return sorted(rows, key=lambda row: (row.distance, row.id))


def glanced(vector: Vector, scope: Scope, model: EmbeddingModel, glance: Glance) -> list[Neighbour]:
    """Those of the `glance.depth` nearest of all assets that are in the scope."""
    nearest, parameters = candidates(vector, model, Kind.of(scope))
    subquery, params = in_scope(scope)
    sql = (
        f"SELECT id, distance FROM ({nearest} ORDER BY distance LIMIT %s) AS nearest"  # noqa: S608
        f" WHERE id IN ({subquery}) ORDER BY distance, id"
    )
    with index_only(glance.ef_search, "off"):
        return fetch(sql, [*parameters, glance.depth, *params])


@contextmanager
def index_only(ef_search: int, iterative_scan: str) -> Iterator[None]:
    """Settings for one query: scan the HNSW index and nothing else."""
    settings = {
        "hnsw.ef_search": ef_search,
        "hnsw.iterative_scan": iterative_scan,
        "hnsw.max_scan_tuples": MAX_SCAN_TUPLES,
        "enable_seqscan": "off",
        "enable_bitmapscan": "off",
        "enable_sort": "off",
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            calls = ", ".join("set_config(%s, %s, true)" for _ in settings)
            cursor.execute(f"SELECT {calls}", [str(part) for pair in settings.items() for part in pair])
        yield
        transaction.set_rollback(True)  # nothing was written, and the settings end here in any case


def nearest_rows(vector: Vector, scope: Scope, k: int, model: EmbeddingModel, *, order: str) -> list[Neighbour]:
    return fetch(*statement(vector, scope, k, model, order=order))


def fetch(sql: str, params: list[Any]) -> list[Neighbour]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [Neighbour(pk, float(distance)) for pk, distance in cursor.fetchall()]


def statement(vector: Vector, scope: Scope, k: int, model: EmbeddingModel, *, order: str) -> tuple[str, list[Any]]:
    """The k nearest of a scope. `order` is one of this module's own constants, never input."""
    kind = Kind.of(scope)
    all_of_model, parameters = candidates(vector, model, kind)
    subquery, params = in_scope(scope)
    sql = (
        f"SELECT id, distance FROM ({all_of_model} AND {kind.owner} IN ({subquery})) AS candidates"  # noqa: S608
        f" ORDER BY {order} LIMIT %s"
    )
    return sql, [*parameters, *params, k]


def candidates(vector: Vector, model: EmbeddingModel, kind: Kind) -> tuple[str, list[Any]]:
    """All vectors of the model with their distance from `vector`."""
    dimensions = int(model.dimensions)
    sql = (
        f"SELECT {kind.owner} AS id, vector::halfvec({dimensions}) <=> %s::halfvec({dimensions}) AS distance"  # noqa: S608
        f" FROM {kind.table} WHERE model_id = %s AND vector IS NOT NULL"
    )
    return sql, [HalfVector(vector).to_text(), model.pk]


def in_scope(scope: Scope) -> tuple[str, tuple[Any, ...]]:
    """The scope as a subquery of ids."""
    return scope.order_by().values("pk").query.sql_with_params()


def explain(scope: Scope, k: int, model: EmbeddingModel) -> dict[str, str]:
    """PostgreSQL's plans of the two ways, for tests and for the curious."""
    probe = np.full(model.dimensions, model.dimensions**-0.5, np.float32)

    def plan(order: str) -> str:
        sql, params = statement(probe, scope, k, model, order=order)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}", params)
            return "\n".join(line for (line,) in cursor.fetchall())

    with index_only(RANKING_EF_SEARCH, "relaxed_order"):
        by_index_plan = plan(BY_INDEX)
    return {"index": by_index_plan, "exact": plan(EXACTLY)}


def vector_of(owner: Asset | Region, model: EmbeddingModel) -> Vector | None:
    """The stored vector of an asset or region, shape (model.dimensions,), or None while it has none."""
    stored = owner.embeddings.filter(model=model).values_list("vector", flat=True).first()
    return None if stored is None else np.asarray(stored, dtype=np.float32)
