"""A server on loopback that answers as it is told, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """`answers`: (status, body, headers), one for each request, the last one for all that follow. None: the connection
    is cut off instead, after the request has been read."""

    answers: list[tuple[int, Any, dict[str, str]] | None]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(*answers: tuple[int, Any, dict[str, str]] | None) -> Iterator[Script]:
    script = Script(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.asked.append(Asked(self.command, self.path, headers, body))
            told = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            if told is None:
                self.connection.close()
                return
            status, content, more = told
            sent = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            promised = more.get("X-Length", len(sent))  # more than there is: cut off within the body
            for name, value in (more | {"Content-Length": str(promised)}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError, ValueError):  # cut off on purpose
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
