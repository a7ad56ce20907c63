"""Workers say every few seconds that they live, and to which queues they listen.

A thread of their main process does, so that one which is in the midst of a long task, and hears nothing meanwhile, says
so as well. What stops says goodbye; what is killed is told by its silence.
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import redis
from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings

KEY = "dam-workers"  # name -> when, queues, process
EVERY, SILENT = 10, 45  # seconds
FORGOTTEN = 24 * 3600

over = Event()


@dataclass(frozen=True)
class Worker:
    name: str
    queues: tuple[str, ...]
    seconds: float  # since it was last heard

    @property
    def lives(self) -> bool:
        return self.seconds < SILENT


def broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5)


@worker_ready.connect
def begin(sender: Any = None, **kwargs: object) -> None:
    over.clear()
    queues = sorted(queue.name for queue in sender.task_consumer.queues)
    Thread(target=keep_saying, args=(str(sender.hostname), queues), name="alive", daemon=True).start()


@worker_shutting_down.connect
def end(**kwargs: object) -> None:
    """It takes no further task."""
    over.set()


def keep_saying(name: str, queues: list[str]) -> None:
    client = broker()
    while not over.is_set():
        say(client, name, queues)
        over.wait(EVERY)
    with suppress(redis.RedisError):
        client.hdel(KEY, name)


def say(client: redis.Redis, name: str, queues: list[str]) -> None:
    said = json.dumps({"at": time.time(), "queues": queues, "process": os.getpid()})
    with suppress(redis.RedisError):  # it is away, and the worker says so in its log
        client.hset(KEY, name, said)


def workers() -> list[Worker]:
    """Those that have been heard within a day, by name. Raises RedisError."""
    found, now, client = [], time.time(), broker()
    for name, said in client.hgetall(KEY).items():
        told = json.loads(said)
        if now - told["at"] > FORGOTTEN:
            client.hdel(KEY, name)
        else:
            found.append(
                Worker(
                    str(name, "utf-8") if isinstance(name, bytes) else name,
                    tuple(told["queues"]),
                    max(0.0, now - told["at"]),
                )
            )
    return sorted(found, key=lambda worker: worker.name)
