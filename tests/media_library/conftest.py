from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a real S3 server on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Any]:
    """A server on this machine, which the settings make an exception for."""
    from tests.media_library.receiver import receiving

    settings.FETCH_ALLOW_HOSTS = ["127.0.0.1"]
    with receiving() as made:
        yield made
