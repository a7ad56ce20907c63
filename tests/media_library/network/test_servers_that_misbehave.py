"""What a server sends that means harm: it costs no more time and memory than a fetch may."""

import gzip
import itertools
import socket
import time
import tracemalloc
from typing import Any

import pytest

from media_library import fetch
from tests.media_library.network.inner import Script, misbehaving

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
NO, CUT = {"unreachable"}, {"unreachable", "too_slow"}
BOMB = gzip.compress(b"\0" * 20_000_000)


def says(*parts: bytes) -> Script:
    def script(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return script


def without_end(first: bytes, part: bytes, pause: float = 0) -> Script:
    def script(connection: socket.socket) -> None:
        connection.sendall(first)
        for _number in itertools.count():
            connection.sendall(part)
            time.sleep(pause)

    return script


# what it does -> the codes that are right; all in all within the time and the size that a fetch may take
TRICKS: dict[str, tuple[Script, set[str]]] = {
    "headers without end": (without_end(OK, b"X-More: " + b"x" * 4000 + b"\r\n"), CUT),
    "one header without end": (without_end(OK + b"X-More: ", b"x" * 65536), CUT),
    "a status line without end": (without_end(b"HTTP/1.1 200 ", b"x" * 65536), CUT),
    "interim answers without end": (without_end(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50), {"too_slow"}),
    "a body without end": (without_end(OK + b"\r\n", b"x" * 65536), {"too_large"}),
    "a body that drips": (without_end(OK + b"Content-Length: 9999\r\n\r\n", b"x", 0.05), {"too_slow"}),
    "headers that drip": (without_end(OK, b"X", 0.05), {"too_slow"}),
    "chunks without end": (without_end(CHUNKED + b"", b"4000\r\n" + b"x" * 0x4000 + b"\r\n"), {"too_large"}),
    "chunks of nothing but their extension": (without_end(CHUNKED + b"1;", b"x" * 65536), CUT),
    "trailers without end": (without_end(CHUNKED + b"1\r\nx\r\n0\r\n", b"X: y\r\n" * 999), CUT),
    "a chunk that is said to be huge": (says(CHUNKED + b"ffffffffffffffff\r\nx"), NO),
    "a chunk of less than nothing": (says(CHUNKED + b"-1\r\nx\r\n0\r\n\r\n"), NO),
    "a chunk that ends early": (says(CHUNKED + b"10\r\nx"), NO),
    "two lengths": (says(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), NO),
    "a length of less than nothing": (says(OK + b"Content-Length: -1\r\n\r\nx"), NO),
    "a length that is no number": (says(OK + b"Content-Length: 1_0\r\n\r\nx"), NO),
    "a length of many digits": (says(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx"), {*NO, "too_large"}),
    "less than it said": (says(OK + b"Content-Length: 100\r\n\r\nx"), NO),
    "a bomb by gzip": (says(OK + b"Content-Encoding: gzip\r\n\r\n", BOMB), NO),
    "a bomb by deflate, br and zstd": (says(OK + b"Content-Encoding: deflate, br, zstd\r\n\r\n", BOMB), NO),
    "a bomb by transfer": (says(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", BOMB), NO),
    "no HTTP": (says(b"220 ready\r\n"), NO),
    "nothing": (says(), NO),
    "zero bytes in a header": (says(OK + b"X: a\0b\r\n\r\n"), NO),
    "a switch of protocols": (says(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), {*NO, "http_status"}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def small(settings: Any) -> None:
    settings.FETCH_TIMEOUT_SECONDS, settings.MAX_UPLOAD_BYTES = 0.6, 2_000_000


@pytest.mark.parametrize("trick", TRICKS)
def test_a_fetch_ends_with_a_sentence_and_little_memory(trick: str, settings: Any) -> None:
    script, codes = TRICKS[trick]
    with misbehaving(script) as port:
        settings.FETCH_ALLOW_HOSTS = [f"127.0.0.1:{port}"]
        tracemalloc.start()
        try:
            with pytest.raises(fetch.FetchError) as caught:
                fetch.fetch(f"http://127.0.0.1:{port}/")
            _now, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert caught.value.code in codes and str(caught.value.message).endswith(".")
    assert most < 12_000_000


def test_what_is_sent_packed_to_a_message_is_not_unpacked(settings: Any) -> None:
    packed = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB)
    with misbehaving(says(packed, BOMB)) as port:
        settings.FETCH_ALLOW_HOSTS = [f"127.0.0.1:{port}"]
        assert fetch.post(f"http://127.0.0.1:{port}/", b"{}", {}, seconds=3, most=100) == (200, BOMB[:100])


def test_what_it_says_of_the_content_counts_for_nothing(settings: Any) -> None:
    page = b"<html><script>alert(1)</script>"
    head = OK + b"Content-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(page)
    from media_library import images

    with misbehaving(says(head + page)) as port:
        settings.FETCH_ALLOW_HOSTS = [f"127.0.0.1:{port}"]
        with fetch.fetch(f"http://127.0.0.1:{port}/a.png").file as file, pytest.raises(images.BadImage):
            images.inspect(file, "a.png")
