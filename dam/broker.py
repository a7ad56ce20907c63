"""kombu's transport to Redis, with which workers survive that Redis goes and comes back.

A message that is acknowledged, or given back, after its connection has been dropped is told as a lost connection.
kombu stumbles over the missing one, and the worker that is just connecting anew ends instead. What the message was
about stands in the database.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    def _connparams(self, *args: Any, **options: Any) -> dict[str, Any]:
        if getattr(self.connection, "client", None) is None:
            raise ConnectionError("The connection to Redis has been dropped.")
        return dict(super()._connparams(*args, **options))  # type: ignore[misc]  # its types do not name it


class Transport(redis.Transport):
    Channel = Channel


def install() -> None:
    """For every address of Redis, also `redis+socket://`."""
    TRANSPORT_ALIASES["redis"] = f"{__name__}:Transport"
