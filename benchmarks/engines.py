"""The whole request (HTTP in, JSON out) beside bare pgvector and beside graphs in memory, on the same vectors.

Each engine searches as wide as it has to for the recall@50 that is asked for. hnswlib and faiss are measured if they
are installed (`pip install hnswlib faiss-cpu`).
"""

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from django.db import connection
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from benchmarks.filling import Filled
from benchmarks.recall import K, like_pictures
from benchmarks.tables import p50_p95, table
from benchmarks.vectors import TEXTS, Vectors
from benchmarks.web import Visitor, web
from dam.embedded.servers import Servers
from media_library.models import Asset
from search import nearest
from search.models import EmbeddingModel, QueryAnchor
from search.nearest import Modality
from search.vector_index import GRAPH, LISTS

CLIENTS = (1, 2, 8)
WIDTHS = (50, 100, 200, 400, 600, 1000, 2000, 4000)
RECALL = 0.98
M, EF_CONSTRUCTION = 16, 128

Search = Callable[[int], list[Any]]  # the number of a query -> ids of the hits, nearest first
IdOf = Callable[[dict[str, Any]], str]  # of a hit in an answer


@dataclass(frozen=True)
class BareIndex:
    name: str
    metric: str
    setting: str  # how wide it is searched
    widths: tuple[int, ...]


BARE = (
    BareIndex("graph", GRAPH, "hnsw.ef_search", (50, 100, 200, 400, 600, 1000)),
    BareIndex("lists", LISTS, "ivfflat.probes", (1, 2, 5, 10, 20, 50, 100)),
)


@dataclass(frozen=True)
class Run:
    times: list[float]  # ms
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds


def run(servers: Servers, filled: Filled, *, queries: int) -> None:
    model = EmbeddingModel.active()
    assert model
    kinds: list[tuple[Modality, Vectors]] = [
        ("image", like_pictures(filled.vectors, queries)),
        ("text", filled.clusters.texts(queries)),
    ]
    graphs = dict(in_memory(filled.vectors, Path(servers.data_dir)))
    for kind, vectors in kinds:
        scope = Asset.objects.filter(library=filled.library)
        truth = [[hit.id for hit in nearest.exact(vector, scope, K, model)] for vector in vectors]
        connection.close()
        rows = ours(servers, filled, kind, vectors, truth, model)
        rows += [bare(vectors, truth, model, index) for index in BARE]
        rows += [in_graph(name, graph, vectors, truth, filled.ids) for name, graph in graphs.items()]
        header = ["engine", "width", "recall@50"] + [f"{n} clients: p50 / p95 ms, /s" for n in CLIENTS]
        table(f"{len(filled.ids):,} assets, queries like {kind}s, {K} hits", header, rows)


def ours(
    servers: Servers, filled: Filled, kind: Modality, vectors: Vectors, truth: list[list[UUID]], model: EmbeddingModel
) -> list[list[object]]:
    file = Path(servers.data_dir) / "texts.npz"
    np.savez(file, vectors=vectors)
    os.environ[TEXTS] = str(file)
    anchors = QueryAnchor.objects.bulk_create(
        QueryAnchor(owner=filled.user, library=filled.library, thumb="x", model=model, vector=HalfVector(vector))
        for vector in vectors
    )
    words: list[dict[str, str]] = [
        {"text": str(number), "keywords": "false"} if kind == "text" else {"anchor": str(anchor.pk)}
        for number, anchor in enumerate(anchors)
    ]
    path = f"/api/v1/libraries/{filled.library.pk}/search/"
    answers: list[tuple[str, str, IdOf]] = [
        ("our whole request, assets", path, lambda hit: hit["asset"]["id"]),
        ("our whole request, ids alone", f"{path}ids/", lambda hit: hit["id"]),
    ]
    rows: list[list[object]] = []
    with web(servers, "benchmarks.replayed:application"):
        headers = Visitor.signed_in(filled.user).headers
        for name, address, id_of in answers:
            connect = partial(http_client, headers, address, words, id_of)
            recall = recall_of(connect(), truth)
            runs = [by_processes(connect, len(vectors), clients) for clients in CLIENTS]
            rows.append([name, "planned", f"{recall:.4f}", *map(said, runs)])
    return rows


def http_client(headers: dict[str, str], path: str, words: list[dict[str, str]], id_of: IdOf) -> Search:
    visitor = Visitor(headers)

    def search(number: int) -> list[UUID]:
        body = json.loads(visitor.get(path, words[number]).body)
        return [UUID(id_of(hit)) for hit in body["results"]]

    return search


def bare(vectors: Vectors, truth: list[list[UUID]], model: EmbeddingModel, index: BareIndex) -> list[object]:
    settings = connection.get_connection_params()
    where = {name: settings[name] for name in ("host", "port", "user", "password", "dbname") if settings.get(name)}
    for width in index.widths:
        connect = partial(pgvector_client, where, vectors, model, index, width)
        recall = recall_of(connect(), truth)
        if recall >= RECALL:
            break
    runs = [by_processes(connect, len(vectors), clients) for clients in CLIENTS]
    return [f"bare pgvector, {index.name}", width, f"{recall:.4f}", *map(said, runs)]


def pgvector_client(
    where: dict[str, Any], vectors: Vectors, model: EmbeddingModel, index: BareIndex, width: int
) -> Search:
    database = psycopg.connect(**where, autocommit=True)
    register_vector(database)
    database.execute(f"SET {index.setting} = {int(width)}")
    sql = (
        f"SELECT asset_id FROM search_embedding WHERE model_id = {int(model.pk)}"  # noqa: S608
        f" ORDER BY vector::halfvec({model.dimensions}) {index.metric} %s LIMIT {K}"
    )
    rows = [HalfVector(vector) for vector in vectors]

    def search(number: int) -> list[UUID]:
        found = database.execute(sql, [rows[number]], prepare=True, binary=True)
        return [pk for (pk,) in found.fetchall()]

    return search


def in_memory(vectors: Vectors, folder: Path) -> Iterable[tuple[str, Callable[[int], Callable[[Vectors], Any]]]]:
    """Name, and from a width to a function from one query to the numbers of its K nearest.

    Built graphs are kept in `folder` beside the library.
    """
    try:
        import hnswlib

        graph = hnswlib.Index(space="ip", dim=vectors.shape[1])
        file = folder / f"hnswlib-{len(vectors)}"
        if file.exists():
            graph.load_index(str(file), len(vectors))
        else:
            graph.init_index(len(vectors), M=M, ef_construction=EF_CONSTRUCTION)
            graph.add_items(vectors)
            graph.save_index(str(file))

        def of_hnswlib(width: int) -> Callable[[Vectors], Any]:
            graph.set_ef(width)
            return lambda query: graph.knn_query(query[None], k=K, num_threads=1)[0][0]

        yield "hnswlib, in memory", of_hnswlib
    except ImportError:
        print("hnswlib is not installed.")
    try:
        import faiss

        file = folder / f"faiss-{len(vectors)}"
        if not file.exists():
            faiss.omp_set_num_threads(2)
            built = faiss.IndexHNSWFlat(vectors.shape[1], M, faiss.METRIC_INNER_PRODUCT)
            built.hnsw.efConstruction = EF_CONSTRUCTION
            built.add(np.ascontiguousarray(vectors))
            faiss.write_index(built, str(file))
        index = faiss.read_index(str(file))
        faiss.omp_set_num_threads(1)

        def of_faiss(width: int) -> Callable[[Vectors], Any]:
            faiss.ParameterSpace().set_index_parameter(index, "efSearch", width)
            return lambda query: index.search(query[None], K)[1][0]

        yield "faiss HNSW, in memory", of_faiss
    except ImportError:
        print("faiss is not installed.")


def in_graph(
    name: str,
    graph: Callable[[int], Callable[[Vectors], Any]],
    vectors: Vectors,
    truth: list[list[UUID]],
    ids: Sequence[UUID],
) -> list[object]:
    for width in WIDTHS:
        near = graph(width)
        recall = recall_of(lambda number: [ids[i] for i in near(vectors[number])], truth)  # noqa: B023
        if recall >= RECALL:
            break
    runs = [by_threads(lambda number: list(near(vectors[number])), len(vectors), clients) for clients in CLIENTS]
    return [name, width, f"{recall:.4f}", *map(said, runs)]


def recall_of(search: Search, truth: list[list[UUID]]) -> float:
    found = [len(set(search(number)) & set(right)) / len(right) for number, right in enumerate(truth)]
    return float(np.mean(found))


def by_processes(connect: Callable[[], Search], queries: int, clients: int) -> Run:
    """Each client is a process with a connection of its own and asks all queries, from another one on."""
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(clients + 1), context.SimpleQueue()

    def work(first: int) -> None:
        search = connect()
        search(0)
        barrier.wait()
        answers.put(timed(search, queries, first))

    workers = [context.Process(target=work, args=(queries * n // clients,)) for n in range(clients)]
    for worker in workers:
        worker.start()
    barrier.wait()
    started = time.perf_counter()
    times = [ms for _worker in workers for ms in answers.get()]
    seconds = time.perf_counter() - started
    for worker in workers:
        worker.join()
    return Run(times, seconds)


def by_threads(search: Search, queries: int, clients: int) -> Run:
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        parts = list(pool.map(lambda n: timed(search, queries, queries * n // clients), range(clients)))
    return Run([ms for part in parts for ms in part], time.perf_counter() - started)


def timed(search: Search, queries: int, first: int) -> list[float]:
    times = []
    for n in range(queries):
        started = time.perf_counter()
        search((first + n) % queries)
        times.append(1000 * (time.perf_counter() - started))
    return times


def said(measured: Run) -> str:
    return f"{p50_p95(measured.times)}, {measured.rate:,.0f}"
