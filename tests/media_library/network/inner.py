"""An inner network: servers on loopback that must see nobody, a name server that lies, and a server that misbehaves.

Of the machinery under `media_library.fetch` two things stand in for the outside world: names are asked of the name
server of the test by real datagrams, and what would leave this machine is refused where the socket would be made. The
ports that addresses may have are those of the listening servers, because a test may not take 80.
"""

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from media_library.targets import PORTS

PUBLIC, PUBLIC6 = "93.184.216.34", "2606:4700::1111"
ASKED_SECONDS = 2
Answers = list[list[str]]  # of each question for a name in turn, the last from then on


@dataclass
class Canary:
    """Listens on 127.0.0.1 and ::1, and writes down who comes."""

    port: int = 0
    seen: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Canary]:
    canary, sockets = Canary(), []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            server = socket.create_server((address, canary.port), family=family)
        except OSError:
            if family == socket.AF_INET:
                raise
            continue  # a machine without IPv6 has no such address to be reached either
        server.settimeout(0.05)
        canary.port = server.getsockname()[1]
        sockets.append(server)
    done = threading.Event()

    def listen(server: socket.socket) -> None:
        while not done.is_set():
            try:
                connection, address = server.accept()
            except TimeoutError:
                continue
            canary.seen.append(str(address[0]))
            connection.close()

    threads = [threading.Thread(target=listen, args=(server,)) for server in sockets]
    for thread in threads:
        thread.start()
    try:
        yield canary
    finally:
        done.set()
        for thread in threads:
            thread.join()
        for server in sockets:
            server.close()


class Names(BaseResolver):
    """A name server. A name's answers are addresses, or names (CNAME); "broken" is a failure."""

    def __init__(self) -> None:
        self.zone: dict[str, Answers] = {}
        self.asked: list[str] = []  # "A name"

    def resolve(self, request: DNSRecord, handler: Any) -> Any:
        name, kind = str(request.q.qname).rstrip("."), QTYPE[request.q.qtype]
        turn = self.asked.count(f"{kind} {name}")
        self.asked.append(f"{kind} {name}")
        reply = request.reply()
        for _hop in range(9):  # a chain is followed by the server, as a caching one does
            answers = self.zone.get(name)
            if answers is None:
                reply.header.rcode = RCODE.NXDOMAIN
                break
            now = answers[min(turn, len(answers) - 1)]
            if "broken" in now:
                reply.header.rcode = RCODE.SERVFAIL
                break
            aliases = [each for each in now if not is_address(each)]
            for each in now:
                if is_address(each) and (":" in each) == (kind == "AAAA"):
                    packed = tuple(ipaddress.ip_address(each).packed)
                    data = AAAA(packed) if kind == "AAAA" else A(packed)
                    reply.add_answer(RR(name, getattr(QTYPE, kind), rdata=data, ttl=0))
            if not aliases:
                break
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(aliases[0]), ttl=0))
            name = aliases[0]
        return reply

    @contextmanager
    def serving(self) -> Iterator[int]:
        quiet = DNSLogger(logf=lambda _line: None)
        server = DNSServer(self, address="127.0.0.1", port=0, logger=quiet).server
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@dataclass
class World:
    canary: Canary
    names: Names
    dialled: list[str]  # every address that a connection was wanted to


@contextmanager
def world(patch: pytest.MonkeyPatch) -> Iterator[World]:
    real_lookup, real_connect = socket.getaddrinfo, socket.create_connection
    names = Names()
    with listening() as canary, names.serving() as port:
        made = World(canary, names, [])

        def look_up(host: Any, service: Any, *args: Any, **options: Any) -> list[Any]:
            try:  # digits in any of the ways that the C library reads, and this machine's own names
                if host in {"localhost", "ip6-localhost"}:
                    return real_lookup(host, service, *args, **options)
                return real_lookup(host, service, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
            except socket.gaierror:
                return ask(port, host, service)

        def connect(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
            made.dialled.append(address[0])
            if not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
                raise OSError("Nothing leaves this machine.")
            return real_connect(address, *args, **options)

        patch.setattr(socket, "getaddrinfo", look_up)
        patch.setattr(socket, "create_connection", connect)
        patch.setitem(PORTS, "http", canary.port)
        yield made


def ask(port: int, host: str, service: int) -> list[Any]:
    """As a stub resolver: A and AAAA, each by a datagram."""
    found: list[Any] = []
    for kind, family in (("A", socket.AF_INET), ("AAAA", socket.AF_INET6)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(ASKED_SECONDS)
            client.sendto(DNSRecord.question(host, kind).pack(), ("127.0.0.1", port))
            try:
                reply = DNSRecord.parse(client.recv(4096))
            except TimeoutError:
                raise socket.gaierror(socket.EAI_AGAIN, "no answer") from None
        records = [str(record.rdata) for record in reply.rr if QTYPE[record.rtype] == kind]
        found += [(family, socket.SOCK_STREAM, 6, "", (address, service)) for address in records]
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    return found


Script = Callable[[socket.socket], None]


@contextmanager
def misbehaving(script: Script) -> Iterator[int]:
    """A server that reads a request and then does what `script` does with its socket. Gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def serve() -> None:
            try:
                connection, _address = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    connection.recv(65536)
                    script(connection)
                except OSError:
                    return  # the client has hung up, which is what is wanted

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join(10)
