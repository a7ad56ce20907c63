"""Redis, the workers that listen to its queues, and the clock that wakes them."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator

import redis
from django.core.cache import cache

from dam.alive import broker
from dam.celery import app
from dam.doctor import Check, Finding, ok, problem, warning
from media_library.tasks import BEAT_SEEN

ANSWER_SECONDS = 3
SILENT = 180  # seconds without a periodic job
# Who listens to which queue, and what waits meanwhile.
QUEUES = {
    "queries": ("media", "searches by an uploaded picture fail"),
    "media": ("media", "uploads stay without thumbnails"),
    "webhooks": ("media", "messages are not sent"),
    "index": ("index", "new pictures are not found"),
    "clusters": ("clusters", "groups are not brought up to date"),
    "jobs": ("jobs", "imports and exports wait"),
}
START = {
    "media": "celery -A dam worker -n media@%h -Q queries,webhooks,media",
    "index": "celery -A dam worker -n index@%h -Q index -P solo",
    "clusters": "celery -A dam worker -n clusters@%h -Q clusters -P solo",
    "jobs": "celery -A dam worker -n jobs@%h -Q jobs -P threads -c 3",
}


def redis_answers() -> Iterator[Finding]:
    try:
        info = broker().info()
    except redis.RedisError as error:
        yield problem("redis", f"Redis does not answer: {error}", "Start it, and see that REDIS_URL names it.")
        return
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if int(info.get("maxmemory", 0)) and policy != "noeviction":
        sentence = f"Redis removes keys when its memory is full ({policy}), which may be waiting jobs."
        yield problem("redis", sentence, "Set maxmemory-policy to noeviction, or give it more memory.")
    else:
        yield ok("redis", f"Redis {info['redis_version']} answers, {info['used_memory_human']} used.")


def queues() -> Iterator[Finding]:
    """A worker without processes of its own answers between two tasks only; that one is held is seen in the broker."""
    heard = listening()
    client = broker()
    held = in_hand(client)
    for queue, (worker, meanwhile) in QUEUES.items():
        name, waiting = f"queue {queue}", client.llen(queue)
        if queue in heard:
            yield ok(name, f"{', '.join(sorted(heard[queue]))} listens; {waiting} waiting.")
        elif queue in held:
            sentence = f"Its worker does not answer: it is in the midst of a task, or died in it. {waiting} waiting."
            yield warning(name, sentence, f"If that stays so, see its log, and start it again: {START[worker]}")
        else:
            yield problem(name, f"No worker listens: {meanwhile}. {waiting} waiting.", f"Start it: {START[worker]}")


def listening() -> dict[str, set[str]]:
    """Queue -> the workers that say they listen to it."""
    heard: dict[str, set[str]] = defaultdict(set)
    answers = app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
    for worker, queues in answers.items():
        for queue in queues:
            heard[queue["name"]].add(worker)
    return heard


def in_hand(client: redis.Redis) -> set[str]:
    """Queues of which a worker has taken a message and not finished with it."""
    return {json.loads(held)[2] for held in client.hvals("unacked")}


def beat() -> Iterator[Finding]:
    seen = cache.get(BEAT_SEEN)
    advice = "Start it, once in all: celery -A dam beat. What crashes leave behind is taken up by periodic jobs only."
    if seen is None and (age := redis_age()) < SILENT:
        yield ok("beat", f"No periodic job has run in the {age} s since Redis was started: nothing is due yet.")
    elif seen is None:
        yield problem("beat", "No periodic job has run since Redis was started or emptied.", advice)
    elif (ago := time.time() - seen) > SILENT:
        yield problem("beat", f"The last periodic job ran {ago / 60:.0f} minutes ago.", advice)
    else:
        yield ok("beat", f"The last periodic job ran {max(0, ago):.0f} s ago.")


def redis_age() -> int:
    """Seconds since it was started."""
    return int(broker().info("server")["uptime_in_seconds"])


CHECKS = [
    Check("redis", redis_answers),
    Check("queues", queues, ("redis",)),
    Check("beat", beat, ("redis",)),
]
