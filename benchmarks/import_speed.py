"""Import end to end, through real workers, against what the parts allow on the same cores.

The ceiling is 1 / (1 / decode + 1 / encode), each rate measured alone with all cores. Decoding is the full `render`:
checks, both renditions, facts. The order is parts, import, parts again: the machine may be shared. Rates then depend on
who else is busy; processor time a picture does so less, and tells which process it went to.
"""

import io
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
from PIL import Image

from benchmarks.tables import table
from dam import garbage
from dam.embedded import children, product
from dam.embedded.servers import Servers
from media_library import renditions
from media_library.imports import Result, import_all
from media_library.imports.folders import walk
from media_library.imports.manifest import Manifest
from media_library.models import Library, Membership, Role, User
from search import embedders, indexing
from search.duplicates import finding
from search.models import EmbeddingModel, IndexEntry

LARGE, SMALL = (4000, 3000), (800, 600)
PATIENCE = 900  # seconds
sample: list[bytes] = []  # what the processes that decode find in their memory


def photographs(count: int, size: tuple[int, int]) -> list[bytes]:
    """JPEGs with the detail of photographs: noise of several scales, each different."""
    made = []
    for seed in range(count):
        random = np.random.default_rng(seed)
        picture = Image.new("RGB", size, "grey")
        for scale in (8, 64, 256):
            noise = random.integers(0, 255, (3 * scale // 4, scale, 3), dtype=np.uint8)
            picture = Image.blend(picture, Image.fromarray(noise).resize(size, Image.Resampling.BILINEAR), 0.4)
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=88)
        made.append(buffer.getvalue())
    return made


def run(servers: Servers, *, photos: int) -> None:
    launched = [
        servers.launch(partial(start, servers.data_dir))
        for start in (product.start_media_worker, product.start_index_worker)
    ]
    warm_up(servers)
    rows, by_process = [], []
    for name, size, count in (("12 megapixels", LARGE, photos), ("800 x 600", SMALL, 10 * photos)):
        files = photographs(count, size)
        before = ceiling(files)
        rate, used = imported(name, files, servers)
        after = ceiling(files)
        decode, encode, decoding, encoding = np.mean([before, after], axis=0)
        possible = 1 / (1 / decode + 1 / encode)
        kilobytes = sum(map(len, files)) // count // 1024
        rows.append([name, f"{kilobytes} KB", decode, encode, possible, rate, f"{rate / possible:.0%}"])
        total = sum(used.values())
        rest = total - decoding - encoding
        by_process.append([name, decoding, encoding, *used.values(), rest, f"{1 - rest / total:.0%}"])
    header = ["pictures", "size", "decode/s", "encode/s", "ceiling/s", "import/s", "of the ceiling"]
    table("Import, end to end", header, rows)
    header = [
        "pictures",
        "decode alone",
        "encode alone",
        *used,
        "all less decode and encode",
        "decode and encode of all",
    ]
    table("Processor time, milliseconds a picture", header, by_process)
    children.stop(launched)
    servers.running = [child for child in servers.running if child not in launched]


def decode(number: int) -> float:
    """Gives the processor time that it took, in seconds."""
    started = time.process_time()
    renditions.render(io.BytesIO(sample[number]))
    return time.process_time() - started


def ceiling(files: list[bytes]) -> tuple[float, float, float, float]:
    """Decoded and encoded pictures per second, each alone on all cores; and milliseconds of processor time of each."""
    cores = os.cpu_count() or 1
    sample[:] = files[:120]
    garbage.keep_freed_memory()  # as the workers do
    with ProcessPoolExecutor(cores, mp_context=get_context("fork")) as pool:
        list(pool.map(decode, range(cores)))
        started = time.perf_counter()
        decoding = sum(pool.map(decode, range(len(sample)), chunksize=2))
        decoded = len(sample) / (time.perf_counter() - started)
    thumbs = [thumbnail(file) for file in files[:8]] * 16
    model = EmbeddingModel.active()
    assert model
    embedder = embedders.get_embedder(model.source, images_only=True)  # as the index worker loads it
    embedder.encode_images(thumbs[: indexing.BATCH])
    started, used = time.perf_counter(), time.process_time()
    for start in range(0, len(thumbs), indexing.BATCH):
        embedder.encode_images(thumbs[start : start + indexing.BATCH])
    encoding = time.process_time() - used
    encoded = len(thumbs) / (time.perf_counter() - started)
    return decoded, encoded, 1000 * decoding / len(sample), 1000 * encoding / len(thumbs)


def thumbnail(content: bytes) -> Image.Image:
    """Decoded: what reads it in an import is no part of the ceiling."""
    picture = Image.open(io.BytesIO(renditions.render(io.BytesIO(content)).thumb.data))
    picture.load()
    return picture


def library_of(name: str) -> tuple[Library, User]:
    user, _made = User.objects.get_or_create(username="bench")
    library = Library.objects.create(name=name)
    Membership.objects.create(library=library, user=user, role=Role.MANAGER)
    return library, user


def warm_up(servers: Servers) -> None:
    """Wait until every process of both workers has done something."""
    imported("warm up", photographs(60, (400, 300)), servers)


def imported(name: str, files: list[bytes], servers: Servers) -> tuple[float, dict[str, float]]:
    """Pictures per second of a folder, from the first one read to the last vector; and milliseconds of processor time
    of a picture in each process."""
    library, user = library_of(name)
    with TemporaryDirectory(prefix="dam-bench-folder-") as folder:
        for number, content in enumerate(files):
            Path(folder, f"{number}.jpg").write_bytes(content)
        wait_for_duplicates()
        before, started = processor_times(servers), time.perf_counter()
        for outcome in import_all(library, user, walk(Path(folder)), Manifest.of(library)):
            assert outcome.result is Result.IMPORTED, outcome
        indexed = IndexEntry.objects.filter(asset__library=library, state=IndexEntry.State.DONE)
        while indexed.count() < len(files):
            assert time.perf_counter() < started + PATIENCE, "pictures failed or workers died; see the logs"
            time.sleep(0.25)
        rate, after = len(files) / (time.perf_counter() - started), processor_times(servers)
    return rate, {name: 1000 * (after[name] - before[name]) / len(files) for name in after}


def wait_for_duplicates() -> None:
    """Those of the import before are looked for when its last vector is there."""
    while finding.due().exists() or finding.uncompared().exists():
        time.sleep(0.5)


def processor_times(servers: Servers) -> dict[str, float]:
    """Seconds that each child with all below it, and this process, have used."""
    used = {"import": time.process_time()}
    for child in servers.running:
        process = psutil.Process(child.pid)
        times = process.cpu_times()
        used[child.name] = times.children_user + times.children_system  # of those that have ended
        for each in (process, *process.children(recursive=True)):
            spent = each.cpu_times()
            used[child.name] += spent.user + spent.system
    return used
