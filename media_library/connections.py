"""Connections to addresses that were checked, within one limit of time."""

import socket
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from media_library.addresses import is_public


class PrivateAddress(Exception):
    """A name resolves to an address, among others perhaps, that is not on the public internet."""


class Deadline:
    """Wall-clock time over a whole fetch."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, more than none. Raises TimeoutError."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves a name once, and connects only to an address that was checked."""

    def __init__(self, deadline: Deadline, *, excepted: bool) -> None:
        self.deadline = deadline
        self.excepted = excepted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = resolve(host, port, self.deadline)
        if not self.excepted and not all(is_public(address) for address in addresses):
            raise PrivateAddress
        failure: Exception = httpcore.ConnectError()
        for address in addresses:
            try:
                stream = httpcore.SyncBackend().connect_tcp(address, port, self.deadline.left())
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return TimedStream(stream, self.deadline)
        raise failure


def resolve(host: str, port: int, deadline: Deadline) -> list[str]:
    """Every address of `host`, in the resolver's order. Raises httpcore.ConnectError and TimeoutError."""
    answers: list[Any] = []
    failures: list[Exception] = []

    def look_up() -> None:
        try:
            answers.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failures.append(error)

    # The resolver knows no time limit, so it gets a thread that can be left behind.
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(deadline.left())
    if thread.is_alive():
        raise TimeoutError
    if failures or not answers:
        raise httpcore.ConnectError("no address")
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class TimedStream(httpcore.NetworkStream):
    """Gives every read and write only what is left of the whole fetch's time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self.stream = stream
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, self.deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, self.deadline.left())

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return TimedStream(self.stream.start_tls(ssl_context, server_hostname, self.deadline.left()), self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
