"""`gunicorn --worker-class dam.web.worker.Worker`: a process whose connections are waitress's."""

import os
import resource
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker as Base
from waitress import wasyncore
from waitress.adjustments import Adjustments

from dam.web import leaving
from dam.web.admission import Admission
from dam.web.connections import Map, Server, Task, server_class

LOOP_SECONDS = 1
SPARE_FILES = 300  # beside connections: the pool, threads, temporary files


class Worker(Base):
    """Takes gunicorn's `threads`, `keepalive`, `backlog`, `worker_connections`, `graceful_timeout` and access log."""

    def run(self) -> None:
        admission = Admission(self.cfg.threads, settings.WEB_WAITING, settings.WEB_PATIENCE)
        connections: Map = {}
        servers = [self.listen(listener.sock, admission, connections) for listener in self.sockets]
        while self.alive and self.ppid == os.getppid():
            self.turn(connections)
        self.end(servers, admission, connections)

    def listen(self, listener: Any, admission: Admission, connections: Map) -> Server:
        adjustments = Adjustments(
            sockets=[listener],
            connection_limit=max(10, min(self.cfg.worker_connections, open_files() - SPARE_FILES)),
            channel_timeout=self.cfg.keepalive,
            cleanup_interval=LOOP_SECONDS,
            backlog=self.cfg.backlog,
            send_bytes=1,  # a thread sends its answer itself, as far as the client takes it at once
            max_request_body_size=2**40,  # see `connections.Request`
            clear_untrusted_proxy_headers=False,  # the settings say whom to believe
            ident=None,
        )
        server: Server = server_class(listener)(
            self.wsgi,
            connections,
            dispatcher=admission,
            adj=adjustments,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            bind_socket=False,
            _sock=listener,
        )
        server.note = self.note
        return server

    def turn(self, connections: Map) -> None:
        self.notify()
        wasyncore.loop(timeout=LOOP_SECONDS, use_poll=True, map=connections, count=1)

    def end(self, servers: list[Server], admission: Admission, connections: Map) -> None:
        """What was begun is answered, for as long as gunicorn waits; who comes while proxies learn of it, too."""
        leaving.set()
        began = time.monotonic()
        deadline = began + self.cfg.graceful_timeout
        while time.monotonic() < min(began + settings.WEB_DRAIN_SECONDS, deadline):
            self.turn(connections)
        for server in servers:
            server.leave()
        while time.monotonic() < deadline and any(server.is_answering for server in servers):
            self.turn(connections)
        admission.shutdown(timeout=0)

    def note(self, task: Task, environ: dict[str, Any], seconds: float) -> None:
        """A line in the access log."""
        answer = SimpleNamespace(status=task.status, sent=task.sent, headers=task.response_headers)
        request = SimpleNamespace(headers=list(task.request.headers.items()))
        self.log.access(answer, request, environ, timedelta(seconds=seconds))


def open_files() -> int:
    """How many this process may have, raised as far as that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return 4096 if soft == resource.RLIM_INFINITY else soft
