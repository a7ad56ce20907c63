"""What each engine takes to encode: each in a process of its own, one after the other, several rounds.

`python -m benchmarks.encoding SOURCE` (with DAM_ENGINE) is such a process. The machine may be shared: read medians
and ratios. Processor seconds do not depend on who else is at work.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from benchmarks.tables import table

ENGINES = {"torch": "torch, single precision", "onnx": "ONNX Runtime"}
THREADS, BATCH, ROUNDS = 2, 16, 3
THUMB = (512, 384)


def run(data_dir: Path) -> None:
    from benchmarks.memory import random_vit_b_32
    from search.embedders import engines, offline, sources

    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "ViT-B-32"
        random_vit_b_32(folder)
        for name, source in (
            ("ViT-B-32", sources.resolve(str(folder))),
            ("the compact offline model", offline.source()),
        ):
            engines.prepare(source)
            rows = compare(source, data_dir)
            header = ["engine", "thumbnails/s", "ratio", "processor ms each", "one picture, ms", "text, ms"]
            header += ["load, s", "load, processor s", "RSS, MB"]
            table(f"Encoding, {name}, {THREADS} threads, batches of {BATCH}", header, rows)


def compare(source: str, data_dir: Path) -> list[list[object]]:
    measured: dict[str, list[list[float]]] = defaultdict(list)
    for _round in range(ROUNDS):
        for engine in ENGINES:
            environment = {"DAM_ENGINE": engine, "DAM_TORCH_THREADS": str(THREADS), "OMP_WAIT_POLICY": "PASSIVE"}
            done = subprocess.run(  # noqa: S603  this module
                [sys.executable, "-m", "benchmarks.encoding", source],
                env=os.environ | environment | {"DAM_DATA_DIR": str(data_dir)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            measured[engine].append(json.loads(done.stdout.splitlines()[-1]))
    medians = {
        engine: [statistics.median(column) for column in zip(*rows, strict=True)] for engine, rows in measured.items()
    }
    slow = medians["torch"][0]
    return [
        [ENGINES[engine], values[0], f"{values[0] / slow:.1f} x", *values[1:]] for engine, values in medians.items()
    ]


def measure_here(source: str) -> list[float]:
    """Of a worker: thumbnails/s, processor ms of each; of a whole embedder: the other columns, in their order."""
    started, worked = time.perf_counter(), time.process_time()
    import django

    django.setup()
    from search import embedders

    embedder = embedders.get_embedder(source)
    load, processor = time.perf_counter() - started, time.process_time() - worked
    thumbs = [
        Image.fromarray(noise) for noise in np.random.default_rng(1).integers(0, 255, (BATCH, *THUMB, 3), np.uint8)
    ]
    texts = iter(f"a photo of number {number} on a table" for number in range(1000))
    embedder.encode_images(thumbs[:1])
    embedder.encode_texts([next(texts)])
    ones = [seconds(lambda: embedder.encode_images(thumbs[:1])) for _ in range(9)]
    words = [seconds(lambda: embedder.encode_texts([next(texts)])) for _ in range(20)]
    memory = psutil.Process().memory_info().rss / 2**20
    embedders.reset()
    worker = embedders.get_embedder(source, images_only=True)  # as the index worker has it
    worker.encode_images(thumbs)
    worked = time.process_time()
    rates = [seconds(lambda: worker.encode_images(thumbs)) for _ in range(5)]
    each = (time.process_time() - worked) / 5 / BATCH
    return [
        BATCH / statistics.median(rates),
        1000 * each,
        1000 * statistics.median(ones),
        1000 * statistics.median(words),
        load,
        processor,
        memory,
    ]


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(measure_here(sys.argv[1])))
