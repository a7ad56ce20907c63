"""Encode speed, loading time and memory of the offline model beside ViT-B-32, each in a process of its own.

`python -m training.speed --tower search/embedders/offline/image_tower.safetensors`
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil

QUERIES = ("puppy", "a red car on the beach", "old stone bridge in the mountains", "white running shoes")
BATCH = 32

Encoders = tuple[Callable[[Sequence[Any]], object], Callable[[Sequence[str]], object]]
Loader = Callable[[], Encoders]


def measure(tower: Path | None) -> dict[str, float]:
    """One model's figures, loaded as the product loads it; without a tower, ViT-B-32 with random weights."""
    start = time.perf_counter()
    import numpy as np
    import torch
    from PIL import Image

    from search.embedders.runtime import open_clip

    imported = time.perf_counter()
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        load = offline_model(tower, Path(folder)) if tower else random_vit_b_32(open_clip)
        loading = time.perf_counter()
        images, texts = load()
        loaded = time.perf_counter()
        resident = psutil.Process().memory_info().rss
    noise = np.random.default_rng(0).integers(0, 255, (BATCH, 384, 512, 3), np.uint8)
    pictures = [Image.fromarray(pixels) for pixels in noise]
    picture_seconds = [_timed(lambda: images(pictures)) for _ in range(8)][2:]
    text_seconds = [_timed(lambda q=f"{query} {i}": texts([q])) for i in range(6) for query in QUERIES][4:]
    return {
        "pictures/s, resizing of 512 x 384 included": BATCH / statistics.median(picture_seconds),
        "one text, ms": 1000 * statistics.median(text_seconds),
        "import, s": imported - start,
        "load, s": loaded - loading,
        "memory after loading, MB": resident / 2**20,
        "peak memory with 32 pictures of 512 x 384, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def offline_model(tower: Path, folder: Path) -> Loader:
    """The product's own loader over this tower, put together in a process of its own, as an earlier start did it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assembled = pool.submit(assemble, tower, folder).result()

    def load() -> Encoders:
        from search.embedders.clip import OpenClipEmbedder

        embedder = OpenClipEmbedder.load(assembled)
        return embedder.encode_images, embedder.encode_texts

    return load


def assemble(tower: Path, folder: Path) -> Path:
    from django.conf import settings

    from search.embedders import offline

    settings.MODEL_DIR = folder
    offline.WEIGHTS, offline.CONFIG = tower, tower.with_suffix(".json")
    return offline.assembled()


def random_vit_b_32(open_clip: Any) -> Loader:
    import torch

    def load() -> Encoders:
        model, preprocess = open_clip.create_model_and_transforms("ViT-B-32", pretrained=None)[::2]
        tokenize = open_clip.get_tokenizer("ViT-B-32")
        model.eval().requires_grad_(requires_grad=False)
        return (
            lambda pictures: model.encode_image(torch.stack([preprocess(picture) for picture in pictures])),
            lambda texts: model.encode_text(tokenize(texts)),
        )

    return load


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tower", type=Path)
    parser.add_argument("--one", action="store_true", help="measure in this process and write JSON")
    arguments = parser.parse_args()
    if arguments.one:
        sys.stdout.write(json.dumps(measure(arguments.tower)))
        return
    base = [sys.executable, "-m", "training.speed", "--one"]
    offline = [*base, "--tower", str(arguments.tower)]
    columns = {
        name: json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
        for name, command in (("ViT-B-32", base), ("offline model", offline))
    }
    lines = [f"| measure | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for key in columns["offline model"]:
        lines.append(f"| {key} | " + " | ".join(f"{column[key]:.1f}" for column in columns.values()) + " |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
