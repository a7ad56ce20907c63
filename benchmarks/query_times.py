"""Text, similar and image queries through a real web process, page and REST: encode, search and render, p50 / p95."""

import io
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from uuid import UUID

from benchmarks.filling import Filled
from benchmarks.import_speed import LARGE, photographs
from benchmarks.tables import p50_p95, table
from benchmarks.web import Visitor, web
from dam.embedded.servers import Servers
from media_library import renditions
from media_library.models import Library
from search import anchors, embedders
from search.models import EmbeddingModel

WORDS = ["a red car", "cold night", "people on a beach", "green forest", "city at dusk", "an apple", "snow", "a cat"]

Times = dict[str, list[float]]


def run(servers: Servers, filled: Filled, *, queries: int) -> None:
    model = EmbeddingModel.active()
    assert model
    embedders.get_embedder(model.source)  # query pictures are encoded here
    photograph = photographs(1, LARGE)[0]
    kinds: dict[str, Callable[[int], dict[str, str]]] = {
        # A word of its own in every query, so that no cached vector answers.
        "text": lambda i: {"text": f"{WORDS[i % len(WORDS)]} number {i + 5} {len(filled.ids)}"},
        "similar": lambda i: {"like": str(filled.ids[i])},
        "image of 12 megapixels (decoded and encoded for each)": lambda i: {"anchor": str(anchor(filled, photograph))},
    }
    with web(servers):
        visitor = Visitor.signed_in(filled.user)
        rows = [row(name, timed(visitor, filled.library, make, queries)) for name, make in kinds.items()]
    header = [
        "query",
        "encode ms",
        "search ms",
        "bands ms",
        "page: all but encode ms",
        "REST: all but encode ms",
        "hits",
    ]
    table(f"Query times, {len(filled.ids):,} assets, p50 / p95", header, rows)


def timed(visitor: Visitor, library: Library, make: Callable[[int], dict[str, str]], queries: int) -> Times:
    times: Times = defaultdict(list)
    for i in range(-5, queries):  # the first five warm up
        for kind, url in (
            ("page", f"/l/{library.slug}/search/"),
            ("rest", f"/api/v1/libraries/{library.pk}/search/"),
        ):
            making = time.perf_counter()
            params = make(i)
            made = 1000 * (time.perf_counter() - making)
            answer = visitor.get(url, params)
            if i < 0:
                continue
            times[kind].append(answer.ms - answer.took["encode"])
            if kind == "rest":
                times["hits"].append(len(json.loads(answer.body)["results"]))
                times["search"].append(answer.took["search"])
                times["bands"].append(answer.took["bands"])
            else:  # it comes first, so its text is not in the cache of vectors yet
                times["encode"].append(answer.took["encode"] + (made if "anchor" in params else 0))
    return times


def row(name: str, times: Times) -> list[object]:
    columns = [p50_p95(times[column]) for column in ("encode", "search", "bands", "page", "rest")]
    return [name, *columns, int(statistics.median(times["hits"]))]


def anchor(filled: Filled, photograph: bytes) -> UUID:
    """A query picture, decoded and encoded here as worker and web process do it."""
    stored = anchors.Stored.save(renditions.query_picture(io.BytesIO(photograph)))
    return anchors.create(user=filled.user, library=filled.library, stored=stored, name="q.jpg", box=None).pk
