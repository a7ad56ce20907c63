"""A web process of the product, and somebody who is signed in to it and keeps a connection open."""

import http.client
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from dam.embedded import children, product
from dam.embedded.servers import Servers
from media_library.models import User

HOST, PORT = "127.0.0.1", 18765
READY_SECONDS = 180
TIMING = re.compile(r"(\w+);dur=([\d.]+)")


@dataclass(frozen=True)
class Answer:
    """`ms`: from the first byte sent to the last received; `took`: the parts of it that Server-Timing names."""

    body: bytes
    ms: float
    took: Mapping[str, float]


class Visitor:
    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = dict(headers)
        self.connection = http.client.HTTPConnection(HOST, PORT)

    @classmethod
    def signed_in(cls, user: User) -> "Visitor":
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        return cls({"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"})

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        started = time.perf_counter()
        self.connection.request("GET", f"{path}?{urlencode(params)}", headers=self.headers)
        response = self.connection.getresponse()
        body = response.read()
        ms = 1000 * (time.perf_counter() - started)
        assert response.status == 200, body[:500]
        timing = TIMING.findall(response.headers.get("Server-Timing", ""))
        return Answer(body, ms, {part: float(took) for part, took in timing})


@contextmanager
def web(servers: Servers, application: str = "dam.wsgi:application") -> Iterator[None]:
    """The web process as `make demo` starts it, its model loaded."""
    child = servers.launch(lambda: product.start_web(servers.data_dir, HOST, PORT, application))
    wait_until_up(servers, HOST, PORT, "/healthz")
    yield
    children.stop([child])
    servers.running.remove(child)


def wait_until_up(servers: Servers, host: str, port: int, path: str) -> None:
    """Until `path` is answered with 200."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_up(host, port, path):
        servers.check()
        assert time.monotonic() < deadline, f"{path} is not answered with 200; see the logs in {servers.data_dir}"
        time.sleep(0.5)


def is_up(host: str, port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection(host, port, timeout=10)
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
