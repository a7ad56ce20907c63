"""Who is answered by one of the few threads, who waits for one, and who is turned away.

Longer queues would not answer more: each answer would only come later, also to those who have gone by then.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from waitress.channel import ClientDisconnected
from waitress.task import ThreadedTaskDispatcher

if TYPE_CHECKING:
    from dam.web.connections import Connection, CutOff

logger = logging.getLogger(__name__)

SIDE_THREADS = 2  # tell those who are turned away, and answer what is let through: `dam.web.busy`
SIDE_WAITING = 200
SLOW_READERS = 8  # of answers that are made while they are read; each has a thread of its own


class Threads(ThreadedTaskDispatcher):
    """Without the warning whenever a request waits for a moment."""

    queue_logger = logging.getLogger("dam.web.queue")
    queue_logger.setLevel(logging.ERROR)


class Admission(Threads):
    """`threads` answer; `most` may wait for them, and nobody joins a queue in which somebody waits for more than
    `patience` seconds."""

    def __init__(self, threads: int, most: int, patience: float) -> None:
        super().__init__()
        self.many, self.most, self.patience = threads, most, patience
        self.slow_readers = self.taken = 0
        self.side = Threads()
        self.set_thread_count(threads)
        self.side.set_thread_count(SIDE_THREADS)

    def add_task(self, task: "Connection | CutOff") -> None:
        task.overloaded = not self.is_taken()
        if not task.overloaded:
            task.waits_since = time.monotonic()
            super().add_task(task)
        elif len(self.side.queue) < SIDE_WAITING:
            self.side.add_task(task)
        else:
            task.turn_away()

    def is_taken(self) -> bool:
        """Whether there is room for one more, which then has a place until `over`."""
        with self.lock:
            first = self.queue[0] if self.queue else None
            late = first is not None and time.monotonic() - first.waits_since > self.patience
            if late or self.taken >= self.many + self.slow_readers + self.most:
                return False
            self.taken += 1
            return True

    def over(self) -> None:
        with self.lock:
            self.taken -= 1

    @contextmanager
    def waiting_for_a_client(self) -> Iterator[None]:
        """Another thread takes the place of one that waits. Raises ClientDisconnected where too many do."""
        if not self.take_place(1):
            logger.warning("Too many clients read slowly: one of them is cut off.")
            raise ClientDisconnected
        try:
            yield
        finally:
            self.take_place(-1)

    def take_place(self, more: int) -> bool:
        with self.lock:
            if self.slow_readers + more > SLOW_READERS:
                return False
            self.slow_readers += more
        self.set_thread_count(self.many + self.slow_readers)
        return True

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> Any:  # noqa: FBT001, FBT002
        self.side.shutdown(cancel_pending, timeout)
        return super().shutdown(cancel_pending, timeout)
