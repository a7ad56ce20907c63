"""The only place with vector SQL: exact and approximate nearest neighbours among the assets or regions of a scope."""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from numpy.typing import NDArray
from pgvector import HalfVector

from media_library.models import Asset, AssetQuerySet, Library
from search.models import (
    Clustering,
    ClusterMember,
    Embedding,
    EmbeddingModel,
    Fingerprint,
    Region,
    RegionEmbedding,
    RegionQuerySet,
)
from search.models.cluster import LEVELS

logger = logging.getLogger(__name__)

Vector = NDArray[np.float32]  # one
Vectors = NDArray[np.float32]  # rows

Scope = AssetQuerySet | RegionQuerySet
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

# Members of a clustering are all compared unless they are many, and a fair part of the graph.
LEAST_FOR_INDEX = 1000
NEIGHBOURS_EF_SEARCH = 100

BY_INDEX = "distance"
EXACTLY = "distance + 0, id"  # adding zero keeps the HNSW index out of the plan


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


def vectors_in_index(model: EmbeddingModel, kind: Kind = ASSETS) -> int | None:
    """About how many vectors the model's HNSW index holds, as PostgreSQL last counted them.

    None if it is not there or not usable. Without it, search is exact: slower, never wrong.
    """
    sql = "SELECT reltuples FROM pg_class JOIN pg_index ON indexrelid = oid WHERE oid = to_regclass(%s) AND indisvalid"
    with connection.cursor() as cursor:
        cursor.execute(sql, [kind.index_name(model)])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


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


def sample(library: Library, model: EmbeddingModel, size: int) -> Vectors:
    """Vectors of `size` of the library's findable pictures, or of all: (n, model.dimensions), n <= size.

    Those with the least ids, which are random: a random sample, the same for every process and every time.
    """
    found = Embedding.objects.filter(model=model, asset__library=library, asset__visual_search=True)
    found = found.filter(asset__deleted_at=None).order_by("asset_id")
    rows = [np.asarray(vector, np.float32) for vector in found.values_list("vector", flat=True)[:size]]
    return np.stack(rows) if rows else np.empty((0, model.dimensions), np.float32)


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


def mean_distances(ids: list[UUID], scope: Scope, k: int, model: EmbeddingModel) -> dict[UUID, float]:
    """Of each asset, the mean cosine distance to the k others of the scope that are nearest to it; those that have no
    vector, or no others, are left out."""
    dimensions, (subquery, params) = int(model.dimensions), in_scope(scope)
    distance = f"other.vector::halfvec({dimensions}) <=> asked.vector::halfvec({dimensions})"
    large = is_large(scope) and vectors_in_index(model) is not None
    sql = f"""
        SELECT asked.asset_id, avg(nearest.distance) FROM {Embedding._meta.db_table} AS asked
        CROSS JOIN LATERAL (
            SELECT {distance} AS distance FROM {Embedding._meta.db_table} AS other
            WHERE other.model_id = %s AND other.asset_id <> asked.asset_id AND other.asset_id IN ({subquery})
            ORDER BY {distance if large else f"({distance}) + 0"} LIMIT %s
        ) AS nearest
        WHERE asked.model_id = %s AND asked.asset_id = ANY(%s) GROUP BY asked.asset_id
    """  # noqa: S608
    with transaction.atomic(), connection.cursor() as cursor:
        if large:
            cursor.execute("SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true)")
        cursor.execute(sql, [model.pk, *params, k, model.pk, ids])
        return {asset_id: float(distance) for asset_id, distance in cursor.fetchall()}


def neighbours_of(vectors: Iterable[Vector], clustering: Clustering, k: int) -> list[tuple[int, float, ClusterMember]]:
    """For each vector, the k nearest members of a clustering: (position of the vector, cosine distance, member).

    One query for all. A clustering that is a fair part of the model's vectors is asked through the HNSW index; the
    members of a small one are all compared.
    """
    model, dimensions = clustering.model, int(clustering.model.dimensions)
    columns = ["embedding_id", "asset_id", "clustering_id", *(f"level_{level}" for level in range(LEVELS))]
    distance = f"mine.vector::halfvec({dimensions}) <=> query.vector"
    mine = (
        f"SELECT member.*, embedding.vector FROM {Embedding._meta.db_table} AS embedding"  # noqa: S608
        f" JOIN {ClusterMember._meta.db_table} AS member ON member.embedding_id = embedding.id"
        " WHERE embedding.model_id = %s AND member.clustering_id = %s"
    )
    indexed = vectors_in_index(model)
    through_index = indexed is not None and clustering.size > max(LEAST_FOR_INDEX, indexed // 20)
    sql = (
        # Materialised, or the texts of the vectors would be parsed again for every comparison.
        f"WITH query AS MATERIALIZED (SELECT position, vector::halfvec({dimensions}) AS vector"  # noqa: S608
        " FROM unnest(%s::text[]) WITH ORDINALITY AS given (vector, position)),"
        f" mine AS {'NOT' if through_index else ''} MATERIALIZED ({mine})"
        " SELECT query.position, near.* FROM query"
        f" CROSS JOIN LATERAL (SELECT {distance} AS distance, {', '.join(columns)} FROM mine"
        f" ORDER BY {distance} LIMIT %s) AS near"
    )
    params: list[Any] = [[HalfVector(vector).to_text() for vector in vectors], model.pk, clustering.pk, k]
    settings = index_only(NEIGHBOURS_EF_SEARCH, "relaxed_order") if through_index else nullcontext()
    with settings, connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [
            (position - 1, float(distance), ClusterMember(**dict(zip(columns, values, strict=True))))
            for position, distance, *values in cursor.fetchall()
        ]


def by_hash(hashes: Sequence[str], library_id: UUID, k: int) -> dict[UUID, int]:
    """The k assets of a library whose perceptual hash is nearest to one of `hashes` (64 digits 0 or 1 each).

    Gives the number of bits that differ (Hamming distance). PostgreSQL chooses between the HNSW index over all
    libraries, which then goes on past other libraries' hashes, and a scan of this one's.
    """
    table = Fingerprint._meta.db_table
    sql = (
        "SELECT asset_id, min(distance)::int FROM unnest(%s::text[]) AS wanted(bits), LATERAL"  # noqa: S608
        f" (SELECT asset_id, phash <~> wanted.bits::bit(64) AS distance FROM {table}"
        " WHERE library_id = %s AND phash IS NOT NULL ORDER BY phash <~> wanted.bits::bit(64) LIMIT %s) AS near"
        " GROUP BY asset_id ORDER BY 2, 1 LIMIT %s"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true)")
        cursor.execute(sql, [list(hashes), library_id, k, k])
        return dict(cursor.fetchall())
