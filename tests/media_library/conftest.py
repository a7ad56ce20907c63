from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def receiver(settings: Any) -> Iterator[Any]:
    """A server on this machine, which the settings make an exception for."""
    from tests.media_library.receiver import receiving

    settings.FETCH_ALLOW_HOSTS = ["127.0.0.1"]
    with receiving() as made:
        yield made
