"""What lies around stored vectors: for outliers, clusters and duplicates, and what scores are compared with.

With `search.nearest`, the only place with vector SQL.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from pgvector import HalfVector

from media_library.models import AssetQuerySet, Library
from search.clusters import kinds
from search.models import Clustering, Embedding, EmbeddingModel, Fingerprint
from search.models.cluster import LEVELS, Member
from search.nearest import INDEX_ONLY, Inside, Scope, Settings, Vector, Vectors, is_large, run
from search.vector_index import vectors_in_index

# Members of a clustering are all compared unless they are many, and a fair part of the graph.
LEAST_FOR_INDEX = 1000
NEIGHBOURS_EF_SEARCH = 100


def sample(library: Library, model: EmbeddingModel, size: int) -> Vectors:
    """Vectors of `size` of the library's findable pictures, or of all: (n, model.dimensions), n <= size.

    Those with the least ids, which are random: a random sample, the same for every process and every time.
    """
    found = Embedding.objects.filter(model=model, asset__library=library, asset__visual_search=True)
    found = found.filter(asset__deleted_at=None).order_by("asset_id")
    rows = [np.asarray(vector, np.float32) for vector in found.values_list("vector", flat=True)[:size]]
    return np.stack(rows) if rows else np.empty((0, model.dimensions), np.float32)


def vectors_of(assets: AssetQuerySet, model: EmbeddingModel) -> dict[UUID, Vector]:
    """The stored vectors, shape (model.dimensions,), of those assets that have one: one query."""
    found = Embedding.objects.filter(model=model, asset__in=assets.order_by().values("pk"))
    return {pk: np.asarray(vector, np.float32) for pk, vector in found.values_list("asset_id", "vector")}


def mean_distances(ids: list[UUID], scope: Scope, k: int, model: EmbeddingModel) -> dict[UUID, float]:
    """Of each asset, the mean cosine distance to the k others of the scope that are nearest to it; those that have no
    vector, or no others, are left out."""
    dimensions, inside = int(model.dimensions), Inside.of(scope)
    distance = f"other.vector::halfvec({dimensions}) <=> asked.vector::halfvec({dimensions})"
    large = is_large(inside) and vectors_in_index(model) is not None
    sql = f"""
        SELECT asked.asset_id, avg(nearest.distance) FROM {Embedding._meta.db_table} AS asked
        CROSS JOIN LATERAL (
            SELECT {distance} AS distance FROM {Embedding._meta.db_table} AS other
            WHERE other.model_id = %s AND other.asset_id <> asked.asset_id AND other.asset_id IN ({inside.subquery})
            ORDER BY {distance if large else f"({distance}) + 0"} LIMIT %s
        ) AS nearest
        WHERE asked.model_id = %s AND asked.asset_id = ANY(%s) GROUP BY asked.asset_id
    """  # noqa: S608
    with connection.cursor() as cursor:
        settings: Settings = {"hnsw.iterative_scan": "relaxed_order"} if large else {}
        run(cursor, sql, [model.pk, *inside.params, k, model.pk, ids], settings)
        return {asset_id: float(distance) for asset_id, distance in cursor.fetchall()}


def neighbours_of(vectors: Iterable[Vector], clustering: Clustering, k: int) -> list[tuple[int, float, Member]]:
    """For each vector, the k nearest members of a clustering: (position of the vector, cosine distance, member).

    One query for all. A clustering that is a fair part of the model's vectors is asked through the HNSW index; the
    members of a small one are all compared.
    """
    kind, model, dimensions = kinds.of(clustering), clustering.model, int(clustering.model.dimensions)
    columns = ["embedding_id", kind.vectors.owner, "clustering_id", *(f"level_{level}" for level in range(LEVELS))]
    distance = f"mine.vector::halfvec({dimensions}) <=> query.vector"
    mine = (
        f"SELECT member.*, embedding.vector FROM {kind.vectors.table} AS embedding"  # noqa: S608
        f" JOIN {kind.member._meta.db_table} AS member ON member.embedding_id = embedding.id"
        " WHERE embedding.model_id = %s AND member.clustering_id = %s"
    )
    indexed = vectors_in_index(model, kind.vectors)
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
    going_on: Settings = {"hnsw.ef_search": NEIGHBOURS_EF_SEARCH, "hnsw.iterative_scan": "relaxed_order", **INDEX_ONLY}
    with connection.cursor() as cursor:
        run(cursor, sql, params, going_on if through_index else {})
        return [
            (position - 1, float(distance), kind.member(**dict(zip(columns, values, strict=True))))
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
    with connection.cursor() as cursor:
        run(cursor, sql, [list(hashes), library_id, k, k], {"hnsw.iterative_scan": "relaxed_order"})
        return dict(cursor.fetchall())
