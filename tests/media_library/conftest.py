from collections.abc import Iterator
from typing import Any

import boto3
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
def bucket(s3: str, settings: Any) -> Any:
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    made = boto3.resource("s3", endpoint_url=s3, region_name="us-east-1", **keys).Bucket("pictures")
    made.create()
    options = {
        "bucket_name": "pictures", "endpoint_url": s3, "region_name": "us-east-1", "access_key": "key",
        "secret_key": "secret", "file_overwrite": False, "querystring_auth": True, "querystring_expire": 300,
    }  # fmt: skip
    settings.S3_BUCKET = "pictures"
    storage = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": storage}
    yield made
    made.objects.all().delete()
    made.delete()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Any]:
    """A server on this machine, which the settings make an exception for."""
    from tests.media_library.receiver import receiving

    settings.FETCH_ALLOW_HOSTS = ["127.0.0.1"]
    with receiving() as made:
        yield made
