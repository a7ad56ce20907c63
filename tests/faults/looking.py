"""Whether all that was accepted is there, whole and once: looked for in the database and in the store themselves."""

import hashlib
import io
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image

from tests.faults.client import picture
from tests.faults.product import LATER, SWEEP, Product

Read = Callable[[str], bytes]
SETTLE_SECONDS = 240
STILL = 3.0  # seconds without any progress, after which the leases of the dead are taken to be over

UNSETTLED = """
SELECT (SELECT count(*) FROM media_library_asset WHERE state = 'processing'),
  (SELECT count(*) FROM search_indexentry WHERE state IN ('pending', 'running')),
  (SELECT count(*) FROM media_library_job WHERE state IN ('pending', 'running')),
  (SELECT count(*) FROM media_library_asset WHERE state = 'ready')
    * (SELECT count(*) FROM search_embeddingmodel WHERE state IN ('active', 'building'))
    - (SELECT count(*) FROM search_indexentry)
"""
ASSETS = "SELECT id::text, sha256, file, state, failure_code FROM media_library_asset WHERE sha256 = ANY(%s)"
RENDITIONS = "SELECT asset_id::text, name, file FROM media_library_rendition WHERE asset_id = ANY(%s::uuid[])"
VECTORS = """
SELECT asset.id::text, model.name, count(embedding.id),
  (SELECT string_agg(state || error_code, ',') FROM search_indexentry AS entry
    WHERE entry.asset_id = asset.id AND entry.model_id = model.id)
FROM media_library_asset AS asset CROSS JOIN search_embeddingmodel AS model
LEFT JOIN search_embedding AS embedding ON embedding.asset_id = asset.id AND embedding.model_id = model.id
WHERE asset.id = ANY(%s::uuid[]) GROUP BY asset.id, model.id
"""
NAMED = """
SELECT file FROM media_library_asset UNION SELECT file FROM media_library_rendition
"""


def settle(product: Product) -> None:
    """Wait until nothing is left to be done."""
    deadline, moved, before = time.monotonic() + SETTLE_SECONDS, time.monotonic(), None
    with product.connect() as connection:
        while True:
            product.alive()
            now = connection.execute(UNSETTLED).fetchone()
            if now == (0, 0, 0, 0):
                return
            if now != before:
                before, moved = now, time.monotonic()
            if time.monotonic() - moved > STILL:
                connection.execute(LATER)
                moved = time.monotonic()
            assert time.monotonic() < deadline, f"It does not come to rest: {now} {product.variables}"
            time.sleep(0.2)


def look(product: Product, read: Read, numbers: Iterable[int], accepted: dict[int, str]) -> None:
    """Each picture is one asset, with its original, both renditions and one vector per model; what was accepted under
    an id has it."""
    digests = {number: hashlib.sha256(picture(number)).hexdigest() for number in numbers}
    with product.connect() as connection:
        rows = connection.execute(ASSETS, [list(digests.values())]).fetchall()
        ids = [str(row[0]) for row in rows]
        renditions = connection.execute(RENDITIONS, [ids]).fetchall()
        vectors = connection.execute(VECTORS, [ids]).fetchall()
    assert sorted(row[1] for row in rows) == sorted(digests.values())
    assert {row[3:] for row in rows} == {("ready", "")}
    by_digest = {row[1]: row[0] for row in rows}
    assert {number: by_digest[digests[number]] for number in accepted} == accepted
    for _pk, digest, file, *_state in rows:
        assert hashlib.sha256(read(str(file))).hexdigest() == digest
    assert sorted(row[:2] for row in renditions) == sorted((pk, name) for pk in ids for name in ("preview", "thumb"))
    for _pk, _name, file in renditions:
        with Image.open(io.BytesIO(read(str(file)))) as opened:
            opened.load()
            assert (opened.format, opened.size) == ("WEBP", (60, 40))
    assert {row[2:] for row in vectors} == {(1, "done")}


def sweep(product: Product, names: Callable[[], set[str]]) -> int:
    """Nothing is missing, and nothing lies there without a row afterwards. Gives how many files had none."""
    report = json.loads(product.django(SWEEP).splitlines()[-1])
    assert report["missing"] == 0, report
    with product.connect() as connection:
        named = {str(name) for (name,) in connection.execute(NAMED).fetchall()}
    assert names() == named
    return int(report["removed"])


def on_disk(product: Product) -> tuple[Read, Callable[[], set[str]]]:
    folder = product.data_dir / "files"

    def names() -> set[str]:
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

    return lambda name: Path(folder / name).read_bytes(), names
