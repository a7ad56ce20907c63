"""Where vectors stand, and the HNSW index that each model has over them: built, rebuilt, dropped."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from media_library.models import AssetQuerySet
from search.models import Embedding, EmbeddingModel, Region, RegionEmbedding, RegionQuerySet

logger = logging.getLogger(__name__)

Scope = AssetQuerySet | RegionQuerySet


@dataclass(frozen=True)
class Kind:
    """Where the vectors of one kind of thing stand."""

    table: str
    owner: str  # the column that says whose vector it is
    index: str

    @classmethod
    def of(cls, scope: Scope) -> "Kind":
        return REGIONS if scope.model is Region else ASSETS

    def index_name(self, model: EmbeddingModel) -> str:
        """The partial HNSW index that holds this model's vectors."""
        return f"{self.index}_{model.pk}"


ASSETS = Kind(Embedding._meta.db_table, "asset_id", "embedding_hnsw")
REGIONS = Kind(RegionEmbedding._meta.db_table, "region_id", "region_hnsw")


def vectors_in_index(model: EmbeddingModel, kind: Kind = ASSETS) -> int | None:
    """About how many vectors the model's HNSW index holds, as PostgreSQL last counted them.

    None if it is not there or not usable. Without it, search is exact: slower, never wrong.
    """
    sql = "SELECT reltuples FROM pg_class JOIN pg_index ON indexrelid = oid WHERE oid = to_regclass(%s) AND indisvalid"
    with connection.cursor() as cursor:
        cursor.execute(sql, [kind.index_name(model)])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def create_index(model: EmbeddingModel, kind: Kind = ASSETS) -> None:
    """Build the model's partial HNSW index without blocking writes; an invalid leftover is replaced."""
    if vectors_in_index(model, kind) is not None:
        return
    with built_in_memory(model, kind):
        for sql in index_statements(model, kind, concurrently=True):
            execute(sql)
    logger.info("Built the index %s of %s.", kind.index_name(model), model)


def rebuild_index(model: EmbeddingModel, kind: Kind = ASSETS) -> None:
    """Build the model's index anew beside the old one, which answers meanwhile. Outside a transaction only."""
    if vectors_in_index(model, kind) is None:
        create_index(model, kind)
        return
    with built_in_memory(model, kind):
        for leftover in unfinished(model, kind):  # of a rebuild that was cut short
            execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{leftover}"')
        execute(f'REINDEX INDEX CONCURRENTLY "{kind.index_name(model)}"')
    logger.info("Rebuilt the index %s of %s.", kind.index_name(model), model)


@contextmanager
def built_in_memory(model: EmbeddingModel, kind: Kind = ASSETS) -> Iterator[None]:
    """A graph that does not fit into maintenance_work_mem takes many times as long to build."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {kind.table} WHERE model_id = %s", [model.pk])  # noqa: S608
        (vectors,) = cursor.fetchone()
    graph = vectors * (2 * model.dimensions + 1200) // 2**20 + 64  # bytes of halfvec, and of m = 16 neighbours
    execute("SELECT set_config('maintenance_work_mem', %s, false)", f"{min(graph, settings.INDEX_MEMORY_MB)}MB")
    try:
        yield
    finally:
        execute("RESET maintenance_work_mem")


def unfinished(model: EmbeddingModel, kind: Kind) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = oid WHERE NOT indisvalid AND relname LIKE %s",
            [f"{kind.index_name(model)}\\_cc%"],
        )
        return [name for (name,) in cursor.fetchall()]


def execute(sql: str, *params: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)


def drop_indexes(model: EmbeddingModel) -> None:
    """Remove the model's HNSW indexes without blocking others. Outside a transaction only."""
    for kind in (ASSETS, REGIONS):
        execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{kind.index_name(model)}"')


def index_statements(model: EmbeddingModel, kind: Kind = ASSETS, *, concurrently: bool) -> list[str]:
    """What replaces the model's index; `concurrently` outside a transaction only."""
    how, dimensions = "CONCURRENTLY" if concurrently else "", int(model.dimensions)
    return [
        f'DROP INDEX {how} IF EXISTS "{kind.index_name(model)}"',
        f'CREATE INDEX {how} "{kind.index_name(model)}" ON {kind.table}'
        f" USING hnsw ((vector::halfvec({dimensions})) halfvec_cosine_ops)"
        f" WITH (m = 16, ef_construction = 128) WHERE model_id = {int(model.pk)}",
    ]
