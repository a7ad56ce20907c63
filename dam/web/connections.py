"""Connections of clients: how slow one may be, and what it is told when it sends too much."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import close_old_connections
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, TcpWSGIServer, UnixWSGIServer
from waitress.task import WSGITask
from waitress.wasyncore import dispatcher

from dam.middleware import is_too_long

HEAD_SECONDS = 15  # until the line and the headers of a request are there
HURRIED_SECONDS = 1  # where no further connection can be accepted
BODY_SECONDS, BODY_RATE = 20, 500  # after so long, bytes a second at least
STALLED_SECONDS = 60  # in which a client takes nothing of its answer
PART_TYPE = "application/offset+octet-stream"  # of tus
DRAIN_SECONDS, DRAIN_BYTES = 10, 256 * 1024 * 1024

Map = dict[int, dispatcher]
# For whom not even a thread is free that would say so.
TURNED_AWAY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Request(HTTPRequestParser):
    """One whose body is too long is complete at once: it is refused before the body is there."""

    refused = False

    def received(self, data: bytes) -> int:
        consumed = int(super().received(data))
        if self.headers_finished and not self.completed and self.path:
            length = max(self.content_length, self.body_bytes_received)
            if is_too_long(self.path, length):
                self.refuse(length)
                return len(data)
        return consumed

    @property
    def is_worth_keeping(self) -> bool:
        """Whether what has arrived counts though the rest does not come: of a part of a resumable upload."""
        is_part = self.headers_finished and self.headers.get("CONTENT_TYPE", "").strip() == PART_TYPE
        return is_part and not self.completed and self.body_bytes_received > 0

    def refuse(self, length: int) -> None:
        self.refused = self.completed = True
        self.expect_continue = False
        self.headers |= {"CONNECTION": "close", "CONTENT_LENGTH": str(length)}


class Task(WSGITask):
    @property
    def sent(self) -> int:
        return self.content_length if self.content_length is not None else self.content_bytes_written

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ["RAW_URI"] = environ["REQUEST_URI"]
        environ["dam.overloaded"] = self.channel.overloaded
        return environ

    def execute(self) -> None:
        began = time.monotonic()
        try:
            super().execute()
        finally:
            close_old_connections()  # of an answer that is a file, Django would only do so once the client has it
            self.channel.server.note(self, self.get_environment(), time.monotonic() - began)


class Connection(HTTPChannel):
    """`overloaded`: whether its present request is turned away; `waits_since`: when that came into the queue."""

    task_class = Task
    parser_class = Request
    request: Request | None
    requests: list[Request]
    close_when_flushed: bool
    overloaded = False
    waits_since = 0.0
    began = 0.0  # the request that is arriving
    refused = False
    drain_until = 0.0
    drained = 0

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.began = time.time()
        done = bool(super().received(data))
        with self.requests_lock:
            self.refused = self.refused or any(request.refused for request in self.requests)
        return done

    def service(self) -> None:
        overloaded = self.overloaded  # the next request may be queued before this returns
        try:
            super().service()
        finally:
            if not overloaded:
                self.server.task_dispatcher.over()

    def is_too_slow(self, now: float, *, hurried: bool) -> bool:
        if self.drain_until:
            return now > self.drain_until or self.drained > DRAIN_BYTES
        if self.total_outbufs_len:
            return now - self.last_activity > STALLED_SECONDS
        if self.requests:
            return False
        if self.request is None:
            return hurried and now - self.last_activity > HURRIED_SECONDS
        took = now - self.began
        if not self.request.headers_finished:
            return took > (HURRIED_SECONDS if hurried else HEAD_SECONDS)
        return took > BODY_SECONDS and self.request.body_bytes_received < BODY_RATE * (took - BODY_SECONDS)

    @property
    def is_owed_an_answer(self) -> bool:
        """Also who has only just been accepted: the request may be here before it can be told that nobody reads it."""
        is_new = not self.began and time.time() - self.creation_time < HURRIED_SECONDS
        return bool(self.requests or self.request or self.total_outbufs_len or is_new)

    def readable(self) -> bool:
        return bool(self.drain_until) or bool(super().readable())

    def handle_read(self) -> None:
        if self.drain_until:
            self.drained += len(self.recv(65536))
        else:
            super().handle_read()

    def handle_write(self) -> None:
        if not (self.refused and self.close_when_flushed):
            super().handle_write()
            return
        # A connection that is closed with unread data on it is reset, and the client may never see the answer.
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif not self.total_outbufs_len:
            self.close_when_flushed = False
            self.drain_until = time.time() + DRAIN_SECONDS
            self.socket.shutdown(socket.SHUT_WR)

    def _flush_outbufs_below_high_watermark(self) -> None:
        if self.total_outbufs_len > self.adj.outbuf_high_watermark:
            with self.server.task_dispatcher.waiting_for_a_client():
                super()._flush_outbufs_below_high_watermark()

    def handle_close(self) -> None:
        cut_off, self.request = self.request, None
        super().handle_close()
        if cut_off is not None and cut_off.is_worth_keeping:
            self.server.task_dispatcher.add_task(CutOff(self, cut_off))

    def turn_away(self) -> None:
        """Called where its request would have been queued, with the lock on its requests."""
        for request in self.requests:
            request.close()
        self.requests = []
        self.write_soon(TURNED_AWAY)
        self.close_when_flushed = True


class CutOff:
    """The beginning of a request whose client has gone: answered like others, to nobody."""

    overloaded = False
    waits_since = 0.0

    def __init__(self, connection: Connection, request: Request) -> None:
        self.connection, self.request = connection, request

    def service(self) -> None:
        self.connection.overloaded = self.overloaded
        try:
            with suppress(ClientDisconnected):
                Task(self.connection, self.request).service()
        finally:
            self.request.close()
            if not self.overloaded:
                self.connection.server.task_dispatcher.over()

    def cancel(self) -> None:
        self.request.close()

    turn_away = cancel


class Server(BaseWSGIServer):
    """`note(task, environ, seconds)` is told of every answer."""

    channel_class = Connection
    note: Callable[[Task, dict[str, Any], float], None]

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        for connection in self.active_channels.values():
            if connection.is_too_slow(now, hurried=self.in_connection_overflow):
                connection.will_close = True

    @property
    def is_answering(self) -> bool:
        return any(connection.is_owed_an_answer for connection in list(self.active_channels.values()))

    def leave(self) -> None:
        """Accept nobody any more. The listening socket is shared with other processes, and stays."""
        self.accepting = False
        self.del_channel()


class TcpServer(Server, TcpWSGIServer):
    pass


class UnixServer(Server, UnixWSGIServer):
    pass


def server_class(listener: socket.socket) -> type[Server]:
    return UnixServer if listener.family == socket.AF_UNIX else TcpServer
