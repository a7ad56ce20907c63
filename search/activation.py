"""From DAM_MODEL to the model that answers: find or fetch the weights, then make its row the active one."""

import contextlib
import fcntl
import logging
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from search import embedders, indexing
from search.embedders import attempts, engines, offline, sources
from search.embedders.checkpoints import Checkpoint
from search.models import EmbeddingModel
from search.notices import model_notice

logger = logging.getLogger(__name__)


def activate(*, retry: bool = False, export: bool = False) -> EmbeddingModel:
    """Makes the model that DAM_MODEL names the active one, or the offline model where its weights cannot be had.

    `retry` tries the hub again though it could not be reached within the last day; `export` exports the model again for
    ONNX Runtime. Raises an AppError where DAM_MODEL
    names nothing usable; then nothing has changed.
    """
    with _one_at_a_time():
        source = available_source(retry=retry)
        engines.prepare(source, again=export)
        model = _row(source)
        _switch_to(model)
    indexing.ensure_index(model)
    indexing.backfill(model)
    if notice := model_notice():
        logger.warning("%s: %s", notice.title, notice.sentence)
    return model


def preload_active() -> None:
    """Loads the active model, so that the first search does not wait. A failure is logged; searches repeat it."""
    model = EmbeddingModel.active()
    connection.close()  # this thread ends here; its connection goes back to the pool
    if model:
        embedders.preload(model.source)


def available_source(*, retry: bool = False) -> str:
    """The source to use now, its weights on this disk. Downloads them if that is possible."""
    wanted = sources.resolve(settings.MODEL)
    if sources.on_disk(wanted):
        attempts.forget()
        return wanted
    if sources.is_offline(wanted):
        sources.folder(wanted)  # raises what is missing
    failed = attempts.last(settings.MODEL)
    if (failed is None or not failed.is_recent or retry) and _fetched(wanted):
        return wanted
    return _offline()


def _fetched(source: str) -> bool:
    from search.embedders import hub, reach

    logger.info("Fetching the weights of %s.", source)
    try:
        hub.fetch(source, sources.place(source))
    except reach.HubUnreachable as error:
        attempts.record(settings.MODEL, str(error.message))
        return False
    attempts.forget()
    return True


def _offline() -> str:
    source = offline.source()
    sources.folder(source)
    return source


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Several processes that start together download once."""
    folder = Path(settings.MODEL_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".setup.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _row(source: str) -> EmbeddingModel:
    """The model's row. A model that is new here is loaded once first, so that a broken one never becomes active."""
    precision = engines.engine(source, images_only=True).precision
    if (model := EmbeddingModel.objects.filter(source=source).first()) is not None:
        if model.precision != precision:
            model.precision = precision
            model.save(update_fields=["precision"])
        return model
    checkpoint = Checkpoint.open(sources.folder(source))
    embedders.get_embedder(source)
    embedders.reset()
    defaults = {
        "name": display_name(source),
        "dimensions": checkpoint.dimensions,
        "prompt_template": checkpoint.prompt_template,
        "precision": precision,
    }
    return EmbeddingModel.objects.get_or_create(source=source, defaults=defaults)[0]


@transaction.atomic
def _switch_to(model: EmbeddingModel) -> None:
    active = EmbeddingModel.objects.select_for_update().filter(state=EmbeddingModel.State.ACTIVE)
    active.exclude(pk=model.pk).update(state=EmbeddingModel.State.RETIRED)
    model.state = EmbeddingModel.State.ACTIVE
    model.save(update_fields=["state"])


def display_name(source: str) -> str:
    if sources.is_offline(source):
        return _("Compact offline model")
    if sources.is_folder(source):
        return sources.folder(source).name[:100]
    return source.removeprefix(sources.HUB_PREFIX)[:100]
