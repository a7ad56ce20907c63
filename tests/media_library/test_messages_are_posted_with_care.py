"""`fetch.post` and `fetch.check`: what is sent goes where pictures may come from, and nowhere else."""

import socket
from typing import Any

import pytest

from media_library import fetch
from tests.media_library.receiver import Receiver


def post(url: str, **options: Any) -> tuple[int, bytes]:
    return fetch.post(url, b"{}", {"X-A": "b"}, **({"seconds": 5, "most": 100} | options))


def failure(url: str) -> str:
    with pytest.raises(fetch.FetchError) as caught:
        post(url)
    return caught.value.code


def test_body_and_headers_arrive(receiver: Receiver) -> None:
    assert post(receiver.url) == (200, b"thank you")
    ((headers, body),) = receiver.got
    assert (headers["X-A"], body) == ("b", "{}")


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [307], {"Location": receiver.url}
    assert post(receiver.url)[0] == 307
    assert len(receiver.got) == 1


def test_of_the_answer_no_more_is_read_than_asked_for(receiver: Receiver) -> None:
    receiver.said = b"x" * 10_000_000
    assert post(receiver.url, most=7) == (200, b"x" * 7)


def test_private_addresses_are_sent_nothing(receiver: Receiver, settings: Any) -> None:
    settings.FETCH_ALLOW_HOSTS = []
    port80 = "http://127.0.0.1/"
    assert failure(port80) == "private_address"
    assert failure(receiver.url) == "bad_url"  # its port
    assert receiver.got == []


def test_what_a_name_leads_to_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: answer)
    assert failure("http://inside.example/") == "private_address"


def test_an_address_is_checked_before_anything_is_sent(settings: Any) -> None:
    fetch.check("https://a.name.that.nobody.resolves.example/")
    fetch.check("http://93.184.216.34/")
    settings.FETCH_ALLOW_HOSTS = ["10.0.0.1:8080"]
    fetch.check("http://10.0.0.1:8080/")
    for url in ("http://10.0.0.1/", "http://[fd00::1]/", "http://x:99/", "javascript:alert(1)"):
        with pytest.raises(fetch.FetchError):
            fetch.check(url)
