"""A hub on the loopback interface: the few answers that huggingface_hub needs, and servers that give none."""

import contextlib
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "c0ffee" * 6 + "c0ff"
LARGE = 10_000  # bytes; files above this are stored apart from git, with a SHA-256


@dataclass
class FakeHub:
    """`files` maps "organisation/name/file" to its content; `sent` replaces what is sent for some of them."""

    files: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    status: int = 200
    url: str = ""

    def listing(self, repository: str) -> bytes | None:
        own = {name: data for name, data in self.files.items() if name.startswith(f"{repository}/")}
        if not own:
            return None
        siblings = [self._sibling(name.removeprefix(f"{repository}/"), data) for name, data in own.items()]
        return json.dumps({"id": repository, "sha": COMMIT, "siblings": siblings}).encode()

    def _sibling(self, name: str, data: bytes) -> dict[str, object]:
        entry: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": git_blob(data)}
        if len(data) > LARGE:
            sha256 = hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 100}
        return entry


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@contextlib.contextmanager
def running(hub: FakeHub) -> Iterator[FakeHub]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            path = self.path.partition("?")[0].strip("/")
            hub.requests.append(f"{self.command} {path}")
            if path.startswith("api/models/"):
                data, etag = hub.listing(path.removeprefix("api/models/")), ""
            else:
                name = path.replace(f"/resolve/{COMMIT}", "")
                data, etag = hub.sent.get(name, hub.files.get(name)), git_blob(hub.files.get(name, b""))
            self.respond(data, etag)

        def respond(self, data: bytes | None, etag: str) -> None:
            self.send_response(hub.status if data is not None else 404)
            if data is None:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{etag}"')
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            if self.command == "GET" and data:
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def silent() -> Iterator[tuple[str, list[int]]]:
    """A port that accepts connections and never answers; its URL, and a list that grows with each connection."""
    accepted: list[int] = []
    kept = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    kept.append(listener.accept()[0])
                    accepted.append(len(accepted))

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", accepted
        listener.shutdown(socket.SHUT_RDWR)
    for connection in kept:
        connection.close()


def refusing() -> str:
    """The URL of a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
