"""A connection that breaks off in the middle."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PIECE = 16_384


class Cutting(socketserver.ThreadingTCPServer):
    """Hands everything on to a server, until a client has sent so many bytes over one connection: that one it cuts,
    once."""

    daemon_threads = True

    def __init__(self, port: int, after: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.port, self.after, self.has_cut = port, after, False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(socketserver.BaseRequestHandler):
    server: Cutting

    def handle(self) -> None:
        sent = 0
        with socket.create_connection(("127.0.0.1", self.server.port)) as there, suppress(OSError):
            threading.Thread(target=hand_back, args=(there, self.request), daemon=True).start()
            while piece := self.request.recv(PIECE):
                there.sendall(piece)
                sent += len(piece)
                if sent > self.server.after and not self.server.has_cut:
                    self.server.has_cut = True
                    break
            there.shutdown(socket.SHUT_RDWR)  # to close it would wait for the thread that reads


def hand_back(there: socket.socket, client: socket.socket) -> None:
    with suppress(OSError):
        while piece := there.recv(PIECE):
            client.sendall(piece)
        client.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(port: int, after: int) -> Iterator[Cutting]:
    with Cutting(port, after) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
