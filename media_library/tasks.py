"""Celery tasks of the media worker. Each loads by id and makes one domain call."""

import time
from uuid import UUID

from billiard import current_process
from celery import current_app, shared_task
from celery.signals import worker_process_init
from django.conf import settings
from django.core.cache import cache

from media_library.limits import limit_memory

BEAT_SEEN = "beat-seen"  # in the cache: when a periodic job last ran, in seconds since 1970


@worker_process_init.connect
def limit_worker(**kwargs: object) -> None:
    """Prefork children decode untrusted originals. A worker without children (the index worker, which holds a model
    larger than that) sends this signal in its main process, and is not limited."""
    if current_process().name != "MainProcess":
        limit_memory(settings.WORKER_MEMORY_BYTES)


@shared_task(soft_time_limit=65, time_limit=80)  # 60 seconds for the picture that is begun last
def render_pending() -> None:
    from media_library import processing

    processing.render_pending(seconds=5, interrupted=somebody_waits)


def somebody_waits() -> bool:
    """Whether a query's picture is to be decoded by this worker."""
    with current_app.connection_or_acquire() as connection:
        return bool(connection.default_channel.client.llen("queries"))


@shared_task
def sweep_renditions() -> None:
    from media_library import processing

    cache.set(BEAT_SEEN, time.time(), timeout=None)
    processing.sweep()


@shared_task(soft_time_limit=60, time_limit=75)
def add_missing_facts() -> None:
    """Half of every minute at most, so that uploads never wait long behind an old library."""
    from media_library import missing_facts

    missing_facts.add(seconds=30)


@shared_task
def forget_answers() -> None:
    from media_library.models import KeptAnswer

    KeptAnswer.objects.expired().delete()


@shared_task
def forget_sessions() -> None:
    from media_library.sessions import SessionStore

    SessionStore.clear_expired()


@shared_task
def forget_audit() -> None:
    from media_library import audit

    audit.forget()


@shared_task
def sweep_uploads() -> None:
    from media_library import resumable

    for upload_id in resumable.sweep():
        finish_upload.delay(str(upload_id))


@shared_task
def finish_upload(upload_id: str) -> None:
    from media_library import resumable

    resumable.finish(UUID(upload_id))


@shared_task(soft_time_limit=6 * 3600, time_limit=6 * 3600 + 60)
def sweep_files() -> None:
    from media_library import orphans

    orphans.sweep_and_tell()


@shared_task
def sweep_words() -> None:
    from media_library import words

    words.follow_languages()


@shared_task(soft_time_limit=540, time_limit=600)
def run_job(job_id: str) -> None:
    from media_library.jobs import running

    running.run(UUID(job_id))


@shared_task
def sweep_jobs() -> None:
    from media_library.jobs import running

    running.sweep()


@shared_task(soft_time_limit=540, time_limit=600)
def watch_sources() -> None:
    from media_library.imports import watching

    watching.look()


@shared_task
def send_deliveries() -> None:
    from media_library import deliveries

    deliveries.send_due()


@shared_task
def sweep_deliveries() -> None:
    from media_library import deliveries

    deliveries.sweep()


@shared_task(soft_time_limit=1800, time_limit=1860)
def measure_storage() -> None:
    from media_library import storage_use

    storage_use.measure()
