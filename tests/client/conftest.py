import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dam_client import Client, Library
from tests.client.commands import Shell
from tests.client.drawn import noise
from tests.stack import Stack


@pytest.fixture(scope="session")
def token(stack: Stack) -> str:
    signing_in = Client(stack.url, "none")
    body = {"username": stack.username, "password": stack.password}
    return str(signing_in.request("POST", "token/", json=body)["access"])


@pytest.fixture(scope="session")
def dam(stack: Stack, token: str) -> Iterator[Client]:
    """Signed in to the running product."""
    with Client(stack.url, token) as client:
        yield client


@pytest.fixture(scope="session")
def shown(dam: Client) -> Library:
    """The product's own library of drawn pictures, all of them searchable; not to be changed."""
    return dam.library("photos")


@pytest.fixture
def library(dam: Client, request: pytest.FixtureRequest) -> Iterator[Library]:
    """An empty one."""
    made = dam.create_library(request.node.originalname)
    yield made
    made.delete(purge=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve pictures in a tree of folders, and what is none."""
    for number in range(12):
        place = tmp_path / "photos" / ("", "holiday", "holiday/2024")[number % 3]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"p{number}.jpg").write_bytes(noise(number))
    (tmp_path / "photos" / ".hidden.jpg").write_bytes(b"hidden")
    (tmp_path / "photos" / "notes.txt").write_text("Not a picture.")
    return tmp_path / "photos"


@pytest.fixture
def shell(stack: Stack, token: str, tmp_path: Path) -> Shell:
    """`dam` as a process of its own, signed in by the environment, with a home of its own."""
    return Shell(tmp_path / "home", {"DAM_URL": stack.url, "DAM_TOKEN": token})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without keyring, and nothing said in the environment, for what runs in this process."""
    for name in [name for name in os.environ if name.startswith("DAM_") and name != "DAM_DATA_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path
