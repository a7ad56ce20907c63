"""Server-side request forgery, by real sockets and a real name server: nobody may come to the servers on loopback."""

from typing import Any

import pytest

from media_library import fetch
from tests.media_library.network.inner import PUBLIC, PUBLIC6, Answers, World, misbehaving

# host -> what its name leads to; what becomes of it
NAMES: dict[str, tuple[Answers, str]] = {
    "private.example": ([["127.0.0.1"]], "private_address"),
    "private6.example": ([["::1"]], "private_address"),
    "rebinding.example": ([[PUBLIC], ["127.0.0.1"]], "unreachable"),
    "rebinding6.example": ([[PUBLIC6], ["::1"]], "unreachable"),
    "mixed.example": ([[PUBLIC, "127.0.0.1"]], "private_address"),
    "mixed-families.example": ([[PUBLIC, "::1"]], "private_address"),
    "mixed-the-other-way.example": ([["127.0.0.1", PUBLIC6]], "private_address"),
    "many.example": ([[f"93.184.216.{n}" for n in range(1, 12)] + ["127.0.0.1"]], "private_address"),
    "chain.example": ([["chain2.example"]], "private_address"),
    "chain2.example": ([["chain3.example"]], "private_address"),
    "chain3.example": ([["127.0.0.1"]], "private_address"),
    "late-chain.example": ([["public.example"], ["chain3.example"]], "unreachable"),
    "circle.example": ([["circle.example"]], "unreachable"),
    "mapped.example": ([["::ffff:127.0.0.1"]], "private_address"),
    "compatible.example": ([["::127.0.0.1"]], "private_address"),
    "translated.example": ([["::ffff:0:127.0.0.1"]], "private_address"),
    "nat64.example": ([["64:ff9b::7f00:1"]], "private_address"),
    "nat64-local.example": ([["64:ff9b:1::7f00:1"]], "private_address"),
    "6to4.example": ([["2002:7f00:1::"]], "private_address"),
    "teredo.example": ([["2001:0:4136:e378:8000:63bf:80ff:fffe"]], "private_address"),
    "isatap.example": ([["2606:4700::5efe:127.0.0.1"]], "private_address"),
    "unique-local.example": ([["fd00::1"]], "private_address"),
    "link-local.example": ([["fe80::1"]], "private_address"),
    "unspecified.example": ([["0.0.0.0"]], "private_address"),  # noqa: S104
    "unspecified6.example": ([["::"]], "private_address"),
    "metadata.example": ([["169.254.169.254"]], "private_address"),
    "shared.example": ([["100.64.0.1"]], "private_address"),
    "broken.example": ([["broken"]], "unreachable"),
    "public.example": ([[PUBLIC]], "unreachable"),
}
# Hosts that need no name server.
DISGUISES = [
    "localhost", "LOCALHOST.", "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "0", "0.0.0.0",  # noqa: S104
    "2130706433", "017700000001", "0x7f000001", "0x7f.0x0.0x0.0x1", "0177.0.0.1", "0x7f.1", "00000177.0.0.1",
    "１２７.０.０.１", "127。0。0。1", "127．0．0．1", "①②⑦.⓪.⓪.①", "ⓛocalhost", "ｌｏｃａｌｈｏｓｔ",  # noqa: RUF001
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[::ffff:0:7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::1]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[fd12:3456::1]", "[fe80::1]", "[fe80::1%25lo]", "[fe80::1%lo]",
    "[::1%25lo]", "[::1%lo]", "[fec0::1]", "[ff02::1]",
]  # fmt: skip
# {canary} is host and port of the canary.
ADDRESSES = [
    "http://user@{canary}/", "http://user:pw@{canary}/", "http://public.example@{canary}/", "http://@{canary}/",
    "http://{canary}#@public.example/", "http://{canary}\\@public.example/", "http://public.example\\@{canary}/",
    "http://public.example:80@{canary}/", "http://{canary}%2f@public.example/", "http:/{canary}/", "http:{canary}/",
    "http:///{canary}/", "//{canary}/", "///{canary}/", "\\\\{canary}\\", "http:\\\\{canary}\\", "http://{canary}:80/",
    "ftp://{canary}/", "gopher://{canary}/_x", "dict://{canary}/x", "file://{canary}/etc/passwd", "unix://{canary}",
    "ws://{canary}/", "HTTP://{canary}\t/", "http://{canary}\r\nHost: public.example/", "http://\u200b{canary}/",
    "http://127.0.0.1\u3002:{port}/", "http://127.0.0.1:0{port}/", "http://127.0.0.1:+{port}/",
    "http://127.0.0.1:{port}.0/", "http://127.0.0.1: {port}/", " http://{canary}/ ", "http://[::1]:{port}/",
    "http://[::1]:{port}@public.example/", "http://[127.0.0.1]:{port}/", "http://127.0.0.1:22/",
    "http://127.0.0.1:6379/", "http://public.example:5432/",
]  # fmt: skip
REFUSED = {"private_address", "bad_url", "unreachable"}


def code_of(url: str) -> str:
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch(url)
    return caught.value.code


def test_the_canary_sings(inner: World, settings: Any) -> None:
    """Or all the others would say nothing."""
    settings.FETCH_ALLOW_HOSTS = ["private.example"]
    inner.names.zone = {"private.example": [["127.0.0.1"]]}
    assert code_of("http://private.example/") == "unreachable"  # it hangs up
    assert inner.canary.seen == inner.dialled == ["127.0.0.1"]


def test_wherever_a_name_leads(inner: World) -> None:
    inner.names.zone = {name: answers for name, (answers, _code) in NAMES.items()}
    for name, (_answers, code) in NAMES.items():
        inner.names.asked.clear()
        assert (name, code_of(f"http://{name}/a.png")) == (name, code)
        assert inner.names.asked == [f"A {name}", f"AAAA {name}"], "a name is asked for once"
    assert set(inner.dialled) == {PUBLIC, PUBLIC6}
    assert inner.canary.seen == []


def test_however_a_host_or_an_address_is_written(inner: World) -> None:
    inner.names.zone = {"public.example": [[PUBLIC]]}
    canary = f"127.0.0.1:{inner.canary.port}"
    tried = [f"http://{host}/" for host in DISGUISES] + [f"http://{host}:{inner.canary.port}/" for host in DISGUISES]
    tried += [address.format(canary=canary, port=inner.canary.port) for address in ADDRESSES]
    for url in tried:
        assert (url, code_of(url) in REFUSED) == (url, True)
        with pytest.raises(fetch.FetchError):
            fetch.post(url, b"{}", {}, seconds=3, most=10)
    assert not {each for each in inner.dialled if each != PUBLIC}
    assert inner.canary.seen == []


@pytest.mark.parametrize(
    "location",
    [
        "http://private.example/", "http://rebinding.example/", "http://127.0.0.1/", "http://[::1]/", "//127.0.0.1/",
        "http://2130706433/", "http://localhost/", "http:\\\\127.0.0.1/", "//private.example", "http://127.1/",
        "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x",
        "http://user@127.0.0.1/", "http://①②⑦.⓪.⓪.①/", "http://" + "a" * 60_000,
    ],
)  # fmt: skip
def test_a_server_outside_leads_nobody_inside(inner: World, settings: Any, location: str) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    with misbehaving(lambda connection: connection.sendall(head)) as port:
        settings.FETCH_ALLOW_HOSTS = [f"outside.example:{port}"]
        inner.names.zone = {
            "outside.example": [["127.0.0.1"]], "private.example": [["127.0.0.1"]],
            "rebinding.example": [[PUBLIC], ["127.0.0.1"]],
        }  # fmt: skip
        assert code_of(f"http://outside.example:{port}/") in REFUSED
    assert inner.canary.seen == [] and inner.dialled.count("127.0.0.1") == 1


def test_a_host_that_is_excepted_by_its_port_opens_no_other_one(inner: World, settings: Any) -> None:
    settings.FETCH_ALLOW_HOSTS = ["private.example:1"]
    inner.names.zone = {"private.example": [["127.0.0.1"]]}
    assert code_of("http://private.example/") == "private_address"
    assert inner.canary.seen == []
