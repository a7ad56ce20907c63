from collections.abc import Iterator
from typing import Any

import pytest

from tests.media_library.network.inner import World, world


@pytest.fixture
def inner(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[World]:
    """Nothing is excepted. What is reached of it fails the test that reaches it."""
    settings.FETCH_ALLOW_HOSTS, settings.FETCH_TIMEOUT_SECONDS = [], 3
    with world(monkeypatch) as made:
        yield made
