"""Places for those who wait for the media worker: a web process has few threads for all."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from dam.errors import Busy

MANY = 4  # of a web process, which has eight threads
places = BoundedSemaphore(MANY)


@contextmanager
def place() -> Iterator[None]:
    """Raises Busy at once where all are taken."""
    if not places.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        places.release()
