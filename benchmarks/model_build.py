"""What building a model beside another one costs: the HNSW index before or after filling, and counting the progress."""

import statistics
import time
from collections.abc import Callable
from uuid import UUID

import numpy as np
from django.db import connection

from search import build_progress, vector_index
from search.models import Embedding, EmbeddingModel, IndexEntry
from search.nearest import Vector

BATCH = 16
FILLED = 10_000  # pictures; the more there are, the dearer adding one to an index becomes
ROUNDS = 9


def run() -> None:
    """Of the active model's vectors."""
    model = EmbeddingModel.active()
    assert model is not None
    vectors = Embedding.objects.filter(model=model).values_list("asset_id", "vector")
    rows = [(pk, np.asarray(vector, np.float32)) for pk, vector in vectors.order_by("asset_id")[:FILLED]]
    print("| the index is built | filling, rows/s | index, s | together, s |\n|---|---|---|---|")
    for first in (True, False):
        other = EmbeddingModel.objects.create(
            name="Other", source=f"other-{first}", dimensions=model.dimensions, state=EmbeddingModel.State.RETIRED
        )
        print(order(other, rows, first=first))
        vector_index.drop_indexes(other)
        other.delete()
    print(f"\n{progress(model)}\n")


def order(model: EmbeddingModel, rows: list[tuple[UUID, Vector]], *, first: bool) -> str:
    """Batches as the index worker stores them, the index made before or after."""
    indexing = 0.0
    if first:
        vector_index.create_indexes(model)
    started = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        Embedding.objects.bulk_create(Embedding(asset_id=pk, model=model, vector=vector) for pk, vector in batch)
    filling = time.perf_counter() - started
    if not first:
        started = time.perf_counter()
        vector_index.create_indexes(model)
        indexing = time.perf_counter() - started
    when = "before filling" if first else "after filling"
    return f"| {when} | {len(rows) / filling:.0f} | {indexing:.1f} | {filling + indexing:.1f} |"


def progress(model: EmbeddingModel) -> str:
    """Half of the entries pending, as in the middle of a build; counted, and asked for by a page."""
    with connection.cursor() as cursor:
        table = IndexEntry._meta.db_table
        cursor.execute(f"UPDATE {table} SET finished_at = now() - random() * interval '1 hour'")  # noqa: S608
        cursor.execute(f"UPDATE {table} SET state = 'pending', finished_at = NULL WHERE id % 2 = 0")  # noqa: S608
        cursor.execute(f"VACUUM ANALYZE {table}")
    counted, asked = timed(build_progress.count, model), timed(build_progress.of_model, model)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET state = 'done', finished_at = now()")  # noqa: S608
    entries = IndexEntry.objects.count()
    return f"Progress over {entries:,} entries: counted in {counted:.1f} ms, asked for by a page in {asked:.2f} ms."


def timed(call: Callable[[EmbeddingModel], object], model: EmbeddingModel) -> float:
    times = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        call(model)
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)
