"""Celery tasks of search. Each makes one domain call."""

from typing import Any

from celery import shared_task

from search import anchors, dropping, indexing, switching
from search.models import EmbeddingModel

HOURS = 6 * 3600  # what only waits for the database


@shared_task(time_limit=3600, soft_time_limit=3500)
def index_pending() -> None:
    indexing.index_pending()


@shared_task
def sweep_index() -> None:
    indexing.sweep()


@shared_task
def advance_models() -> None:
    switching.advance()
    dropping.resume()


@shared_task(soft_time_limit=HOURS, time_limit=HOURS + 60)
def build_vector_index(model_id: int) -> None:
    for model in EmbeddingModel.objects.indexed().filter(pk=model_id):
        indexing.ensure_index(model)


@shared_task(soft_time_limit=HOURS, time_limit=HOURS + 60)
def remove_dropped(model_id: int) -> None:
    for model in EmbeddingModel.objects.filter(pk=model_id):
        dropping.remove(model)


@shared_task
def delete_expired_anchors() -> None:
    anchors.delete_expired()


@shared_task(ignore_result=False, soft_time_limit=15, time_limit=20)
def decode_query_image(upload: str, box: dict[str, float] | None) -> dict[str, Any]:
    """In the media worker, where untrusted pictures are decoded; a person is waiting for the answer."""
    return anchors.decode(upload, box)
