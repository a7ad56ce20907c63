"""`/metrics`, in Prometheus' text format: what processes have counted, and how the library is doing."""

import logging
import shutil
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from dam import metrics
from dam.console import state
from dam.console.state import State
from dam.metrics.names import BUCKETS, COUNTERS, GAUGES, HISTOGRAMS

logger = logging.getLogger(__name__)


@require_safe
@never_cache
def view(request: HttpRequest) -> HttpResponse:
    """For who sends DAM_METRICS_TOKEN as a bearer token, and for superusers. Without that setting, or without either,
    there is nothing here."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = settings.METRICS_TOKEN
    if not token or not (constant_time_compare(sent, token) or request.user.is_superuser):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Told())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Told(Collector):
    """All families, also those without a value yet. What cannot be read is left out, and `dam_up` says so."""

    def collect(self) -> Iterator[Metric]:
        up: dict[str, float] = {}
        yield from counted(up)
        families = {name: GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in GAUGES.items()}
        try:
            for name, labels, value in gauges(state.current()):
                families[name].add_metric(labels, value)
            up["database"] = 1
        except DatabaseError:
            logger.exception("Figures of the database cannot be told.")
            up["database"] = 0
        for part, value in up.items():
            families["dam_up"].add_metric((part,), value)
        yield from families.values()


def counted(up: dict[str, float]) -> Iterator[Metric]:
    try:
        kept, up["redis"] = metrics.kept(), 1
    except RedisError:
        kept, up["redis"] = {}, 0
    for name, (text, labels) in COUNTERS.items():
        counter = CounterMetricFamily(name, text, labels=labels)
        for (its, values), told in kept.items():
            if its == name:
                counter.add_metric(values, told["count"])
        yield counter
    for name, (text, labels) in HISTOGRAMS.items():
        histogram = HistogramMetricFamily(name, text, labels=labels)
        for (its, values), told in kept.items():
            if its == name and len(values) == len(labels):
                histogram.add_metric(values, cumulated(told), told.get("sum", 0.0))
        yield histogram


def cumulated(told: dict[str, float]) -> list[tuple[str, float]]:
    """(upper bound, how many are not above it), as Prometheus wants it."""
    found, so_far = [], 0.0
    for number, bound in enumerate([*map(str, BUCKETS), "+Inf"]):
        so_far += told.get(str(number), 0.0)
        found.append((bound, so_far))
    return found


def gauges(now: State) -> Iterator[tuple[str, tuple[str, ...], float]]:
    for part in (of_models, of_work, of_places):
        yield from part(now)


def of_models(now: State) -> Iterator[tuple[str, tuple[str, ...], float]]:
    for model in now.models:
        progress = model.progress
        for standing, number in (("found", progress.done), ("waiting", progress.pending), ("failed", progress.failed)):
            yield "dam_index_assets", (model.name, standing), number
        yield "dam_index_per_second", (model.name,), progress.per_second
        yield "dam_index_complete", (model.name,), model.complete
        for kind, scope, share in model.recall:
            yield "dam_recall", (model.name, kind, scope), share
        if model.recall_at:
            yield "dam_recall_measured_timestamp_seconds", (model.name,), model.recall_at.timestamp()
    for failure in now.failures:
        yield "dam_failures", (failure.what, failure.reason), failure.number


def of_work(now: State) -> Iterator[tuple[str, tuple[str, ...], float]]:
    for queue in now.queues:
        yield "dam_queue_depth", (queue.name,), queue.depth
        yield "dam_queue_workers", (queue.name,), queue.workers
    for what, number in now.waiting.items():
        yield "dam_waiting", (what,), number
    for standing, number in now.jobs.items():
        yield "dam_jobs", (standing,), number
    if now.beat:
        yield "dam_beat_timestamp_seconds", (), now.beat


def of_places(now: State) -> Iterator[tuple[str, tuple[str, ...], float]]:
    for use in now.storage:
        for kind in ("originals", "versions", "renditions"):
            yield "dam_storage_bytes", (use.slug, kind), getattr(use, kind)
    if not settings.S3_BUCKET:
        yield "dam_disk_free_bytes", (), shutil.disk_usage(settings.DATA_DIR).free
    yield "dam_invalid_indexes", (), len(now.invalid)
    for standing, number in now.connections.items():
        yield "dam_db_connections", (standing,), number
    yield "dam_db_connections_limit", (), now.most_connections
    made: Any = now.backup and now.backup["made_at"]
    if made:
        yield "dam_backup_timestamp_seconds", (), made.timestamp()
