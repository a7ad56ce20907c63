"""From the name of a model to one that answers or is being built: find or fetch its weights, and make its row."""

import contextlib
import fcntl
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from search import embedders, indexing, switching, vector_index
from search.embedders import attempts, engines, offline, sources
from search.embedders.checkpoints import Checkpoint, ModelError
from search.embedders.onnx import exports
from search.models import EmbeddingModel
from search.notices import model_notice

logger = logging.getLogger(__name__)

LOOK_SECONDS = 15  # well within the minute between a model being built and its being switched to


def activate(*, retry: bool = False, export: bool = False) -> EmbeddingModel:
    """Has the model that DAM_MODEL names answer, or the offline model where its weights cannot be had: at once where
    no picture is lost by that, otherwise by having it built beside the one that answers. Gives the model.

    `retry` tries the hub again though it could not be reached within the last day; `export` exports the model again for
    ONNX Runtime. Raises an AppError where DAM_MODEL names nothing usable; then nothing has changed.
    """
    with _one_at_a_time():
        try:
            source = available_source(retry=retry)
        except sources.UnknownModel as error:
            raise sources.UnknownModel(_("DAM_MODEL: %(reason)s") % {"reason": error.message}) from error
        engines.prepare(source, again=export)
        model = _row(source)
        switching.follow(model)
        exports.forget_offline(EmbeddingModel.objects.values_list("source", flat=True))
    for kept_up in EmbeddingModel.objects.indexed():
        if kept_up.state == EmbeddingModel.State.ACTIVE:
            indexing.ensure_index(kept_up)
        indexing.backfill(kept_up)
    if notice := model_notice():
        logger.warning("%s: %s", notice.title, notice.sentence)
    return model


def build(name: str) -> EmbeddingModel:
    """Has a model built beside the active one, whatever DAM_MODEL says; it answers when it is switched to.

    `name` is as in DAM_MODEL. Its weights are downloaded if need be. Raises AppError where they cannot be had.
    """
    from search.embedders import reach

    with _one_at_a_time():
        source = sources.resolve(name)
        if sources.is_offline(source) or sources.is_folder(source):
            sources.folder(source)  # raises what is missing
        elif not sources.on_disk(source):
            try:
                _fetch(source)
            except reach.HubUnreachable as error:
                sentence = _("The weights of %(model)s could not be downloaded: %(reason)s.")
                raise ModelError(sentence % {"model": source, "reason": error.message}) from error
        engines.prepare(source)
        model = _row(source)
    switching.build(model)
    return model


def keep_loaded() -> NoReturn:
    """In a thread of the web process, as long as that lives: whoever searches first does not wait for a model.

    That is the active one, and before it is switched to, once, a model that has been built. Where there is room for
    one model only, the active one is loaded again after that. A failure is logged; searches repeat it.
    """
    tried: set[str] = set()
    while True:
        for model in about_to_answer():
            once = model.state != EmbeddingModel.State.ACTIVE and model.source in tried
            if not (once or embedders.loaded(model.source) or embedders.failure(model.source)):
                embedders.preload(model.source).join()
            tried.add(model.source)
        connection.close()  # back to the pool
        time.sleep(LOOK_SECONDS)


def about_to_answer() -> list[EmbeddingModel]:
    """The models that have been built, and last the active one; none while the database does not answer."""
    try:
        models = list(EmbeddingModel.objects.indexed())
        return [
            model
            for model in reversed(models)
            if model.state == EmbeddingModel.State.ACTIVE or vector_index.vectors_in_index(model) is not None
        ]
    except DatabaseError as error:
        logger.warning("Which model answers could not be asked: %s", error)
        return []


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
    from search.embedders import reach

    try:
        _fetch(source)
    except reach.HubUnreachable as error:
        attempts.record(settings.MODEL, str(error.message))
        return False
    attempts.forget()
    return True


def _fetch(source: str) -> None:
    from search.embedders import hub

    logger.info("Fetching the weights of %s.", source)
    hub.fetch(source, sources.place(source))


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


def display_name(source: str) -> str:
    if sources.is_offline(source):
        return _("Compact offline model")
    if sources.is_folder(source):
        return sources.folder(source).name[:100]
    return source.removeprefix(sources.HUB_PREFIX)[:100]
