"""Celery tasks of search. Each makes one domain call."""

from typing import Any

from celery import shared_task

from dam import replica
from search import anchors, dropping, indexing, outliers, readiness, recall, region_indexing, switching, vector_index
from search.clusters import sweeping
from search.duplicates import finding
from search.models import EmbeddingModel

HOURS = 6 * 3600  # what only waits for the database


@shared_task(time_limit=3600, soft_time_limit=3500)
def index_pending() -> None:
    if indexing.index_pending():
        replica.note_indexed()
        readiness.note()
        finding.request()


@shared_task
def sweep_index() -> None:
    indexing.sweep()


@shared_task(time_limit=3600, soft_time_limit=3500)
def index_regions() -> None:
    region_indexing.index_pending()


@shared_task
def sweep_regions() -> None:
    region_indexing.sweep()


@shared_task
def sweep_clusters() -> None:
    sweeping.sweep()


@shared_task(time_limit=600, soft_time_limit=540)
def find_duplicates() -> None:
    finding.find_pending()


@shared_task
def sweep_duplicates() -> None:
    finding.sweep()


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


@shared_task(time_limit=3600, soft_time_limit=3500)
def measure_recall(model_id: int | None = None) -> None:
    """Of the active model, or of another."""
    model = EmbeddingModel.objects.filter(pk=model_id).first() if model_id else EmbeddingModel.active()
    if model:
        recall.measure(model)


@shared_task(time_limit=4 * 3600, soft_time_limit=4 * 3600 - 60)
def rebuild_index(model_id: int) -> None:
    vector_index.rebuild_indexes(EmbeddingModel.objects.get(pk=model_id))


@shared_task(ignore_result=False, soft_time_limit=15, time_limit=20)
def decode_query_image(upload: str, box: dict[str, float] | None) -> dict[str, Any]:
    """In the media worker, where untrusted pictures are decoded; a person is waiting for the answer."""
    return anchors.decode(upload, box)


@shared_task(ignore_result=False, soft_time_limit=15, time_limit=20)
def read_anchor(anchor_id: str) -> None:
    """The same, for somebody who may come back for it."""
    anchors.read(anchor_id)


@shared_task(soft_time_limit=80, time_limit=110)
def update_outliers() -> None:
    outliers.update(seconds=45)
