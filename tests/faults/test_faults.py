"""Everything is killed, the disk is full, the store is cut off, and nothing is lost, doubled or left half done.

`FAULT_ROUNDS`, `FAULT_PICTURES` and `FAULT_SEED` say how long, how many in each round, and in which order, `FAULT_ONLY`
which kinds of faults (with commas); see `make test-faults` and docs/reliability.md.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dam_client import Client
from dam_client.errors import ApiError
from tests.faults import looking
from tests.faults.client import Uploads, picture
from tests.faults.product import Product
from tests.stack import open_folder

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
PICTURES = int(os.environ.get("FAULT_PICTURES", "30"))
SEED = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
ONLY = {name.strip() for name in os.environ.get("FAULT_ONLY", "").split(",") if name.strip()}
KILLED = ["web", "media worker", "index worker", "job worker", "beat", "Redis", "PostgreSQL"]
SECONDS = 600  # at most, for the uploads of a round

Fault = Callable[[], None]


@dataclass
class Tally:
    """What the table says in the end."""

    faults: Counter[str]
    errors: Counter[str]
    pictures: int = 0
    orphans: int = 0
    rounds: int = 0
    seconds: float = 0

    def __str__(self) -> str:
        lines = [
            f"\nseed {SEED}: {self.rounds} rounds, {self.pictures} pictures, {self.faults.total()} faults, "
            f"{self.seconds:.0f} s; lost 0, doubled 0, half done 0",
            f"  faults: {told(self.faults)}",
            f"  told to the client, and sent again: {told(self.errors)}",
            f"  files without a row, swept: {self.orphans}",
        ]
        return "\n".join(lines)


def told(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.most_common()) or "none"


@contextmanager
def running(**variables: str) -> Iterator[Product]:
    with open_folder() as folder:
        incoming = folder / "incoming"
        incoming.mkdir()
        product = Product(folder / "data", DAM_WATCH_FOLDER=str(incoming), DAM_WATCH_SETTLE_SECONDS="0", **variables)
        try:
            product.begin()
            (incoming / "faults").mkdir()
            yield product
        finally:
            product.end()


def faults_of(product: Product, chance: random.Random) -> dict[str, Fault]:
    def killed(name: str) -> Fault:
        def strike() -> None:
            product.kill(name)
            time.sleep(chance.uniform(0, 1))
            product.start(name)

        return strike

    def full() -> None:
        with product.full_disk():
            time.sleep(chance.uniform(0.3, 1.5))

    return {name: killed(name) for name in KILLED} | {
        "a database connection": lambda: product.kill_a_connection(chance),
        "Redis emptied": product.empty_redis,
        "disk full": full,
    }


def play(product: Product, numbers: range, faults: list[tuple[str, Fault]], chance: random.Random) -> Uploads:
    """Upload three quarters of the pictures, have the server import the others, and strike meanwhile."""
    fourth = numbers[: len(numbers) // 4]
    place = f"round-{numbers.start}"
    folder = product.data_dir.parent / "incoming" / "faults" / place
    folder.mkdir()
    for number in fourth:
        (folder / f"{number}.png").write_bytes(picture(number))
    uploads = Uploads(product.url, product.token, product.library)
    start_import(product, place, uploads.errors)
    deadline = time.monotonic() + SECONDS
    sent = numbers[len(fourth) :]
    for position, (_name, strike) in enumerate(faults):
        share = sent[len(sent) * position // len(faults) : len(sent) * (position + 1) // len(faults)]
        wanted = uploads.released + chance.random() * len(share)
        uploads.release(share)
        while len(uploads.accepted) < wanted:
            assert time.monotonic() < deadline, uploads.errors
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        strike()
    uploads.close()
    while not uploads.over:
        product.alive()
        time.sleep(0.05)
    assert uploads.given_up == []
    return uploads


def start_import(product: Product, place: str, errors: Counter[str]) -> None:
    deadline = time.monotonic() + SECONDS
    with Client(product.url, product.token, retries=0, timeout=30) as client:
        while True:
            try:
                headers = {"Idempotency-Key": f"import-{place}"}
                path = f"libraries/{product.library}/imports/"
                client.request("POST", path, json={"path": place}, headers=headers)
            except ApiError as error:
                errors[f"{error.status} {error.code}"] += 1
                assert error.status not in {400, 403, 404, 422} and time.monotonic() < deadline, error
                time.sleep(0.2)
            else:
                return


def rounds(
    product: Product,
    faults: dict[str, Fault],
    read: looking.Read,
    names: Any,
    chance: random.Random,
    many: int = ROUNDS,
) -> Tally:
    """Each round has its share of every kind of fault, in another order."""
    print(f"seed {SEED}")  # noqa: T201  told with a failure
    faults = {name: fault for name, fault in faults.items() if name in (ONLY or faults)}
    tally, began = Tally(Counter(), Counter()), time.monotonic()
    deck: list[str] = []
    for number in range(many):
        each = max(4, -(-len(faults) // many))
        while len(deck) < each:
            deck += chance.sample(sorted(faults), len(faults))
        chosen, deck = deck[:each], deck[each:]
        numbers = range(number * PICTURES, (number + 1) * PICTURES)
        uploads = play(product, numbers, [(name, faults[name]) for name in chosen], chance)
        looking.settle(product)
        looking.look(product, read, numbers, uploads.accepted)
        tally.orphans += looking.sweep(product, names)
        tally.faults.update(chosen)
        tally.errors.update(uploads.errors)
        tally.pictures, tally.rounds, tally.seconds = numbers.stop, number + 1, time.monotonic() - began
    return tally


@pytest.mark.timeout(120 + ROUNDS * (60 + PICTURES))
def test_whatever_is_killed_nothing_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED)  # noqa: S311
    with running() as product:
        read, names = looking.on_disk(product)
        tally = rounds(product, faults_of(product, chance), read, names, chance)
    with capsys.disabled():
        print(tally)  # noqa: T201  the figures are wanted


class Store:
    """An S3 server on this machine that can be cut off. What it holds is in this process, and stays."""

    def __init__(self) -> None:
        self.port = 0
        self.join()
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
        endpoint = {"endpoint_url": f"http://127.0.0.1:{self.port}", "region_name": "us-east-1"}
        self.bucket = boto3.resource("s3", **endpoint, **keys).Bucket("faults")
        self.bucket.create()
        self.variables = {
            "DAM_S3_BUCKET": "faults", "DAM_S3_ENDPOINT": endpoint["endpoint_url"], "DAM_S3_REGION": "us-east-1",
            "DAM_S3_ACCESS_KEY": "key", "DAM_S3_SECRET_KEY": "secret",
        }  # fmt: skip

    def join(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self.server.start()
        self.port = self.server.get_host_and_port()[1]

    def cut(self) -> None:
        self.server.stop()
        assert self.server._server
        self.server._server.server_close()

    def read(self, name: str) -> bytes:
        return bytes(self.bucket.Object(name).get()["Body"].read())

    def names(self) -> set[str]:
        return {found.key for found in self.bucket.objects.all()}


@pytest.mark.timeout(120 + ROUNDS * (60 + PICTURES))
def test_whenever_the_store_is_cut_off_nothing_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    chance, store = random.Random(SEED + 1), Store()  # noqa: S311

    def cut_off() -> None:
        store.cut()
        time.sleep(chance.uniform(0.3, 2))
        store.join()

    with running(**store.variables) as product:
        every = faults_of(product, chance)
        faults = {"S3 cut off": cut_off} | {name: every[name] for name in ("web", "media worker", "PostgreSQL")}
        try:
            tally = rounds(product, faults, store.read, store.names, chance, max(1, ROUNDS // 2))
        finally:
            store.cut()
    with capsys.disabled():
        print(tally)  # noqa: T201  the figures are wanted
