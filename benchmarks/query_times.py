"""Text, similar and image queries through the real page and the REST API: encode, search and render, p50 / p95."""

import io
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from django.core.cache import cache
from django.test import Client
from PIL import Image

from benchmarks.filling import fill
from benchmarks.tables import p50_p95, table
from benchmarks.vectors import Clusters
from media_library import renditions
from media_library.models import Asset, Library
from search import embedders
from search.models import EmbeddingModel, QueryAnchor

WORDS = ["a red car", "cold night", "people on a beach", "green forest", "city at dusk", "an apple", "snow", "a cat"]

Times = dict[str, list[float]]


def run(assets: int, *, queries: int) -> None:
    model = EmbeddingModel.active()
    assert model
    library, user, _vectors = fill(assets, Clusters(model.dimensions))
    embedders.get_embedder(model.source)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    ids = list(Asset.objects.filter(library=library).values_list("pk", flat=True)[: queries + 5])
    kinds: dict[str, Callable[[int], dict[str, Any]]] = {
        # A word of its own in every query, so that no cached vector answers.
        "text": lambda i: {"text": f"{WORDS[i % len(WORDS)]} number {i} {assets}"},
        "similar": lambda i: {"like": str(ids[i])},
        "image (its anchor made as part of the query)": lambda i: {"anchor": str(anchor(library, user, i))},
    }
    rows = [row(name, timed(client, library, make, queries)) for name, make in kinds.items()]
    header = ["query", "encode ms", "search ms", "page: all but encode ms", "REST: all but encode ms", "hits"]
    table(f"Query times, {assets:,} assets, p50 / p95", header, rows)
    library.delete()


def timed(client: Client, library: Library, make: Callable[[int], dict[str, Any]], queries: int) -> Times:
    times: Times = defaultdict(list)
    for i in range(-5, queries):  # the first five warm up
        for kind, url in (
            ("page", f"/l/{library.slug}/search/"),
            ("rest", f"/api/v1/libraries/{library.pk}/search/"),
        ):
            making = time.perf_counter()
            params = make(i)
            made = 1000 * (time.perf_counter() - making)
            cache.clear()
            started = time.perf_counter()
            answer = client.get(url, params)
            total = 1000 * (time.perf_counter() - started)
            assert answer.status_code == 200, answer.content[:500]
            if i < 0:
                continue
            if kind == "rest":
                took = answer.json()["took_ms"]
                times["hits"].append(len(answer.json()["results"]))
                encode = took["encode"]
                times["encode"].append(encode + made if "anchor" in params else encode)
                times["search"].append(took["search"])
            else:
                encode = answer.context["results"].took_ms["encode"]
            times[kind].append(total - encode)
    return times


def row(name: str, times: Times) -> list[object]:
    columns = [p50_p95(times[column]) for column in ("encode", "search", "page", "rest")]
    return [name, *columns, int(statistics.median(times["hits"]))]


def anchor(library: Library, user: Any, seed: int) -> object:
    """A query picture of 12 megapixels, decoded and encoded here, as worker and web process do it."""
    from search import anchors

    noise = np.random.default_rng(seed + 1000).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((4000, 3000)).save(buffer, "JPEG", quality=85)
    buffer.seek(0)
    thumb = anchors.save_thumb(renditions.thumbnail(buffer, None).data)
    made: QueryAnchor = anchors.create(user=user, library=library, thumb=thumb, name="q.jpg", box=None)
    return made.pk
