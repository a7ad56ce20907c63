"""How long measuring a library's outliers takes, and whether those that were planted are found."""

import time

import numpy as np

from benchmarks.filling import Filled
from benchmarks.tables import table
from media_library.models import Asset
from search import outliers
from search.models import Embedding, Isolation

PLANTED = 20


def run(filled: Filled, *, most: int = 3000) -> None:
    """Measures at most so many; the planted ones point in random directions, away from all clusters."""
    random = np.random.default_rng(5)
    planted = filled.ids[:PLANTED]
    embeddings = list(Embedding.objects.filter(asset__in=planted))
    for embedding in embeddings:
        vector = random.normal(size=len(filled.vectors[0]))
        embedding.vector = vector / np.linalg.norm(vector)
    Embedding.objects.bulk_update(embeddings, ["vector"])
    model = embeddings[0].model
    ids, started = filled.ids[:most], time.perf_counter()
    for at in range(0, len(ids), outliers.BATCH):
        outliers.measure(filled.library, model, ids[at : at + outliers.BATCH])
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    outliers.judge(filled.library, model)
    judged = time.perf_counter() - started
    found = set(Asset.objects.filter(outliers.condition(), library=filled.library).values_list("pk", flat=True))
    row: list[object] = [
        len(filled.ids),
        Isolation.objects.filter(asset__library=filled.library).count(),
        len(ids) / seconds,
    ]
    row += [1000 * judged, f"{len(found & set(planted))} of {PLANTED}", len(found - set(planted))]
    header = ["assets", "measured", "measured/s", "judging, ms", "planted ones found", "others"]
    table("Outliers", header, [row])
