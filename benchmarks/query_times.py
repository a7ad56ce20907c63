"""Text, similar and image queries through the real page and the REST API: encode, search and render, p50 / p95."""

import io
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import Any
from uuid import UUID

from django.test import Client

from benchmarks.filling import Filled
from benchmarks.import_speed import LARGE, photographs
from benchmarks.tables import p50_p95, table
from media_library import renditions
from media_library.models import Library
from search import anchors, embedders
from search.models import EmbeddingModel

WORDS = ["a red car", "cold night", "people on a beach", "green forest", "city at dusk", "an apple", "snow", "a cat"]

TIMING = re.compile(r"(\w+);dur=([\d.]+)")

Times = dict[str, list[float]]


def run(filled: Filled, *, queries: int) -> None:
    import_module("dam.wsgi")  # as the web process does, which tunes its garbage collection
    model = EmbeddingModel.active()
    assert model
    embedders.get_embedder(model.source)
    library, assets = filled.library, len(filled.ids)
    client = Client(SERVER_NAME="localhost")
    client.force_login(filled.user)
    photograph = photographs(1, LARGE)[0]
    kinds: dict[str, Callable[[int], dict[str, Any]]] = {
        # A word of its own in every query, so that no cached vector answers.
        "text": lambda i: {"text": f"{WORDS[i % len(WORDS)]} number {i} {assets}"},
        "similar": lambda i: {"like": str(filled.ids[i])},
        "image of 12 megapixels (decoded and encoded for each)": lambda i: {"anchor": str(anchor(filled, photograph))},
    }
    rows = [row(name, timed(client, library, make, queries)) for name, make in kinds.items()]
    header = ["query", "encode ms", "search ms", "page: all but encode ms", "REST: all but encode ms", "hits"]
    table(f"Query times, {assets:,} assets, p50 / p95", header, rows)


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
            started = time.perf_counter()
            answer = client.get(url, params)
            total = 1000 * (time.perf_counter() - started)
            assert answer.status_code == 200, answer.content[:500]
            if i < 0:
                continue
            took = {part: float(ms) for part, ms in TIMING.findall(answer["Server-Timing"])}
            times[kind].append(total - took["encode"])
            if kind == "rest":
                times["hits"].append(len(answer.json()["results"]))
                times["search"].append(took["search"])
            else:  # it comes first, so its text is not in the cache of vectors yet
                times["encode"].append(took["encode"] + (made if "anchor" in params else 0))
    return times


def row(name: str, times: Times) -> list[object]:
    columns = [p50_p95(times[column]) for column in ("encode", "search", "page", "rest")]
    return [name, *columns, int(statistics.median(times["hits"]))]


def anchor(filled: Filled, photograph: bytes) -> UUID:
    """A query picture, decoded and encoded here as worker and web process do it."""
    thumb = anchors.save_thumb(renditions.thumbnail(io.BytesIO(photograph), None).data)
    return anchors.create(user=filled.user, library=filled.library, thumb=thumb, name="q.jpg", box=None).pk
