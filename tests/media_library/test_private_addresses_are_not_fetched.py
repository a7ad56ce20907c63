"""Tricks to make this server look into its own network."""

import socket
from typing import Any

import pytest
from pytest_django import Settings

from media_library import fetch
from media_library.addresses import is_public


class Connected(Exception):
    """A connection was about to be made."""


@pytest.fixture(autouse=True)
def no_connections(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.FETCH_ALLOW_HOSTS = []

    def connect(*args: object, **options: object) -> None:
        raise Connected(args[0])

    monkeypatch.setattr(socket, "create_connection", connect)


def answers(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    family = {True: socket.AF_INET6, False: socket.AF_INET}
    found: list[Any] = [(family[":" in ip], socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)


def code_of(url: str) -> str:
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch(url)
    assert caught.value.status == 400
    return caught.value.code


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "0",
        "0.0.0.0",  # noqa: S104
        "１２７.０.０.１",  # noqa: RUF001
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.8",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:0:127.0.0.1]",
        "[0:0:0:0:0:ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b:1::8.8.8.8]",
        "[2002:7f00:1::]",
        "[2002:c0a8:101::1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[2001:db8::1]",
        "[2606:4700::5efe:10.0.0.1]",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[100::1]",
    ],
)
def test_hosts_that_are_private_in_disguise(host: str) -> None:
    assert code_of(f"http://{host}/photo.jpg") == "private_address"


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public_addresses_are_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_public(address)
    answers(monkeypatch, address)
    with pytest.raises(Connected):
        fetch.fetch("http://pictures.example/photo.jpg")


@pytest.mark.parametrize("text", ["", "fe80::1%eth0", "2606:4700::1111%eth0", "localhost", "1.2.3"])
def test_what_is_no_plain_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize("mixture", [("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "8.8.8.8"), ("8.8.8.8", "::1")])
def test_one_private_answer_spoils_them_all(mixture: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, *mixture)
    assert code_of("http://pictures.example/") == "private_address"


def test_the_sentence_does_not_tell_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "10.9.8.7")
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch("http://intranet.example/")
    assert "10.9.8.7" not in str(caught.value.message) + str(caught.value.data)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "photo.jpg",
        "//example.org/photo.jpg",
        "ftp://example.org/photo.jpg",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "http://",
        "http:///photo.jpg",
        "http://user@example.org/",
        "http://user:secret@example.org/",
        "http://@example.org/",
        "http://example.org:8080/",
        "http://example.org:22/",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://example.org:port/",
        "http://example.org\\@127.0.0.1/",
        "http://example.org/a b",
        "http://example.org/\r\nHost: intern",
        "http://exa\tmple.org/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://127.0.0.1%2f.example.org/",
        "http://a..b/",
        "http://" + "a" * 70 + ".example/",
        "http://example.org/" + "a" * 5000,
    ],
)
def test_urls_that_are_none(url: str) -> None:
    assert code_of(url) == "bad_url"


@pytest.mark.parametrize(
    ("entry", "url", "outcome"),
    [
        ("intranet.example", "http://intranet.example/", Connected),
        ("intranet.example", "http://intranet.example:8123/", Connected),
        ("intranet.example:8123", "http://intranet.example:8123/", Connected),
        ("Intranet.Example:8123", "http://INTRANET.example.:8123/", Connected),
        ("intranet.example:8123", "http://intranet.example/", fetch.FetchError),
        ("intranet.example:80", "http://intranet.example/", Connected),
        ("intranet.example", "http://sub.intranet.example/", fetch.FetchError),
        ("[::1]:8123", "http://[::1]:8123/", Connected),
        ("::1", "http://[::1]/", Connected),
    ],
)
def test_exceptions_are_for_the_hosts_that_are_named(
    entry: str, url: str, outcome: type[Exception], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FETCH_ALLOW_HOSTS = [entry]
    answers(monkeypatch, "10.0.0.1")
    with pytest.raises(outcome):
        fetch.fetch(url)
