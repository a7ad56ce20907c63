"""Celery tasks of search. Each makes one domain call."""

from typing import Any

from celery import shared_task

from search import anchors, indexing
from search.duplicates import finding


@shared_task(time_limit=3600, soft_time_limit=3500)
def index_pending() -> None:
    if indexing.index_pending():
        finding.request()


@shared_task
def sweep_index() -> None:
    indexing.sweep()


@shared_task(time_limit=600, soft_time_limit=540)
def find_duplicates() -> None:
    finding.find_pending()


@shared_task
def sweep_duplicates() -> None:
    finding.sweep()


@shared_task
def delete_expired_anchors() -> None:
    anchors.delete_expired()


@shared_task(ignore_result=False, soft_time_limit=15, time_limit=20)
def decode_query_image(upload: str, box: dict[str, float] | None) -> dict[str, Any]:
    """In the media worker, where untrusted pictures are decoded; a person is waiting for the answer."""
    return anchors.decode(upload, box)
