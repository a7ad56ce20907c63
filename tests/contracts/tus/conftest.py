from collections.abc import Iterator
from pathlib import Path

import pytest

from dam_client import Client, Library
from tests.client.drawn import noise
from tests.stack import Stack


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    body = {"username": stack.username, "password": stack.password}
    return str(Client(stack.url, "none").request("POST", "token/", json=body)["access"])


@pytest.fixture(scope="module")
def dam(stack: Stack, token: str) -> Iterator[Client]:
    with Client(stack.url, token) as client:
        yield client


@pytest.fixture(scope="module")
def library(dam: Client) -> Iterator[Library]:
    """An empty one."""
    made = dam.create_library("Clients of tus")
    yield made
    made.delete(purge=True)


@pytest.fixture
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """One of several parts, another one for each test."""
    path = tmp_path / "sea.jpg"
    path.write_bytes(noise(sum(map(ord, request.node.name)), (1000, 600)))
    assert path.stat().st_size > 300_000
    return path
