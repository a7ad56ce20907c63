"""Somebody's server on this machine, which webhooks send to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Message = tuple[dict[str, str], str]


@dataclass
class Receiver:
    """What it was sent, as headers and body; `answers` are the statuses it gives, the last one from then on."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    said: bytes = b"thank you"
    headers: dict[str, str] = field(default_factory=dict)
    got: list[Message] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def take(self, message: Message) -> int:
        with self.arrived:
            self.got.append(message)
            self.arrived.notify_all()
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait_for(self, number: int, seconds: float = 200) -> list[Message]:
        with self.arrived:
            came = self.arrived.wait_for(lambda: len(self.got) >= number, seconds)
            assert came, f"only these came: {[body[:90] for _headers, body in self.got]}"
            return list(self.got)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(receiver.take((dict(self.headers), body)))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.said)))
            self.end_headers()
            self.wfile.write(receiver.said)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
