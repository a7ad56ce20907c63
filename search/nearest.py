"""The only place with vector SQL: exact and approximate nearest neighbours among the assets of a scope."""

import hashlib
import logging
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

from media_library.models import Asset, AssetQuerySet, Library
from search.models import Embedding, EmbeddingModel

logger = logging.getLogger(__name__)

Vector = NDArray[np.float32]  # one
Vectors = NDArray[np.float32]  # rows

# Up to this many assets in the scope an exact scan is both faster and right (figures in benchmarks/README.md).
EXACT_SCOPE = 20_000
# pgvector's largest; the ranking that is remembered for paging holds about as many.
EF_SEARCH = 1000
MAX_SCAN_TUPLES = 60_000
# A first look takes a fifth of the time: the first 100 of a search 400 wide, of all assets, are the right ones in 99 of
# 100 cases (further down it is not so sure). It is enough if a page of them is in the scope, and if the graph is not
# so large that texts, which lie far from all pictures, would need a wider one.
GLANCE = 100
GLANCE_EF_SEARCH = 400
GLANCE_VECTORS = 200_000

BY_INDEX = "distance"
EXACTLY = "distance + 0, asset_id"  # adding zero keeps the HNSW index out of the plan


@dataclass(frozen=True, slots=True)
class Neighbour:
    asset_id: UUID
    distance: float  # cosine distance, 0 (same direction) to 2


@dataclass(frozen=True, slots=True)
class Nearest:
    neighbours: list[Neighbour]
    plan: Literal["exact", "index"]
    complete: bool = True  # whether these are all of the k that were asked for


def search(
    vector: Vector, scope: AssetQuerySet, k: int, model: EmbeddingModel, *, enough: int | None = None
) -> Nearest:
    """The `min(k, indexed assets in scope)` assets nearest to `vector`, nearest first, ties by id.

    `vector` has shape (model.dimensions,) and unit length. A small scope is scanned exactly. A large one goes through
    the HNSW index; if that returns fewer than k, because the filter hides what the index finds, the scan decides.
    Who can do with the `enough` nearest for now gets at least those, sooner; `complete` is false then.
    """
    vectors = vectors_in_index(model) if is_large(scope) else None
    if vectors is not None:
        if enough is not None and enough <= GLANCE and EXACT_SCOPE < vectors <= GLANCE_VECTORS:
            neighbours = glance(vector, scope, model)
            if len(neighbours) >= enough:
                return Nearest(neighbours, "index", complete=False)
        neighbours = by_index(vector, scope, k, model)
        if len(neighbours) == k:
            return Nearest(neighbours, "index")
    return Nearest(exact(vector, scope, k, model), "exact")


def is_large(scope: AssetQuerySet) -> bool:
    """Whether the scope holds more than EXACT_SCOPE assets; reads no more rows than it has to.

    Remembered for a minute: counting costs as much as searching, and a plan chosen on an old count is still right.
    """
    key = "large:" + hashlib.sha256(repr((in_scope(scope), EXACT_SCOPE)).encode()).hexdigest()
    return bool(cache.get_or_set(key, lambda: scope.order_by()[EXACT_SCOPE : EXACT_SCOPE + 1].exists(), 60))


def vectors_in_index(model: EmbeddingModel) -> int | None:
    """About how many vectors the model's HNSW index holds, as PostgreSQL last counted them.

    None if it is not there or not usable. Without it, search is exact: slower, never wrong.
    """
    sql = "SELECT reltuples FROM pg_class JOIN pg_index ON indexrelid = oid WHERE oid = to_regclass(%s) AND indisvalid"
    with connection.cursor() as cursor:
        cursor.execute(sql, [model.index_name])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def exact(vector: Vector, scope: AssetQuerySet, k: int, model: EmbeddingModel) -> list[Neighbour]:
    """Every vector of the scope is compared."""
    return nearest_rows(vector, scope, k, model, order=EXACTLY)


def by_index(vector: Vector, scope: AssetQuerySet, k: int, model: EmbeddingModel) -> list[Neighbour]:
    """HNSW with iterative scan: it goes on past hits that the scope excludes, up to MAX_SCAN_TUPLES."""
    with index_only(EF_SEARCH, "relaxed_order"):
        rows = nearest_rows(vector, scope, k, model, order=BY_INDEX)
    return sorted(rows, key=lambda row: (row.distance, row.asset_id))


def glance(vector: Vector, scope: AssetQuerySet, model: EmbeddingModel) -> list[Neighbour]:
    """Those of the GLANCE nearest of all assets that are in the scope: whatever it leaves out, no nearer ones are."""
    nearest, parameters = candidates(vector, model)
    subquery, params = in_scope(scope)
    sql = (
        f"SELECT asset_id, distance FROM ({nearest} ORDER BY distance LIMIT %s) AS nearest"  # noqa: S608
        f" WHERE asset_id IN ({subquery}) ORDER BY distance, asset_id"
    )
    with index_only(GLANCE_EF_SEARCH, "off"):
        return fetch(sql, [*parameters, GLANCE, *params])


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


def nearest_rows(vector: Vector, scope: AssetQuerySet, k: int, model: EmbeddingModel, *, order: str) -> list[Neighbour]:
    return fetch(*statement(vector, scope, k, model, order=order))


def fetch(sql: str, params: list[Any]) -> list[Neighbour]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [Neighbour(asset_id, float(distance)) for asset_id, distance in cursor.fetchall()]


def statement(
    vector: Vector, scope: AssetQuerySet, k: int, model: EmbeddingModel, *, order: str
) -> tuple[str, list[Any]]:
    """The k nearest of a scope. `order` is one of this module's own constants, never input."""
    all_of_model, parameters = candidates(vector, model)
    subquery, params = in_scope(scope)
    sql = (
        f"SELECT asset_id, distance FROM ({all_of_model} AND asset_id IN ({subquery})) AS candidates"  # noqa: S608
        f" ORDER BY {order} LIMIT %s"
    )
    return sql, [*parameters, *params, k]


def candidates(vector: Vector, model: EmbeddingModel) -> tuple[str, list[Any]]:
    """All vectors of the model with their distance from `vector`."""
    dimensions = int(model.dimensions)
    sql = (
        f"SELECT asset_id, embedding.vector::halfvec({dimensions}) <=> %s::halfvec({dimensions}) AS distance"  # noqa: S608
        f" FROM {Embedding._meta.db_table} AS embedding WHERE embedding.model_id = %s"
    )
    return sql, [HalfVector(vector).to_text(), model.pk]


def in_scope(scope: AssetQuerySet) -> tuple[str, tuple[Any, ...]]:
    """The scope as a subquery of ids."""
    return scope.order_by().values("pk").query.sql_with_params()


def explain(scope: AssetQuerySet, k: int, model: EmbeddingModel) -> dict[str, str]:
    """PostgreSQL's plans of the two ways, for tests and for the curious."""
    probe = np.full(model.dimensions, model.dimensions**-0.5, np.float32)

    def plan(order: str) -> str:
        sql, params = statement(probe, scope, k, model, order=order)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}", params)
            return "\n".join(line for (line,) in cursor.fetchall())

    with index_only(EF_SEARCH, "relaxed_order"):
        by_index_plan = plan(BY_INDEX)
    return {"index": by_index_plan, "exact": plan(EXACTLY)}


def vector_of(asset: Asset, model: EmbeddingModel) -> Vector | None:
    """The stored vector of an asset, shape (model.dimensions,), or None while it has none."""
    stored = Embedding.objects.filter(asset=asset, model=model).values_list("vector", flat=True).first()
    return None if stored is None else np.asarray(stored, dtype=np.float32)


def sample(library: Library, model: EmbeddingModel, size: int) -> Vectors:
    """Vectors of `size` of the library's findable pictures, or of all: (n, model.dimensions), n <= size.

    Those with the least ids, which are random: a random sample, the same for every process and every time.
    """
    found = Embedding.objects.filter(model=model, asset__library=library, asset__visual_search=True)
    found = found.filter(asset__deleted_at=None).order_by("asset_id")
    rows = [np.asarray(vector, np.float32) for vector in found.values_list("vector", flat=True)[:size]]
    return np.stack(rows) if rows else np.empty((0, model.dimensions), np.float32)


def create_index(model: EmbeddingModel) -> None:
    """Build the model's partial HNSW index without blocking writes; an invalid leftover is replaced."""
    if vectors_in_index(model) is not None:
        return
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for sql in index_statements(model, concurrently=True):
            cursor.execute(sql)
        cursor.execute("RESET maintenance_work_mem")
    logger.info("Built the index of %s.", model)


def index_statements(model: EmbeddingModel, *, concurrently: bool) -> list[str]:
    """What replaces the model's index; `concurrently` outside a transaction only."""
    how, dimensions = "CONCURRENTLY" if concurrently else "", int(model.dimensions)
    return [
        f'DROP INDEX {how} IF EXISTS "{model.index_name}"',
        f'CREATE INDEX {how} "{model.index_name}" ON {Embedding._meta.db_table}'
        f" USING hnsw ((vector::halfvec({dimensions})) halfvec_cosine_ops)"
        f" WITH (m = 16, ef_construction = 128) WHERE model_id = {int(model.pk)}",
    ]
