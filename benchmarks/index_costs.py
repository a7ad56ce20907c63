"""What a model's indexes cost: building them, adding to them, their room on the disk; and searches meanwhile."""

import multiprocessing
import time
from functools import partial
from uuid import UUID, uuid4

import numpy as np
from django.db import connection

from benchmarks.engines import by_processes, http_client
from benchmarks.filling import Filled, copy_rows
from benchmarks.tables import p50_p95, table
from benchmarks.vectors import Vectors
from benchmarks.web import Visitor, web
from dam.embedded.servers import Servers
from media_library.models import Asset
from search import indexing, vector_index
from search.models import Embedding, EmbeddingModel
from search.vector_index import ASSETS

ROWS = 2_000
PER_SECOND = 10


def run(servers: Servers, filled: Filled, *, queries: int) -> None:
    model = EmbeddingModel.active()
    assert model
    graph_seconds, lists_seconds, memory = building(model)
    rate = adding(filled, model)
    header = ["vectors", "graph, s", "lists, s", "maintenance_work_mem", "rows/s with both", "table", "graph", "lists"]
    row = [f"{len(filled.ids):,}", f"{graph_seconds:.0f}", f"{lists_seconds:.0f}", memory, f"{rate:.0f}", *sizes(model)]
    table("Cost of the indexes", header, [row])
    quiet, busy = searches(servers, filled, model, queries)
    header = ["find similar, REST", "p50 / p95 ms"]
    rows = [["alone", p50_p95(quiet)], [f"while {PER_SECOND} pictures/s are indexed", p50_p95(busy)]]
    table(f"Searches during indexing, {len(filled.ids):,} assets", header, rows)


def building(model: EmbeddingModel) -> tuple[float, float, str]:
    """Seconds for the graph and for the lists, and the memory that PostgreSQL may take for it."""
    lists = vector_index.indexes_of(model).wanted_lists or 1
    with vector_index.built_in_memory(model), connection.cursor() as cursor:
        cursor.execute("SHOW maintenance_work_mem")
        (memory,) = cursor.fetchone()
        times = [time.perf_counter()]
        for statements in (
            vector_index.graph_statements(model, concurrently=True),
            vector_index.lists_statements(model, ASSETS, lists, concurrently=True),
        ):
            for statement in statements:
                vector_index.execute(statement)
            times.append(time.perf_counter())
    return times[1] - times[0], times[2] - times[1], memory


def adding(filled: Filled, model: EmbeddingModel) -> float:
    """As the index worker does it: upserts of a batch, each in its own transaction. Rows a second."""
    rows = new_assets(filled, model, ROWS)
    started = time.perf_counter()
    for start in range(0, len(rows), indexing.BATCH):
        store(model, rows[start : start + indexing.BATCH])
    return len(rows) / (time.perf_counter() - started)


def new_assets(filled: Filled, model: EmbeddingModel, count: int) -> list[tuple[UUID, Vectors]]:
    ids = [uuid4() for _ in range(count)]
    folder = filled.library.folders.first()
    assert folder
    taken = Asset.objects.filter(library=filled.library).count()
    copy_rows(filled.library, filled.user, model, [(pk, folder.pk) for pk in ids], after=taken)
    vectors, _chosen = filled.clusters.pictures(count)
    return list(zip(ids, vectors, strict=True))


def store(model: EmbeddingModel, rows: list[tuple[UUID, Vectors]]) -> None:
    Embedding.objects.bulk_create(
        [Embedding(asset_id=pk, model=model, vector=vector) for pk, vector in rows],
        update_conflicts=True,
        unique_fields=["asset", "model"],
        update_fields=["vector"],
    )


def sizes(model: EmbeddingModel) -> list[str]:
    """Of the table, the graph and the lists."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_size_pretty(pg_table_size(name::regclass)) FROM unnest(%s::text[]) AS given (name)",
            [[ASSETS.table, ASSETS.graph(model), ASSETS.lists(model)]],
        )
        return [size for (size,) in cursor.fetchall()]


def searches(servers: Servers, filled: Filled, model: EmbeddingModel, queries: int) -> tuple[list[float], list[float]]:
    picked = np.random.default_rng(4).choice(len(filled.ids), queries, replace=False)
    words = [{"like": str(filled.ids[i])} for i in picked]
    path = f"/api/v1/libraries/{filled.library.pk}/search/"
    rows = new_assets(filled, model, PER_SECOND * 60)
    with web(servers):
        connect = partial(http_client, Visitor.signed_in(filled.user).headers, path, words)
        connection.close()
        by_processes(connect, queries, 1)  # warms up
        quiet = by_processes(connect, queries, 1)
        indexer = multiprocessing.get_context("fork").Process(target=steadily, args=(model, rows))
        indexer.start()
        busy = by_processes(connect, queries, 1)
        indexer.terminate()
        indexer.join()
    return quiet.times, busy.times


def steadily(model: EmbeddingModel, rows: list[tuple[UUID, Vectors]]) -> None:
    for start in range(0, len(rows), PER_SECOND):
        second = time.perf_counter() + 1
        store(model, rows[start : start + PER_SECOND])
        time.sleep(max(0, second - time.perf_counter()))
