"""Dropping a model: everything that was made with it goes, in batches, and nothing of it answers meanwhile.

What goes is every row that refers to the model by a foreign key: with CASCADE it is deleted, with SET_NULL it loses the
model and its vector. A table of per-model data needs no more than that key.
"""

import logging
from datetime import timedelta
from itertools import islice

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pgvector.django import HalfVectorField

from search import vector_index
from search.locks import upkeep
from search.models import EmbeddingModel
from search.switching import WrongState

logger = logging.getLogger(__name__)

BATCH = 5000
GRACE = timedelta(seconds=150)  # longer than any request may take: searches that began under the model have ended

State = EmbeddingModel.State


def drop(model: EmbeddingModel) -> None:
    """Put the model out of use; its rows follow after GRACE. Raises WrongState where it is the active one."""
    with transaction.atomic():
        model = EmbeddingModel.objects.select_for_update().get(pk=model.pk)
        if model.state == State.ACTIVE:
            raise WrongState(_("%(model)s answers. Switch to another model first.") % {"model": model})
        if model.state != State.DROPPING:
            model.state, model.dropped_at = State.DROPPING, timezone.now()
            model.takes_over = model.configured = False
            model.save(update_fields=["state", "dropped_at", "takes_over", "configured"])


def resume() -> None:
    """Every minute: have removed what is due, also what a killed worker left half removed."""
    from search import tasks

    for model in EmbeddingModel.objects.filter(state=State.DROPPING, dropped_at__lte=timezone.now() - GRACE):
        tasks.remove_dropped.delay(model.pk)


def remove(model: EmbeddingModel) -> None:
    """Remove a dropped model's index, then its rows, then itself. May be stopped and begun again at any time."""
    with upkeep(model) as held:
        if not held or not EmbeddingModel.objects.filter(pk=model.pk, state=State.DROPPING).exists():
            return
        vector_index.drop_indexes(model)  # first: deleting from an HNSW index costs as much as adding to it
        for relation in EmbeddingModel._meta.related_objects:
            clear(relation, model)
        model.delete()
    logger.info("%s and all that was made with it have been removed.", model)


def clear(relation: models.ForeignObjectRel, model: EmbeddingModel) -> None:
    """Delete the rows that belong to the model, or take model and vector out of them where they outlive it."""
    rows = relation.related_model._base_manager
    name = relation.field.name
    ids = rows.filter(**{name: model}).values_list("pk", flat=True).iterator(chunk_size=BATCH)
    while batch := list(islice(ids, BATCH)):
        if relation.on_delete is models.CASCADE:
            rows.filter(pk__in=batch).delete()
        else:
            fields = relation.related_model._meta.concrete_fields
            vectors = [field.name for field in fields if isinstance(field, HalfVectorField)]
            rows.filter(pk__in=batch, **{name: model}).update(**dict.fromkeys([name, *vectors]))
