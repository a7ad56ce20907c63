"""What a worker does to a message of a connection that has been dropped is a lost connection, which it survives."""

import pytest

from dam import broker
from dam.celery import app


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "redis+socket:///nowhere/redis.sock"])
def test_our_transport_is_used(url: str) -> None:
    with app.connection_for_write(url) as connection:
        assert isinstance(connection.transport, broker.Transport)


def test_a_dropped_connection_is_told_as_one(servers: object) -> None:
    with app.connection_for_write() as connection:
        channel = connection.channel()
        connection.transport.client, kept = None, connection.transport.client
        channel._pool = None
        with pytest.raises(connection.connection_errors, match="has been dropped"):
            channel.basic_ack("tag")
        connection.transport.client = kept
