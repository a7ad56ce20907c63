"""`fetch` against a hostile little server on this machine, which the settings make an exception for."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from media_library import fetch, images
from tests.media_library import drawn

PICTURE = drawn.jpeg().getvalue()
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    answers: dict[str, Answer] = {}
    asked: list[tuple[str, dict[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        try:
            self.answers[self.path.partition("?")[0]](self)
        except OSError:  # the client hung up, which is what some tests want
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass

    def head(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


def picture(handler: Handler) -> None:
    handler.head(Content_Type="text/html", Content_Length=str(len(PICTURE)))
    handler.wfile.write(PICTURE)


def redirect(location: str, status: int = 302) -> Answer:
    return lambda handler: handler.head(status, Location=location, Content_Length="0")


def endless(handler: Handler) -> None:
    handler.head()
    while True:
        handler.wfile.write(b"x" * 65536)


def drip(handler: Handler) -> None:
    handler.head(Content_Length="100000")
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.02)


def dripping_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-Wait: 1\r\n")
        time.sleep(0.02)


def announced(length: int, body: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.head(Content_Length=str(length))
        handler.wfile.write(body)
        handler.close_connection = True

    return answer


def packed(handler: Handler) -> None:
    handler.head(Content_Encoding="gzip", Content_Length="3")
    handler.wfile.write(b"abc")


def nonsense(handler: Handler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
    handler.close_connection = True


Handler.answers = {
    "/sunset.jpg": picture,
    "/a%20b%C3%BC.webp": picture,
    "/": picture,
    "/once": redirect("/sunset.jpg"),
    "/spaced": redirect("/a b\u00fc.webp".encode().decode("latin-1")),
    "/twice": redirect("/once", 301),
    "/thrice": redirect("/twice", 307),
    "/four": redirect("/thrice", 308),
    "/loop": redirect("/loop"),
    "/to-private": redirect("http://127.0.0.2/"),
    "/to-metadata": redirect("http://169.254.169.254/latest/meta-data/"),
    "/to-other-port": redirect("http://127.0.0.1:1/"),
    "/to-file": redirect("file:///etc/passwd"),
    "/to-nonsense": redirect("http://["),
    "/endless": endless,
    "/drip": drip,
    "/dripping-headers": dripping_headers,
    "/huge": announced(10**12, b""),
    "/cut": announced(len(PICTURE), PICTURE[:100]),
    "/understated": announced(100, PICTURE),
    "/packed": packed,
    "/nonsense": nonsense,
    "/missing": lambda handler: handler.head(404, Content_Length="0"),
    "/empty": announced(0, b""),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def allowed(settings: Settings, address: str) -> None:
    settings.FETCH_ALLOW_HOSTS = [address]
    Handler.asked = []


def failure(url: str) -> fetch.FetchError:
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch(url)
    assert str(caught.value.message).endswith(".")
    return caught.value


def test_a_picture_is_fetched_whatever_its_content_type(address: str) -> None:
    fetched = fetch.fetch(f"http://{address}/sunset.jpg?size=big")
    with fetched.file:
        assert (fetched.name, fetched.size) == ("sunset.jpg", len(PICTURE))
        assert images.inspect(fetched.file, fetched.name).format == "jpeg"
        assert fetched.file.read() == PICTURE


def test_it_becomes_a_file_that_can_be_stored(address: str) -> None:
    file = fetch.fetch(f"http://{address}/sunset.jpg").as_file()
    assert (file.name, file.size, b"".join(file.chunks())) == ("sunset.jpg", len(PICTURE), PICTURE)


def test_the_name_gets_the_extension_of_the_content(address: str) -> None:
    assert fetch.fetch(f"http://{address}/a bü.webp".replace(" ", "%20")).name == "a bü.jpg"
    assert fetch.fetch(f"http://{address}").name == ""


def test_the_request_says_who_asks_and_wants_plain_bytes(address: str) -> None:
    fetch.fetch(f"http://{address}/sunset.jpg?a=1&b=%20")
    path, headers = Handler.asked[0]
    assert path == "/sunset.jpg?a=1&b=%20"
    assert headers["Host"] == address
    assert headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "Referer"} & headers.keys()


@pytest.mark.parametrize(("path", "hops"), [("/once", 2), ("/twice", 3), ("/thrice", 4), ("/spaced", 2)])
def test_up_to_three_redirects_are_followed(address: str, path: str, hops: int) -> None:
    assert fetch.fetch(f"http://{address}{path}").size == len(PICTURE)
    assert len(Handler.asked) == hops


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("/four", "too_many_redirects", 400),
        ("/loop", "too_many_redirects", 400),
        ("/to-private", "private_address", 400),
        ("/to-metadata", "private_address", 400),
        ("/to-other-port", "bad_url", 400),
        ("/to-file", "bad_url", 400),
        ("/to-nonsense", "bad_url", 400),
        ("/huge", "too_large", 413),
        ("/cut", "unreachable", 422),
        ("/packed", "unreachable", 422),
        ("/nonsense", "unreachable", 422),
        ("/missing", "http_status", 422),
    ],
)
def test_bad_answers(address: str, path: str, code: str, status: int) -> None:
    error = failure(f"http://{address}{path}")
    assert (error.code, error.status) == (code, status)


def test_an_endless_body_is_cut_off(address: str, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1_000_000
    assert failure(f"http://{address}/endless").code == "too_large"


def test_a_body_of_exactly_the_limit_passes(address: str, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = len(PICTURE)
    assert fetch.fetch(f"http://{address}/sunset.jpg").size == len(PICTURE)
    settings.MAX_UPLOAD_BYTES -= 1
    assert failure(f"http://{address}/sunset.jpg").code == "too_large"


@pytest.mark.parametrize("path", ["/drip", "/dripping-headers"])
def test_a_slow_server_is_given_up(address: str, path: str, settings: Settings) -> None:
    settings.FETCH_TIMEOUT_SECONDS = 0.3
    error = failure(f"http://{address}{path}")
    assert (error.code, error.status) == ("too_slow", 422)


def test_a_slow_resolver_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FETCH_TIMEOUT_SECONDS = 0.1
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: release.wait(10) and [])
    assert failure("http://slow.example/").code == "too_slow"
    release.set()


def test_an_understated_length_ends_the_body_there(address: str) -> None:
    assert fetch.fetch(f"http://{address}/understated").size == 100


def test_an_empty_body_is_left_to_the_inspection(address: str) -> None:
    assert fetch.fetch(f"http://{address}/empty").size == 0


def test_a_closed_port(settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.FETCH_ALLOW_HOSTS = [f"127.0.0.1:{unused.getsockname()[1]}"]
        assert failure(f"http://{settings.FETCH_ALLOW_HOSTS[0]}/").code == "unreachable"


def test_proxies_of_the_environment_are_ignored(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch.fetch(f"http://{address}/sunset.jpg").size == len(PICTURE)


def test_names_are_resolved_once_and_the_checked_address_is_used(
    address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(address.rpartition(":")[2])
    settings.FETCH_ALLOW_HOSTS = [f"pictures.example:{port}"]
    looked_up: list[Any] = []

    def rebind(host: str, *args: Any, **options: Any) -> list[Any]:
        looked_up.append(host)
        given = host if host[0].isdigit() else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (given, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    assert fetch.fetch(f"http://Pictures.Example:{port}/sunset.jpg").size == len(PICTURE)
    assert looked_up.count("pictures.example") == 1
    assert Handler.asked[0][1]["Host"] == f"pictures.example:{port}"


def test_tls_is_verified_for_the_name_and_not_for_the_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            connection, _ = server.accept()
            with connection, pytest.raises(OSError):
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=serve)
        thread.start()
        settings.FETCH_ALLOW_HOSTS = ["pictures.example"]
        answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: answer)
        assert failure(f"https://pictures.example:{port}/").code == "unreachable"
        thread.join()
    assert names == ["pictures.example"]
