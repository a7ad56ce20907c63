"""A worker that is told to stop finishes what it holds, and leaves no lease behind; the next one does the rest."""

import time

import pytest

from tests.faults import looking
from tests.faults.client import Uploads
from tests.faults.product import Product
from tests.stack import open_folder

pytestmark = pytest.mark.slow

PICTURES = range(60)
WORKERS = ["media worker", "index worker", "job worker", "beat"]
HELD = """
SELECT (SELECT count(*) FROM media_library_asset WHERE claimed_at IS NOT NULL AND state = 'processing'),
  (SELECT count(*) FROM search_indexentry WHERE state = 'running'),
  (SELECT count(*) FROM media_library_job WHERE state = 'running')
"""


def test_workers_that_are_told_to_stop_finish_what_they_hold() -> None:
    with open_folder() as folder:
        product = Product(folder / "data")
        try:
            product.begin()
            uploads = Uploads(product.url, product.token, product.library)
            uploads.release(PICTURES)
            uploads.close()
            wait_until_some_are_ready(product)
            stop(product)
            with product.connect() as connection:
                assert connection.execute(HELD).fetchone() == (0, 0, 0)
            while not uploads.over:
                time.sleep(0.05)
            assert uploads.given_up == []
            for name in WORKERS:
                product.start(name)
            looking.settle(product)
            looking.look(product, looking.on_disk(product)[0], PICTURES, uploads.accepted)
        finally:
            product.end()


def wait_until_some_are_ready(product: Product) -> None:
    deadline = time.monotonic() + 120
    with product.connect() as connection:
        ready = "SELECT count(*) FROM search_indexentry WHERE state = 'done'"
        while not connection.execute(ready).fetchone() > (3,):  # type: ignore[operator]
            product.alive()
            assert time.monotonic() < deadline
            time.sleep(0.02)


def stop(product: Product) -> None:
    """All at once, as a machine does that is shut down."""
    children = [product.child(name) for name in WORKERS]
    for child in children:
        child.ask_to_stop()
    for child in children:
        assert child.process.wait(60) == 0, child.log.read_text()[-3000:]
        product.servers.running.remove(child)
