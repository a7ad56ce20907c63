"""How the library is doing, in figures: of PostgreSQL and Redis, so that any process can tell them.

Quick at a million assets: what is counted is what waits or has failed, over partial indexes, and the rest is what was
measured at night. Kept for some seconds, because several people may look at once.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.core.cache import cache
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from dam import alive
from dam.backup import last
from dam.console import failures
from dam.console.failures import Failure
from media_library import storage_use
from media_library.models import Asset, Delivery, FileSweep, Job, Version
from media_library.tasks import BEAT_SEEN
from search import build_progress, vector_index
from search.build_progress import BuildProgress
from search.models import EmbeddingModel, RecallMeasurement

KEY, KEPT_SECONDS = "console-state:1", 10
QUEUES = ("queries", "webhooks", "media", "index", "clusters", "jobs")
RECENT_JOBS = timedelta(days=1)


@dataclass(frozen=True)
class Model:
    pk: int
    name: str
    state: str
    progress: BuildProgress
    complete: bool  # whether it has all its indexes
    recall: list[tuple[str, str, float]]  # kind, scope, share: of the last measurement
    recall_at: datetime | None


@dataclass(frozen=True)
class Queue:
    name: str
    depth: int
    workers: int  # that live


@dataclass(frozen=True)
class Storage:
    """Bytes, as they were measured last."""

    library: str
    slug: str
    assets: int
    originals: int
    versions: int
    renditions: int
    grown: int  # within a month
    measured_at: datetime

    @property
    def bytes(self) -> int:
        return self.originals + self.versions + self.renditions


@dataclass(frozen=True)
class State:
    at: datetime
    models: list[Model]
    waiting: dict[str, int]  # records: renditions, versions, deliveries
    jobs: dict[str, int]  # unfinished ones, and those that ended within a day, by state
    failures: list[Failure]
    storage: list[Storage]
    invalid: list[str]  # indexes of the database
    connections: dict[str, int]  # by state
    most_connections: int
    swept: FileSweep | None
    backup: dict[str, Any] | None
    redis: bool  # whether it answers; else what follows is empty
    queues: list[Queue]
    workers: list[alive.Worker]
    beat: float | None  # when a periodic job last ran, in seconds since 1970


def current() -> State:
    """As it was at most KEPT_SECONDS ago."""
    try:
        kept: State | None = cache.get(KEY)
    except redis.RedisError:
        return gather()
    if kept is None:
        kept = gather()
        cache.set(KEY, kept, KEPT_SECONDS)
    return kept


def forget() -> None:
    """After something was changed by hand."""
    cache.delete(KEY)


def gather() -> State:
    found, (connections, most) = of_redis(), connected()
    return State(
        at=timezone.now(),
        models=[of_model(model) for model in EmbeddingModel.objects.kept().order_by("state", "pk")],
        waiting=waiting(),
        jobs=jobs(),
        failures=failures.found(),
        storage=storage(),
        invalid=invalid_indexes(),
        connections=connections,
        most_connections=most,
        swept=FileSweep.objects.first(),
        backup=last.read(),
        **found,
    )


def of_model(model: EmbeddingModel) -> Model:
    newest = RecallMeasurement.objects.filter(model=model).order_by("-measured_at").first()
    measured: Any = []
    if newest:
        measured = RecallMeasurement.objects.filter(
            model=model, measured_at__gte=newest.measured_at - timedelta(minutes=10), library=newest.library
        )
    return Model(
        pk=model.pk,
        name=model.name,
        state=model.state,
        progress=build_progress.of_model(model),
        complete=vector_index.are_complete(model),
        recall=[(each.kind, each.scope, each.recall) for each in measured],
        recall_at=newest.measured_at if newest else None,
    )


def waiting() -> dict[str, int]:
    return {
        "renditions": Asset.objects.filter(state=Asset.State.PROCESSING).count(),
        "versions": Version.objects.filter(state=Version.State.PROCESSING).count(),
        "deliveries": Delivery.objects.filter(state=Delivery.State.PENDING).count(),
    }


def jobs() -> dict[str, int]:
    since = timezone.now() - RECENT_JOBS
    open_ = Job.objects.filter(state__in=[*Job.ACTIVE, Job.State.PAUSED])
    ended = Job.objects.filter(finished_at__gte=since).exclude(state__in=[*Job.ACTIVE, Job.State.PAUSED])
    found: Counter[str] = Counter(dict.fromkeys(Job.State.values, 0))
    for rows in (open_, ended):
        found.update(dict(rows.order_by().values_list("state").annotate(number=Count("pk"))))
    return dict(found)


def storage() -> list[Storage]:
    before = storage_use.before()
    return [
        Storage(
            library=use.library.name,
            slug=use.library.slug,
            assets=use.assets,
            originals=use.originals,
            versions=use.versions,
            renditions=use.renditions,
            grown=use.bytes - before.get(pk, use.bytes),
            measured_at=use.measured_at,
        )
        for pk, use in sorted(storage_use.latest().items(), key=lambda each: -each[1].bytes)
    ]


def invalid_indexes() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class JOIN pg_index ON indexrelid = oid WHERE NOT indisvalid")
        return [name for (name,) in cursor.fetchall()]


def connected() -> tuple[dict[str, int], int]:
    """Connections of everybody to this database by state, and how many there may be."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() GROUP BY 1"
        )
        by_state = dict(cursor.fetchall())
        cursor.execute("SHOW max_connections")
        return by_state, int(cursor.fetchone()[0])


def of_redis() -> dict[str, Any]:
    try:
        workers, client = alive.workers(), alive.broker()
        listening = Counter(queue for worker in workers if worker.lives for queue in worker.queues)
        queues = [Queue(name, int(client.llen(name)), listening[name]) for name in QUEUES]
        return {"redis": True, "queues": queues, "workers": workers, "beat": cache.get(BEAT_SEEN)}
    except redis.RedisError:
        return {"redis": False, "queues": [], "workers": [], "beat": None}
