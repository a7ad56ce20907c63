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

from media_library.models import Asset, AssetQuerySet
from search.models import Embedding, EmbeddingModel

logger = logging.getLogger(__name__)

Vector = NDArray[np.float32]

# Up to this many assets in the scope an exact scan is both faster and right (figures in benchmarks/README.md).
EXACT_SCOPE = 20_000
# pgvector's largest; the ranking that is remembered for paging holds about as many.
EF_SEARCH = 1000
MAX_SCAN_TUPLES = 60_000

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


def search(vector: Vector, scope: AssetQuerySet, k: int, model: EmbeddingModel) -> Nearest:
    """The `min(k, indexed assets in scope)` assets nearest to `vector`, nearest first, ties by id.

    `vector` has shape (model.dimensions,) and unit length. A small scope is scanned exactly. A large one goes through
    the HNSW index; if that returns fewer than k, because the filter hides what the index finds, the scan decides.
    """
    if is_large(scope) and has_index(model):
        neighbours = by_index(vector, scope, k, model)
        if len(neighbours) == k:
            return Nearest(neighbours, "index")
    return Nearest(exact(vector, scope, k, model), "exact")


def is_large(scope: AssetQuerySet) -> bool:
    """Whether the scope holds more than EXACT_SCOPE assets; reads no more rows than it has to.

    Remembered for a minute: counting costs as much as searching, and a plan chosen on an old count is still right.
    """
    sql, params = scope.order_by().values("pk")[EXACT_SCOPE : EXACT_SCOPE + 1].query.sql_with_params()
    key = "large:" + hashlib.sha256(repr((sql, params)).encode()).hexdigest()
    return bool(cache.get_or_set(key, lambda: scope.order_by()[EXACT_SCOPE : EXACT_SCOPE + 1].exists(), 60))


def has_index(model: EmbeddingModel) -> bool:
    """Whether the model's HNSW index is there and usable. Without it, search is exact: slower, never wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid", [model.index_name])
        return cursor.fetchone() is not None


def exact(vector: Vector, scope: AssetQuerySet, k: int, model: EmbeddingModel) -> list[Neighbour]:
    """Every vector of the scope is compared."""
    return nearest_rows(vector, scope, k, model, order=EXACTLY)


def by_index(vector: Vector, scope: AssetQuerySet, k: int, model: EmbeddingModel) -> list[Neighbour]:
    """HNSW with iterative scan: it goes on past hits that the scope excludes, up to MAX_SCAN_TUPLES."""
    with index_only():
        rows = nearest_rows(vector, scope, k, model, order=BY_INDEX)
    return sorted(rows, key=lambda row: (row.distance, row.asset_id))


@contextmanager
def index_only() -> Iterator[None]:
    """Settings for one query: scan the HNSW index, wide and as far as allowed, and nothing else."""
    settings = {
        "hnsw.ef_search": EF_SEARCH,
        "hnsw.iterative_scan": "relaxed_order",
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
    with connection.cursor() as cursor:
        cursor.execute(*statement(vector, scope, k, model, order=order))
        return [Neighbour(asset_id, float(distance)) for asset_id, distance in cursor.fetchall()]


def statement(
    vector: Vector, scope: AssetQuerySet, k: int, model: EmbeddingModel, *, order: str
) -> tuple[str, list[Any]]:
    """The one vector query and its parameters. `order` is one of this module's own constants, never input."""
    subquery, params = scope.order_by().values("pk").query.sql_with_params()
    dimensions = int(model.dimensions)
    distance = f"embedding.vector::halfvec({dimensions}) <=> %s::halfvec({dimensions})"
    sql = (
        f"SELECT asset_id, distance FROM (SELECT asset_id, {distance} AS distance"  # noqa: S608
        f" FROM {Embedding._meta.db_table} AS embedding"
        f" WHERE embedding.model_id = %s AND asset_id IN ({subquery})) AS candidates"
        f" ORDER BY {order} LIMIT %s"
    )
    return sql, [HalfVector(vector).to_text(), model.pk, *params, k]


def explain(scope: AssetQuerySet, k: int, model: EmbeddingModel) -> dict[str, str]:
    """PostgreSQL's plans of the two ways, for tests and for the curious."""
    probe = np.full(model.dimensions, model.dimensions**-0.5, np.float32)

    def plan(order: str) -> str:
        sql, params = statement(probe, scope, k, model, order=order)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}", params)
            return "\n".join(line for (line,) in cursor.fetchall())

    with index_only():
        by_index_plan = plan(BY_INDEX)
    return {"index": by_index_plan, "exact": plan(EXACTLY)}


def vector_of(asset: Asset, model: EmbeddingModel) -> Vector | None:
    """The stored vector of an asset, shape (model.dimensions,), or None while it has none."""
    stored = Embedding.objects.filter(asset=asset, model=model).values_list("vector", flat=True).first()
    return None if stored is None else np.asarray(stored, dtype=np.float32)


def create_index(model: EmbeddingModel) -> None:
    """Build the model's partial HNSW index without blocking writes; an invalid leftover is replaced."""
    if has_index(model):
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
