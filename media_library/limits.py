"""Limits on the processes that decode untrusted pictures."""

import logging
import math
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

logger = logging.getLogger(__name__)

GRACE = 5  # seconds


def limit_memory(bytes_: int) -> bool:
    """Let this process and its children address at most `bytes_` of memory; asking for more raises MemoryError.

    Gives whether the limit is in force. macOS accepts it and does not enforce it, so there it is only logged.
    """
    if sys.platform == "darwin":
        logger.info("This system does not enforce memory limits; decoding runs without one.")
        return False
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = bytes_ if hard == resource.RLIM_INFINITY else min(bytes_, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    except (ValueError, OSError) as error:
        logger.warning("The memory limit of %d bytes could not be set: %s", limit, error)
        return False
    return True


class OutOfTime(BaseException):
    """The processor time of a picture is over. No `Exception`: decoders catch those and go on."""


@contextmanager
def limited_time(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in what follows once it has used so much processor time. A decoder that does not come back from
    its own code to be told so is ended, with its process, GRACE seconds later. Other threads than the main one, which
    alone can be told, are not limited."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    last = math.ceil(used + seconds) + GRACE
    before = signal.signal(signal.SIGPROF, _out_of_time)
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (last if hard == resource.RLIM_INFINITY else min(last, hard), hard))
        signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # again each second, in case that somebody swallows it
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
        signal.signal(signal.SIGPROF, before)


def _out_of_time(*_signal: object) -> NoReturn:
    raise OutOfTime


def lock_down(*, memory: int, seconds: int, files: int) -> None:
    """For a process that does one thing and ends: no more than that memory and processor time, nothing written to any
    file, and no more than so many opened besides standard input, output and error, connections among them."""
    limit_memory(memory)
    for kind, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3 + files),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))
