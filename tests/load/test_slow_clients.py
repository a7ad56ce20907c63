"""Clients that send and read slowly hold no thread: everybody else is answered meanwhile. Over real sockets."""

import http.client
import socket
import time
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from dam.web import connections
from dam.web.connections import Connection
from tests.load.conftest import Serve

OF_EACH_KIND = 70
THREADS = 2
UPLOAD = 200_000


def dial(port: int, sent: bytes, receive: int = 0) -> socket.socket:
    made = socket.socket()
    if receive:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    made.settimeout(30)
    made.connect(("127.0.0.1", port))
    made.sendall(sent)
    return made


def ask(port: int, path: str, body: bytes = b"") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST" if body else "GET", path, body or None)
    status = connection.getresponse().status
    connection.close()
    return status


def status_of(answered: socket.socket) -> bytes:
    return answered.recv(12)


def test_two_hundred_slow_clients_hold_nobody_up(serve: Serve) -> None:
    head = b"GET /api/quick/ HTTP/1.1\r\nHost: localhost\r\n"
    post = f"POST /api/quick/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {UPLOAD}\r\n\r\n".encode()
    get = b"GET /file/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with serve(THREADS) as port, ExitStack() as open_ones:
        assert ask(port, "/api/quick/") == 200  # from now on nobody is cut off for being slow: see the site
        dribbling = [open_ones.enter_context(dial(port, head)) for _ in range(OF_EACH_KIND)]
        uploading = [open_ones.enter_context(dial(port, post + b"x" * 1000)) for _ in range(OF_EACH_KIND)]
        reading = [open_ones.enter_context(dial(port, get, receive=4096)) for _ in range(OF_EACH_KIND)]
        assert [ask(port, "/api/quick/") for _ in range(10)] == [200] * 10
        assert [ask(port, "/api/quick/", b"x" * 300_000) for _ in range(5)] == [200] * 5
        assert ask(port, "/file/") == 200
        for client in dribbling:
            client.sendall(b"X-More: 1\r\n")
        assert ask(port, "/api/quick/") == 200
        # And those that were only slow are answered, too.
        for client in dribbling:
            client.sendall(b"\r\n")
        for client in uploading:
            client.sendall(b"x" * (UPLOAD - 1000))
        assert {status_of(client) for client in dribbling + uploading + reading} == {b"HTTP/1.1 200"}


def test_who_reads_an_endless_answer_slowly_holds_no_thread_of_others(serve: Serve) -> None:
    get = b"GET /stream/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with serve(THREADS) as port, ExitStack() as open_ones:
        reading = [open_ones.enter_context(dial(port, get, receive=4096)) for _ in range(2 * THREADS)]
        assert {status_of(client) for client in reading} == {b"HTTP/1.1 200"}
        assert [ask(port, "/api/quick/") for _ in range(10)] == [200] * 10


def connection(**state: Any) -> Connection:
    made = Connection.__new__(Connection)
    blank = {"drain_until": 0.0, "drained": 0, "total_outbufs_len": 0, "requests": [], "request": None, "began": 100.0}
    made.__dict__.update(blank | {"last_activity": 100.0} | state)
    return made


def arriving(*, headers: bool, body: int = 0) -> SimpleNamespace:
    return SimpleNamespace(headers_finished=headers, body_bytes_received=body)


@pytest.mark.parametrize(
    ("state", "after", "too_slow"),
    [
        ({"request": arriving(headers=False)}, connections.HEAD_SECONDS - 1, False),
        ({"request": arriving(headers=False), "last_activity": 900.0}, connections.HEAD_SECONDS + 1, True),
        ({"request": arriving(headers=True, body=10)}, connections.BODY_SECONDS - 1, False),
        ({"request": arriving(headers=True, body=10)}, connections.BODY_SECONDS + 1, True),
        ({"request": arriving(headers=True, body=1_000_000)}, 600, False),
        ({"total_outbufs_len": 9}, connections.STALLED_SECONDS - 1, False),
        ({"total_outbufs_len": 9, "requests": [object()]}, connections.STALLED_SECONDS + 1, True),
        ({"requests": [object()]}, 600, False),
        ({}, 60, False),
    ],
)
def test_how_slow_a_client_may_be(state: dict[str, Any], after: float, too_slow: bool) -> None:  # noqa: FBT001
    assert connection(**state).is_too_slow(100 + after, hurried=False) is too_slow


def test_where_no_more_fit_those_that_say_nothing_make_room() -> None:
    assert connection().is_too_slow(102, hurried=True)
    assert connection(request=arriving(headers=False)).is_too_slow(102, hurried=True)
    assert not connection(requests=[object()]).is_too_slow(time.time(), hurried=True)
