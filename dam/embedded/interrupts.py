"""Ctrl-C and the signals that mean the same: the first asks for a clean stop, a second one for a quick one."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_REQUEST_SECONDS = 1.0  # make and the terminal may both pass the first one on


class Interrupts:
    """Raises KeyboardInterrupt in the main thread, but never while something is half started."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.give_up = give_up
        self.first: float | None = None
        self.holding = False
        for number in STOPPING:
            signal.signal(number, self._receive)

    def _receive(self, _number: int, _frame: object) -> None:
        if self.first is None:
            self.first = time.monotonic()
            if not self.holding:
                raise KeyboardInterrupt
        elif time.monotonic() - self.first > SAME_REQUEST_SECONDS:
            self.give_up()
            os._exit(130)

    def stopping(self) -> None:
        """The stop has begun: from here on, an interrupt asks for a quick one."""
        if self.first is None:
            self.first = time.monotonic()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Put an interrupt off until the end of the block."""
        self.holding = True
        try:
            yield
        finally:
            self.holding = False
        if self.first is not None:
            raise KeyboardInterrupt
