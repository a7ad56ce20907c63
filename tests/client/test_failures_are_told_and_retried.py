"""What a server that is busy, gone, or no library at all does to the client."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from dam_client import ApiError, Client
from dam_client import transport as transport_module
from tests.client.scripted import serving
from tests.stack import free_port

EMPTY = (200, {"results": [], "next_cursor": None}, {})
BUSY = (429, {"detail": "Too many requests.", "code": "throttled"}, {"Retry-After": "7"})
LIBRARY = {"id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "name": "A", "slug": "a"}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited."""
    slept: list[float] = []
    monkeypatch.setattr(transport_module.time, "sleep", slept.append)
    return slept


def refused(call: Callable[[], Any]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value


def test_an_error_has_status_code_sentence_fields_and_data() -> None:
    body = {"detail": "name: Too long.", "code": "invalid", "fields": {"name": ["Too long."]}, "asset": "7"}
    with serving((400, body, {})) as script:
        error = refused(Client(script.url, "x").libraries)
    assert (error.status, error.code, str(error)) == (400, "invalid", "name: Too long.")
    assert (error.fields, error.data) == ({"name": ["Too long."]}, {"asset": "7"})


@pytest.mark.parametrize("status", [429, 503])
def test_what_is_busy_is_asked_again_after_what_it_says(status: int, waits: list[float]) -> None:
    with serving((status, BUSY[1], {"Retry-After": "7"}), EMPTY) as script:
        assert Client(script.url, "x").libraries() == []
    assert (waits, len(script.asked)) == ([7.0], 2)


def test_retry_after_may_be_a_date(waits: list[float]) -> None:
    later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 20))
    with serving((503, BUSY[1], {"Retry-After": later}), EMPTY) as script:
        Client(script.url, "x").libraries()
    assert 15 < waits[0] <= 20


def test_patience_is_bounded(waits: list[float]) -> None:
    with serving(BUSY) as script:
        error = refused(Client(script.url, "x", patience=20).libraries)
    assert (error.status, error.retry_after, sum(waits), len(script.asked)) == (429, 7, 14, 3)


def test_the_number_of_retries_is_bounded(waits: list[float]) -> None:
    with serving((503, BUSY[1], {"Retry-After": "0"})) as script:
        refused(Client(script.url, "x", retries=2).libraries)
    assert len(script.asked) == 3


def test_what_may_be_read_twice_is_read_again_after_it_was_cut_off(waits: list[float]) -> None:
    with serving(None, (502, b"bad gateway", {}), EMPTY) as script:
        assert Client(script.url, "x").libraries() == []
    assert len(script.asked) == 3


def test_an_answer_that_was_cut_off_is_asked_for_again(waits: list[float]) -> None:
    half = (200, b'{"results": [', {"Connection": "close", "X-Length": "999"})
    with serving(half, EMPTY) as script:
        assert Client(script.url, "x").libraries() == []
    assert len(script.asked) == 2


def test_a_post_that_was_cut_off_is_not_sent_twice(waits: list[float]) -> None:
    with serving(None) as script:
        error = refused(lambda: Client(script.url, "x").create_library("A"))
    assert (error.code, error.status, len(script.asked)) == ("unreachable", None, 1)


def test_an_upload_that_was_cut_off_is_sent_again_whole_with_its_key(waits: list[float]) -> None:
    duplicate = (409, {"detail": "There already.", "code": "duplicate", "asset": "7"}, {})
    still = (409, {"detail": "Wait.", "code": "idempotency_still_running"}, {"Retry-After": "1"})
    listed = (200, {"results": [LIBRARY], "next_cursor": None}, {})
    with serving(listed, None, still, duplicate) as script:
        library = Client(script.url, "x").library()
        error = refused(lambda: library.upload(b"picture" * 100, name="a.jpg", tags=["red", "blue"]))
    assert error.data == {"asset": "7"}
    first, second, third = script.asked[1:]
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == third.headers["idempotency-key"]
    assert len(first.body) == len(second.body) == len(third.body) > 700


def test_a_server_that_is_not_there_is_one_sentence(waits: list[float]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    error = refused(Client(url, "x", retries=1).libraries)
    assert (str(error), error.code) == (f"The server {url} cannot be reached: Connection refused.", "unreachable")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, b"<html>hello", {}), "answers, but not as this library does: is it the right address?"),
        ((500, b"<html>oh", {}), "The server answers 500 Internal Server Error."),
        ((301, b"", {"Location": "https://dam.example/api/v1/"}), "redirects to https://dam.example/api/v1/: use that"),
        (
            (200, {"results": [{"id": 7}], "next_cursor": None}, {}),
            "cannot be read (LibraryInfo, id)",
        ),
        ((404, ["nothing"], {}), "The server answers 404 Not Found."),
        ((200, {"hello": "world"}, {}), "answers, but not as this library does: is it the right address?"),
        ((200, ["hello"], {}), "answers, but not as this library does: is it the right address?"),
    ],
)
def test_what_is_no_library_is_one_sentence(answer: Any, sentence: str) -> None:
    with serving(answer) as script:
        assert sentence in str(refused(Client(script.url, "x").libraries))


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://a b", "http://[::1", "http://a:999999"])
def test_an_address_that_is_none_is_one_sentence(url: str, waits: list[float]) -> None:
    assert str(refused(Client(url, "x", retries=0).libraries)).startswith(("The server ", url.rstrip("/")))


def test_members_that_a_newer_server_adds_are_kept() -> None:
    listed = (200, {"results": [LIBRARY | {"mood": "sunny"}], "next_cursor": None}, {})
    with serving(listed) as script:
        info = Client(script.url, "x").library().info
    assert info.mood == "sunny"  # type: ignore[attr-defined]
    assert '"mood":"sunny"' in info.to_json()
