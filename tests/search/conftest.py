import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from search import embedders
from search.embedders import offline
from tests.search import fake_hub
from tests.search.fake_hub import FakeHub


@pytest.fixture
def model_dir(settings: LazySettings, tmp_path: Path) -> Iterator[Path]:
    """An empty MODEL_DIR, and no embedder left from another test."""
    settings.MODEL_DIR = tmp_path / "models"
    embedders.reset()
    yield settings.MODEL_DIR
    embedders.reset()


@pytest.fixture(autouse=True)
def own_offline_source() -> Iterator[None]:
    """The fingerprint of the offline model is kept for the life of a process; some tests change its files."""
    yield
    offline.source.cache_clear()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look-up of a name and every connection over IP fails the test that makes it."""
    block_network(monkeypatch)


def block_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            pytest.fail(f"connected to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: pytest.fail(f"looked up {args[0]}"))


@pytest.fixture
def use_hub(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sends huggingface_hub to the hub at a URL."""
    from huggingface_hub import constants

    default = constants.ENDPOINT

    def use(url: str) -> None:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", url)
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(default, url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)

    return use


@pytest.fixture
def hub(use_hub: Callable[[str], None]) -> Iterator[FakeHub]:
    with fake_hub.running(FakeHub()) as running:
        use_hub(running.url)
        yield running
