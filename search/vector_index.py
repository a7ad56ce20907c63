"""Where vectors stand, and the indexes that each model has over them: built, rebuilt, dropped.

A *graph* (HNSW) answers queries like pictures. Queries with words lie far from all pictures, where a greedy walk
through the graph may end in the wrong part of it; for them there are *lists* (IVF) as well (docs/decisions/0004).
"""

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

# Up to this many vectors an exact scan is both faster and right (figures in benchmarks/README.md).
EXACT_SCOPE = 20_000
VECTORS_PER_LIST = 1000  # on average; pgvector's own advice
# The metric of a query says which index it means: cosine distance, or the inner product of vectors of unit length.
GRAPH, LISTS = "<=>", "<#>"


@dataclass(frozen=True)
class Kind:
    """Where the vectors of one kind of thing stand."""

    table: str
    owner: str  # the column that says whose vector it is
    name: str

    @classmethod
    def of(cls, scope: Scope) -> "Kind":
        return REGIONS if scope.model is Region else ASSETS

    def graph(self, model: EmbeddingModel) -> str:
        """The partial HNSW index of this model's vectors, by cosine distance."""
        return f"{self.name}_hnsw_{model.pk}"

    def lists(self, model: EmbeddingModel) -> str:
        """The partial IVF index of them, by inner product."""
        return f"{self.name}_lists_{model.pk}"


ASSETS = Kind(Embedding._meta.db_table, "asset_id", "embedding")
REGIONS = Kind(RegionEmbedding._meta.db_table, "region_id", "region")


@dataclass(frozen=True)
class Indexes:
    """What is there and usable. Without, search is exact: slower, never wrong."""

    vectors: int | None  # in the graph, as PostgreSQL last counted them; None: there is no graph
    lists: int | None  # None: there are no lists

    @property
    def wanted_lists(self) -> int | None:
        """How many there should be; as many as there are until they have become twice too long or too short."""
        if not self.vectors or self.vectors <= EXACT_SCOPE:
            return self.lists
        right = self.vectors // VECTORS_PER_LIST
        return self.lists if self.lists and right / 2 <= self.lists <= right * 2 else right

    @property
    def are_complete(self) -> bool:
        return self.vectors is not None and self.lists == self.wanted_lists


def indexes_of(model: EmbeddingModel, kind: Kind = ASSETS) -> Indexes:
    sql = (
        "SELECT oid = to_regclass(%s), reltuples, array_to_string(reloptions, ',') FROM pg_class"
        " JOIN pg_index ON indexrelid = oid WHERE oid IN (to_regclass(%s), to_regclass(%s)) AND indisvalid"
    )
    graph, lists = kind.graph(model), kind.lists(model)
    with connection.cursor() as cursor:
        cursor.execute(sql, [graph, graph, lists])
        found = {is_graph: (int(vectors), options) for is_graph, vectors, options in cursor.fetchall()}
    return Indexes(
        vectors=found[True][0] if True in found else None,
        lists=int(found[False][1].removeprefix("lists=")) if False in found else None,
    )


def vectors_in_index(model: EmbeddingModel, kind: Kind = ASSETS) -> int | None:
    """About how many vectors the model's graph holds; None while there is none."""
    return indexes_of(model, kind).vectors


def are_complete(model: EmbeddingModel) -> bool:
    """Whether all of the model's indexes are there, none of them outgrown."""
    return all(indexes_of(model, kind).are_complete for kind in (ASSETS, REGIONS))


def create_indexes(model: EmbeddingModel, kind: Kind = ASSETS) -> None:
    """Build what is missing without blocking writes; an invalid leftover is replaced. Outside a transaction only."""
    if indexes_of(model, kind).are_complete:
        return
    with built_in_memory(model, kind):
        if indexes_of(model, kind).vectors is None:
            for sql in graph_statements(model, kind, concurrently=True):
                execute(sql)
            logger.info("Built the index %s.", kind.graph(model))
        indexes = indexes_of(model, kind)
        if indexes.are_complete:
            return
        if indexes.lists is None:
            for sql in lists_statements(model, kind, indexes.wanted_lists or 1, concurrently=True):
                execute(sql)
        else:
            execute(f'ALTER INDEX "{kind.lists(model)}" SET (lists = {indexes.wanted_lists})')
            reindex(kind.lists(model))
        logger.info("Built the index %s with %s lists.", kind.lists(model), indexes.wanted_lists)


def rebuild_indexes(model: EmbeddingModel, kind: Kind = ASSETS) -> None:
    """Build the model's indexes anew beside the old ones, which answer meanwhile. Outside a transaction only."""
    indexes = indexes_of(model, kind)
    with built_in_memory(model, kind):
        for name, present in ((kind.graph(model), indexes.vectors), (kind.lists(model), indexes.lists)):
            if present is not None:
                reindex(name)
                logger.info("Rebuilt the index %s.", name)
    create_indexes(model, kind)


def reindex(name: str) -> None:
    for leftover in unfinished(name):  # of a rebuild that was cut short
        execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{leftover}"')
    execute(f'REINDEX INDEX CONCURRENTLY "{name}"')


@contextmanager
def built_in_memory(model: EmbeddingModel, kind: Kind = ASSETS) -> Iterator[None]:
    """A graph that does not fit into maintenance_work_mem takes many times as long to build."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {kind.table} WHERE model_id = %s", [model.pk])  # noqa: S608
        (vectors,) = cursor.fetchone()
    if settings.PGBOUNCER:  # there it would be some other session's: PostgreSQL's own setting counts (docs/sizing.md)
        yield
        return
    graph = vectors * (2 * model.dimensions + 1200) // 2**20 + 64  # bytes of halfvec, and of m = 16 neighbours
    execute("SELECT set_config('maintenance_work_mem', %s, false)", f"{min(graph, settings.INDEX_MEMORY_MB)}MB")
    try:
        yield
    finally:
        execute("RESET maintenance_work_mem")


def unfinished(index: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = oid WHERE NOT indisvalid AND relname LIKE %s",
            [f"{index}\\_cc%"],
        )
        return [name for (name,) in cursor.fetchall()]


def execute(sql: str, *params: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)


def drop_indexes(model: EmbeddingModel) -> None:
    """Remove the model's indexes without blocking others. Outside a transaction only."""
    for kind in (ASSETS, REGIONS):
        for name in (kind.graph(model), kind.lists(model)):
            execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')


def graph_statements(model: EmbeddingModel, kind: Kind = ASSETS, *, concurrently: bool) -> list[str]:
    """What replaces the model's graph; `concurrently` outside a transaction only."""
    method = f"hnsw ({vectors_of(model)} halfvec_cosine_ops) WITH (m = 16, ef_construction = 128)"
    return index_statements(kind.graph(model), model, kind, method, concurrently=concurrently)


def lists_statements(model: EmbeddingModel, kind: Kind, lists: int, *, concurrently: bool) -> list[str]:
    """What replaces the model's lists; `concurrently` outside a transaction only."""
    method = f"ivfflat ({vectors_of(model)} halfvec_ip_ops) WITH (lists = {int(lists)})"
    return index_statements(kind.lists(model), model, kind, method, concurrently=concurrently)


def index_statements(name: str, model: EmbeddingModel, kind: Kind, method: str, *, concurrently: bool) -> list[str]:
    how = "CONCURRENTLY" if concurrently else ""
    return [
        f'DROP INDEX {how} IF EXISTS "{name}"',
        f'CREATE INDEX {how} "{name}" ON {kind.table} USING {method} WHERE model_id = {int(model.pk)}',
    ]


def vectors_of(model: EmbeddingModel) -> str:
    return f"(vector::halfvec({int(model.dimensions)}))"
