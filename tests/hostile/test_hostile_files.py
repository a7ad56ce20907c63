"""Files made to do harm are refused, fail, or become pictures; nothing else happens.

`HOSTILE_FILES` and `HOSTILE_SEED` say how many and which: see `make test-hostile` and docs/reliability.md.
"""

import io
import os
import queue
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.web import wait_until_up
from media_library.formats import EXTENSIONS
from tests.faults.product import LATER, Product
from tests.hostile.apps import MISDEEDS, picture
from tests.hostile.mutations import mutated
from tests.hostile.seeds import seeds
from tests.hostile.sending import Sending, Sent
from tests.hostile.watching import Watch
from tests.stack import open_folder

pytestmark = pytest.mark.slow

FILES = int(os.environ.get("HOSTILE_FILES", "100"))
SEED = int(os.environ.get("HOSTILE_SEED") or random.SystemRandom().randrange(10**6))
AWKWARD = Path(__file__).resolve().parents[3] / "shared" / "data" / "awkward"
# How many misbehave, of each kind. Whom only the kernel can stop takes a while, three times.
MISBEHAVING = dict.fromkeys(MISDEEDS, 5) if FILES > 1000 else {"crash": 1, "swallow": 1, "grow": 1}
MEMORY_MB = 1024
SECONDS = 2  # of processor time for a picture
IDLE_SECONDS = 1.0  # after which whoever has something in hand must be dead
STATES = "SELECT state, count(*) FROM media_library_asset GROUP BY state"
ASSETS = "SELECT id::text, state, failure_code, failure_message FROM media_library_asset"
RENDITIONS = "SELECT asset_id::text, name, file FROM media_library_rendition"


@contextmanager
def running() -> Iterator[Product]:
    with open_folder() as folder:
        limits = {"DAM_WORKER_MEMORY_MB": str(MEMORY_MB), "DAM_WORKER_SECONDS": str(SECONDS)}
        product = Product(folder / "data", DAM_EXTRA_FORMATS="pdf,video", WEB_CONCURRENCY="1", **limits)
        product.variables["DJANGO_SETTINGS_MODULE"] = "tests.hostile.settings"
        if FILES <= 1000:
            product.variables["HOSTILE_PREVIEW"] = "600"  # encoding larger ones of drawings takes half of the time
        for name in ("index worker", "job worker"):
            del product.starts[name]
        try:
            product.begin()
            wait_until_up(product.servers, "127.0.0.1", product.port, "/healthz")
            yield product
        finally:
            product.end()


def bad_files(chance: random.Random) -> Iterator[Sent]:
    good = seeds()
    every = [content for contents in good.values() for content in contents]
    for kind, contents in good.items():
        yield from (Sent(kind, f"good-{number}", content) for number, content in enumerate(contents))
    if AWKWARD.is_dir():
        yield from (Sent("awkward", path.name, path.read_bytes()) for path in sorted(AWKWARD.iterdir()))
    for misdeed, many in MISBEHAVING.items():
        yield from (Sent(misdeed, f"{number}.png", picture(misdeed, number)) for number in range(many))
    for number in range(FILES):
        kind = chance.choice(list(good))
        content = mutated(chance, chance.choice(good[kind]), chance.choice(every))
        yield Sent(kind, f"{number}{chance.choice(['', ending(kind)])}", content)


def ending(kind: str) -> str:
    return f".{EXTENSIONS[kind][0]}" if kind in EXTENSIONS else ""


def settle(product: Product, watch: Watch) -> None:
    """Wait until nothing waits. Leases of the dead are over as soon as nobody decodes."""
    deadline = time.monotonic() + 300 + FILES
    with product.connect() as connection:
        while dict(connection.execute(STATES).fetchall()).get("processing"):
            product.alive()
            assert time.monotonic() < deadline, "It does not come to rest."
            if watch.idle_seconds > IDLE_SECONDS:
                connection.execute(LATER)
                time.sleep(1.6)  # for the sweep
            time.sleep(0.2)


def table(sending: Sending, assets: dict[str, tuple[str, str]], watch: Watch) -> str:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    failures: Counter[str] = Counter()
    for sent in sending.results:
        state, code = assets.get(sent.asset, ("refused", sent.code))
        counted[sent.kind][state] += 1
        failures[f"{state} {code}"] += state != "ready"
    lines = [f"\nseed {SEED}: {len(sending.results)} files, {sending.queried} of them searched with, too", ""]
    lines.append("| began as | files | refused | failed | ready |\n|---|---|---|---|---|")
    for kind, of in [*counted.items(), ("all", sum(counted.values(), Counter()))]:
        lines.append(f"| {kind} | {of.total()} | {of['refused']} | {of['failed']} | {of['ready']} |")
    lines += ["", ", ".join(f"{name} {count}" for name, count in failures.most_common() if count)]
    deaths = {name: watch.deaths(name) for name in watch.logs}
    return "\n".join(
        [*lines, f"deaths {deaths}; peaks in MB {watch.peaks}, limit {MEMORY_MB} for decoders and sandboxes"]
    )


@pytest.mark.timeout(900 + 3 * FILES)
def test_hostile_files_harm_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    print(f"seed {SEED}")  # noqa: T201  told with a failure
    chance = random.Random(SEED)  # noqa: S311
    with running() as product:
        media, web = product.child("media worker"), product.child("web")
        watch = Watch(media, web)
        watch.start()
        files: queue.SimpleQueue[Sent | None] = queue.SimpleQueue()
        for sent in bad_files(chance):
            files.put(sent)
        began = time.monotonic()
        sending = Sending(product.url, product.token, product.library)
        sending.all(files)
        sent_after = time.monotonic() - began
        settle(product, watch)
        seconds = f"sent in {sent_after:.0f} s, settled after {time.monotonic() - began:.0f} s"
        product.alive()
        watch.ended.set()
        with product.connect() as connection:
            rows = connection.execute(ASSETS).fetchall()
            renditions = connection.execute(RENDITIONS).fetchall()
        told = table(sending, {str(row[0]): (str(row[1]), str(row[2])) for row in rows}, watch)
        with capsys.disabled():
            print(told, seconds, sep="; ")  # noqa: T201  the figures are wanted
        look(product, rows, renditions)
        assert sending.problems == []
        assert watch.deaths("web") == 0
        assert max(watch.peaks["decoders"], watch.peaks["sandboxes"]) < MEMORY_MB
        ends = {sent.asset: sent.kind for sent in sending.results if sent.kind in MISDEEDS}
        assert {(ends[str(row[0])], row[2]) for row in rows if str(row[0]) in ends} == {
            (name, MISDEEDS[name].becomes) for name in MISBEHAVING
        }


def look(product: Product, rows: list[tuple[object, ...]], renditions: list[tuple[object, ...]]) -> None:
    """What failed says why; what is ready has its renditions, and they are pictures."""
    assert {row[1] for row in rows} == {"ready", "failed"}
    assert [row for row in rows if row[1] == "failed" and not (row[2] and row[3])] == []
    ready = [row[0] for row in rows if row[1] == "ready"]
    assert sorted(each[:2] for each in renditions) == sorted(
        (pk, name) for pk in ready for name in ("preview", "thumb")
    )
    for _pk, _name, file in renditions:
        with Image.open(io.BytesIO((product.data_dir / "files" / str(file)).read_bytes())) as opened:
            opened.load()
            assert opened.format == "WEBP"
