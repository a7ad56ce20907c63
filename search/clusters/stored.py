"""Vectors and clusters in bulk, in the database's own format: a tenth of the time that text takes."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import BinaryField, Func, Model, Q, QuerySet
from pgvector import HalfVector

from search.clusters import kinds
from search.clusters.graph import Vectors
from search.clusters.kinds import Kind
from search.models import Cluster, Clustering, EmbeddingModel
from search.models.cluster import LEVELS, level_field
from search.nearest import Vector


class Stored(NamedTuple):
    keys: list[int]  # of the embeddings
    owners: list[UUID]  # assets or regions
    vectors: Vectors  # shape (keys, dimensions)


def read(kind: Kind, embeddings: QuerySet[Any], dimensions: int) -> Stored:
    """In the order of the query."""
    rows, vectors = rows_and_vectors(embeddings.values_list("pk", f"{kind.owner}_id"), "vector", dimensions)
    return Stored([key for key, _owner in rows], [owner for _key, owner in rows], vectors)


def sizes_and_sums(clusters: QuerySet[Cluster], dimensions: int) -> tuple[dict[UUID, int], dict[UUID, Vector]]:
    """Of clusters of two or more: how many members, and the sum of their vectors."""
    rows, means = rows_and_vectors(clusters.values_list("pk", "size"), "mean", dimensions)
    return dict(rows), {pk: size * mean for (pk, size), mean in zip(rows, means, strict=True)}


def rows_and_vectors(rows: QuerySet[Any, Any], column: str, dimensions: int) -> tuple[list[tuple[Any, ...]], Vectors]:
    """The rows of a `values_list`, and beside them the half-precision vectors of a column, shape (rows, dimensions)."""
    sent = Func(column, function="halfvec_send", output_field=BinaryField())
    found: list[tuple[Any, ...]] = []
    blocks = [np.empty((0, dimensions), np.float32)]
    try:
        sql, params = rows.annotate(sent=sent).query.sql_with_params()
    except EmptyResultSet:  # Django knows without asking
        return found, blocks[0]
    with transaction.atomic(), connection.connection.cursor(name="stored_vectors", binary=True) as cursor:
        cursor.execute(sql, params)
        while block := cursor.fetchmany(5000):
            found.extend(row[:-1] for row in block)
            halves = np.frombuffer(b"".join(row[-1][4:] for row in block), ">f2")  # 4 bytes say how many
            blocks.append(halves.astype(np.float32).reshape(len(block), dimensions))
    return found, np.concatenate(blocks)


def sample(model: EmbeddingModel, count: int) -> Vectors:
    """Vectors of up to `count` assets of all libraries, chosen at random."""
    embedded = kinds.IMAGES.embedded(model)
    chosen = list(embedded.order_by("?").values_list("pk", flat=True)[:count])
    return read(kinds.IMAGES, embedded.filter(pk__in=chosen), model.dimensions).vectors


def belonging_to(clustering: Clustering) -> QuerySet[Any]:
    """All vectors that a clustering covers, whatever the state of their assets: who may see them is asked elsewhere."""
    kind = kinds.of(clustering)
    return kind.embedded(clustering.model_id).filter(Q((kind.library, clustering.library_id)))


def add_members(clustering: Clustering, found: Stored, paths: Iterable[Sequence[UUID]]) -> None:
    """One row per vector, with its clusters level by level."""
    kind = kinds.of(clustering)
    levels = {level_field(level): "uuid" for level in range(LEVELS)}
    types = {"embedding_id": "int8", f"{kind.owner}_id": "uuid", "clustering_id": "int8", **levels, "settled": "bool"}
    rows = zip(found.keys, found.owners, paths, strict=True)
    copy(kind.member, types, ((key, owner, clustering.pk, *path, True) for key, owner, path in rows))


def add_clusters(
    clustering: Clustering, level: int, ids: Sequence[UUID], firsts: list[int], sizes: list[int], means: Vectors
) -> None:
    """The clusters of two or more of one level; `ids` has the cluster of each vector, `firsts` a vector of each."""
    types = {"id": "uuid", "clustering_id": "int8", "level": "int2", "size": "int4"}
    types["mean"] = "bytea"  # what is sent are the bytes of a halfvec
    rows = (
        (ids[first], clustering.pk, level, size, HalfVector(mean).to_binary())
        for first, size, mean in zip(firsts, sizes, means, strict=True)
    )
    copy(Cluster, types, rows)


def copy(model: type[Model], types: dict[str, str], rows: Iterable[Sequence[Any]]) -> None:
    into = f"{model._meta.db_table} ({', '.join(types)})"
    with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN WITH (FORMAT BINARY)") as writer:
        writer.set_types(list(types.values()))
        for row in rows:
            writer.write_row(row)
