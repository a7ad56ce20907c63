"""Import end to end, through real workers, against what the parts allow on the same cores.

The ceiling is 1 / (1 / decode + 1 / encode), each rate measured alone with all cores. Decoding is the full `render`:
checks, both renditions, facts. The order is parts, import, parts again: the machine may be shared.
"""

import io
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
from django.core.files.base import ContentFile
from PIL import Image

from benchmarks.tables import table
from dam.embedded import children, product
from dam.embedded.servers import Servers
from media_library import ingest, renditions
from media_library.models import Library, Membership, Role, User
from search import embedders
from search.models import EmbeddingModel, IndexEntry

LARGE, SMALL = (4000, 3000), (800, 600)
PATIENCE = 900  # seconds


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
    warm_up()
    rows = []
    for name, size, count in (("12 megapixels", LARGE, photos), ("800 x 600", SMALL, 4 * photos)):
        files = photographs(count, size)
        before = ceiling(files)
        imported = import_rate(name, files)
        after = ceiling(files)
        decode, encode, possible = np.mean([before, after], axis=0)
        kilobytes = sum(map(len, files)) // count // 1024
        rows.append([name, f"{kilobytes} KB", decode, encode, possible, imported, f"{imported / possible:.0%}"])
    header = ["pictures", "size", "decode/s", "encode/s", "ceiling/s", "import/s", "of the ceiling"]
    table("Import, end to end", header, rows)
    children.stop(launched)
    servers.running = [child for child in servers.running if child not in launched]


def decode(content: bytes) -> int:
    return renditions.render(io.BytesIO(content)).width


def ceiling(files: list[bytes]) -> tuple[float, float, float]:
    """Decoded and encoded pictures per second, each alone on all cores, and what both together allow."""
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, mp_context=get_context("fork")) as pool:
        list(pool.map(decode, files[:cores]))
        started = time.perf_counter()
        list(pool.map(decode, files[:60], chunksize=4))
        decoded = min(60, len(files)) / (time.perf_counter() - started)
    thumbs = [Image.open(io.BytesIO(renditions.render(io.BytesIO(file)).thumb.data)) for file in files[:8]] * 8
    model = EmbeddingModel.active()
    assert model
    embedder = embedders.get_embedder(model.source)
    embedder.encode_images(thumbs[:32])
    started = time.perf_counter()
    for start in range(0, len(thumbs), 32):
        embedder.encode_images(thumbs[start : start + 32])
    encoded = len(thumbs) / (time.perf_counter() - started)
    return decoded, encoded, 1 / (1 / decoded + 1 / encoded)


def library_of(name: str) -> tuple[Library, User]:
    user, _made = User.objects.get_or_create(username="bench")
    library = Library.objects.create(name=name)
    Membership.objects.create(library=library, user=user, role=Role.MANAGER)
    return library, user


def warm_up() -> None:
    """Wait until both workers have done something."""
    import_rate("warm up", photographs(4, (400, 300)))


def import_rate(name: str, files: list[bytes]) -> float:
    """Pictures per second from the first byte stored to the last vector."""
    library, user = library_of(name)
    started = time.perf_counter()
    for number, content in enumerate(files):
        file = ContentFile(content, f"{number}.jpg")
        ingest.store_upload(library=library, user=user, file=file, name=file.name or "", keep_duplicate=True)
    indexed = IndexEntry.objects.filter(asset__library=library, state=IndexEntry.State.DONE)
    while indexed.count() < len(files):
        assert time.perf_counter() < started + PATIENCE, "pictures failed or workers died; see the logs"
        time.sleep(0.2)
    return len(files) / (time.perf_counter() - started)
