"""Counts and times of what processes do, for Prometheus.

Each process adds up what it sees and brings it into Redis every few seconds, so that any web process can answer for all
of them, wherever they run (docs/decisions/0022). Off, and free, unless DAM_METRICS_TOKEN is set.
"""

import atexit
import json
import logging
import time
from bisect import bisect_left
from collections import defaultdict
from threading import Event, Lock, Thread
from typing import Any

import redis
from celery import Task
from celery.signals import task_postrun, task_prerun, worker_process_shutdown
from django.conf import settings

from dam.metrics.names import BUCKETS, COUNTERS, HISTOGRAMS

logger = logging.getLogger(__name__)

KEY = "dam-metrics"  # a hash: the JSON of [name, labels, what] -> a number
BEGUN = "dam_begun"  # on the request of a task
SECONDS = 2.0
MOST = 20_000  # series that are kept while Redis is away


class Recorder:
    def __init__(self) -> None:
        self.sums: dict[str, float] = defaultdict(float)
        self.lock = Lock()
        self.thread: Thread | None = None
        self.client: redis.Redis | None = None
        self.over = Event()

    def add(self, amounts: dict[str, float]) -> None:
        with self.lock:
            for key, amount in amounts.items():
                if key in self.sums or len(self.sums) < MOST:
                    self.sums[key] += amount
            if self.thread is None or not self.thread.is_alive():  # also in a process that was forked since
                self.thread = Thread(target=self.keep_bringing, name="metrics", daemon=True)
                self.thread.start()

    def keep_bringing(self) -> None:
        while not self.over.wait(SECONDS):
            self.bring()

    def bring(self) -> None:
        """What Redis did not take is brought the next time."""
        with self.lock:
            taken, self.sums = self.sums, defaultdict(float)
        if not taken:
            return
        try:
            pipe = self.connected().pipeline(transaction=True)
            for key, amount in taken.items():
                pipe.hincrbyfloat(KEY, key, amount)
            pipe.execute()
        except redis.RedisError as error:
            logger.debug("Measurements wait: %s", error)
            self.add(taken)

    def connected(self) -> redis.Redis:
        if self.client is None:
            self.client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5)
        return self.client


recorder = Recorder()


def count(name: str, *labels: str, amount: float = 1) -> None:
    """One more of a counter of `names.COUNTERS`."""
    if settings.METRICS_TOKEN:
        require(COUNTERS[name][1], labels)
        recorder.add({key(name, labels, "count"): amount})


def observe(name: str, seconds: float, *labels: str) -> None:
    """One observation of a histogram of `names.HISTOGRAMS`."""
    if settings.METRICS_TOKEN:
        require(HISTOGRAMS[name][1], labels)
        bucket = bisect_left(BUCKETS, seconds)
        recorder.add({key(name, labels, str(bucket)): 1, key(name, labels, "sum"): seconds})


def require(expected: tuple[str, ...], labels: tuple[str, ...]) -> None:
    if len(expected) != len(labels):
        raise ValueError(f"Labels {expected} are wanted, not {labels}.")


def key(name: str, labels: tuple[str, ...], what: str) -> str:
    return json.dumps([name, labels, what])


def kept() -> dict[tuple[str, tuple[str, ...]], dict[str, float]]:
    """(name, labels) -> what -> number. Raises RedisError."""
    recorder.bring()
    found: dict[tuple[str, tuple[str, ...]], dict[str, float]] = defaultdict(dict)
    for field, number in recorder.connected().hgetall(KEY).items():
        name, labels, what = json.loads(field)
        found[name, tuple(labels)][what] = float(number)
    return found


@task_prerun.connect
def begun(task: Task, **kwargs: object) -> None:
    setattr(task.request, BEGUN, time.perf_counter())


@task_postrun.connect
def ended(task: Task, state: str | None = None, **kwargs: object) -> None:
    since = getattr(task.request, BEGUN, None)
    if since is not None:
        observe("dam_task_seconds", time.perf_counter() - since, task.name, str(state or "").lower())


@worker_process_shutdown.connect
def leave(**kwargs: Any) -> None:
    recorder.bring()


atexit.register(leave)
