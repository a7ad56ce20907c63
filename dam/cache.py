"""Django's cache in Redis, with one client, and with counters of what happened lately."""

from functools import cached_property
from typing import Any, cast

from django.core.cache import cache
from django.core.cache.backends import redis


class Client(redis.RedisCacheClient):
    @cached_property
    def _kept(self) -> Any:
        return super().get_client(write=True)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """Always the same, which any thread may use: to make one takes twice as long as to ask it something."""
        return self._kept


class RedisCache(redis.RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client

    def take(self, key: str, limit: int, seconds: int, now: float) -> tuple[bool, int, int]:
        """Count one more use of `key` unless there have been `limit` in the last `seconds`, in one round trip.

        Gives whether there was room, and how many there now are in the last period by the clock and in this one. The
        last `seconds` are estimated as this period and as much of the last one as still lies in them.
        """
        period, elapsed = divmod(now, seconds)
        names = [self.make_and_validate_key(f"{key}_{number:.0f}") for number in (period, period - 1)]
        taken, before, current = self._take(
            keys=names, args=[limit, seconds, elapsed], client=self._cache.get_client(names[0], write=True)
        )
        return bool(taken), int(before), int(current)

    def give_back(self, key: str, seconds: int, now: float) -> None:
        """Count one use less in the period of `now`."""
        name = self.make_and_validate_key(f"{key}_{now // seconds:.0f}")
        client = self._cache.get_client(name, write=True)
        if client.decr(name) <= 0:
            client.delete(name)

    @cached_property
    def _take(self) -> Any:
        return self._cache.get_client(TAKE, write=True).register_script(TAKE)


# What is refused is not counted: who keeps asking does not lock themselves out.
TAKE = """
local current, before = tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(redis.call('GET', KEYS[2]) or 0)
local limit, seconds, elapsed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if before * (1 - elapsed / seconds) + current + 1 > limit then return {0, before, current} end
current = redis.call('INCR', KEYS[1])
if current == 1 then redis.call('EXPIRE', KEYS[1], 2 * seconds) end
return {1, before, current}
"""


def take(key: str, limit: int, seconds: int, now: float) -> tuple[bool, int, int]:
    return cast(RedisCache, cache).take(key, limit, seconds, now)


def give_back(key: str, seconds: int, now: float) -> None:
    cast(RedisCache, cache).give_back(key, seconds, now)


def wait(limit: int, seconds: int, elapsed: float, before: int, current: int) -> float:
    """Seconds until there is room for one more, of what `take` gave `elapsed` seconds into a period."""
    room = limit - 1
    if current <= room:  # in this period, once enough of the last one does not count any more
        return seconds * (1 - (room - current) / before) - elapsed
    return seconds * (1 + 1 - room / current) - elapsed
