"""Celery tasks of the media worker. Each loads by id and makes one domain call."""

from billiard import current_process
from celery import shared_task
from celery.signals import worker_process_init
from django.conf import settings

from media_library.limits import limit_memory


@worker_process_init.connect
def limit_worker(**kwargs: object) -> None:
    """Prefork children decode untrusted originals. A worker without children (the index worker, which holds a model
    larger than that) sends this signal in its main process, and is not limited."""
    if current_process().name != "MainProcess":
        limit_memory(settings.WORKER_MEMORY_BYTES)


@shared_task(soft_time_limit=60, time_limit=75)
def make_renditions(asset_id: str) -> None:
    from media_library import processing

    processing.make_renditions(asset_id)


@shared_task
def requeue_stale_assets() -> None:
    from media_library import processing

    for asset_id in processing.stale_asset_ids():
        make_renditions.delay(str(asset_id))


@shared_task(soft_time_limit=60, time_limit=75)
def add_missing_facts() -> None:
    """Half of every minute at most, so that uploads never wait long behind an old library."""
    from media_library import missing_facts

    missing_facts.add(seconds=30)


@shared_task
def sweep_words() -> None:
    from media_library import words

    words.follow_languages()
