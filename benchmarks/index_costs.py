"""What the index of the model costs: building it, adding to it, its room on the disk; and searches meanwhile."""

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

ROWS = 2_000
PER_SECOND = 10


def run(servers: Servers, filled: Filled, *, queries: int) -> None:
    model = EmbeddingModel.active()
    assert model
    seconds, memory = building(model)
    rate = adding(filled, model)
    vectors, graph = sizes(model)
    header = ["vectors", "build s", "maintenance_work_mem", "rows/s with the index", "table", "index"]
    row = [f"{len(filled.ids):,}", f"{seconds:.0f}", memory, f"{rate:.0f}", vectors, graph]
    table("Cost of the index", header, [row])
    quiet, busy = searches(servers, filled, model, queries)
    header = ["find similar, REST", "p50 / p95 ms"]
    rows = [["alone", p50_p95(quiet)], [f"while {PER_SECOND} pictures/s are indexed", p50_p95(busy)]]
    table(f"Searches during indexing, {len(filled.ids):,} assets", header, rows)


def building(model: EmbeddingModel) -> tuple[float, str]:
    vector_index.execute(f'DROP INDEX "{model.index_name}"')
    with vector_index.built_in_memory(model), connection.cursor() as cursor:
        cursor.execute("SHOW maintenance_work_mem")
        (memory,) = cursor.fetchone()
    started = time.perf_counter()
    indexing.ensure_index(model)
    return time.perf_counter() - started, memory


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


def sizes(model: EmbeddingModel) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_size_pretty(pg_table_size(%s::regclass)), pg_size_pretty(pg_relation_size(%s::regclass))",
            [Embedding._meta.db_table, model.index_name],
        )
        vectors, graph = cursor.fetchone()
    return vectors, graph


def searches(servers: Servers, filled: Filled, model: EmbeddingModel, queries: int) -> tuple[list[float], list[float]]:
    picked = np.random.default_rng(4).choice(len(filled.ids), queries, replace=False)
    words = [{"like": str(filled.ids[i])} for i in picked]
    path = f"/api/v1/libraries/{filled.library.pk}/search/"
    rows = new_assets(filled, model, PER_SECOND * 60)
    with web(servers):
        connect = partial(http_client, Visitor.signed_in(filled.user).headers, path, words)
        connection.close()
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
