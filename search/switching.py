"""From one model to another without a gap: build it beside the active one, switch when it is complete, switch back.

Search answers from the active model all along. A switch is one transaction; a search that is under way, and the pages
of a ranking that was begun, end under the model that they began with.
"""

import logging
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dam.errors import AppError
from media_library.models import User
from search import indexing, region_indexing, vector_index
from search.embedders import sources
from search.models import EmbeddingModel, IndexEntry

logger = logging.getLogger(__name__)

State = EmbeddingModel.State


class NotReady(AppError):
    """The model is not complete yet; switching to it would hide pictures."""

    code = "model_not_ready"
    status = 409


class WrongState(AppError):
    code = "model_state"
    status = 409


def may_switch_models(user: User | AnonymousUser) -> bool:
    """Administrators: superusers, and staff with the right to change models."""
    return user.is_staff and user.has_perm("search.change_embeddingmodel")


@dataclass(frozen=True)
class Gap:
    """What keeps a model from answering as completely as the active one."""

    waiting: int  # ready pictures that have not been tried under it
    failed: int
    lost: int  # of the failed, those that the active model finds
    regions: int  # that have not been tried under it
    has_vectors: bool
    has_index: bool

    @property
    def is_complete(self) -> bool:
        """Whether everything that is ready is indexed or failed."""
        return self.waiting == 0 and self.regions == 0 and self.has_vectors

    def obstacles(self) -> list[str]:
        """Why not to switch yet, as sentences; empty when nothing speaks against it."""
        found = []
        if not self.has_vectors:
            found.append(_("No picture is indexed under it."))
        if self.waiting:
            text = ngettext(
                "%(count)s picture is not indexed under it yet.",
                "%(count)s pictures are not indexed under it yet.",
                self.waiting,
            )
            found.append(text % {"count": self.waiting})
        if self.regions:
            text = ngettext(
                "%(count)s region is not indexed under it yet.",
                "%(count)s regions are not indexed under it yet.",
                self.regions,
            )
            found.append(text % {"count": self.regions})
        if not self.has_index:
            found.append(
                _("Its vector index is not built yet; that follows by itself, minutes after the last picture.")
            )
        return found

    def losses(self) -> str:
        """What would not be found after a switch now, as a sentence; empty when nothing."""
        if not (self.waiting or self.lost):
            return ""
        return _("Not found after the switch: %(waiting)s not indexed yet, %(lost)s that could not be indexed.") % {
            "waiting": self.waiting,
            "lost": self.lost,
        }


def gap(model: EmbeddingModel) -> Gap:
    entries = IndexEntry.objects.filter(model=model)
    waiting = entries.filter(state__in=[IndexEntry.State.PENDING, IndexEntry.State.RUNNING]).count()
    failed = entries.filter(state=IndexEntry.State.FAILED)
    found = IndexEntry.objects.filter(
        asset=OuterRef("asset"), model__state=State.ACTIVE, state=IndexEntry.State.DONE
    ).exclude(model=model)
    return Gap(
        waiting=waiting + indexing.never_entered(model).count(),
        failed=failed.count(),
        lost=failed.filter(Exists(found)).count(),
        regions=region_indexing.waiting(model),
        has_vectors=model.embeddings.exists(),
        has_index=vector_index.vectors_in_index(model) is not None,
    )


def build(model: EmbeddingModel, *, takes_over: bool = False) -> None:
    """Have the model built beside the active one, or caught up. With `takes_over` it is switched to when complete."""
    changeable = EmbeddingModel.objects.filter(pk=model.pk, state__in=[State.BUILDING, State.RETIRED])
    if not changeable.update(state=State.BUILDING, takes_over=takes_over):
        model.refresh_from_db()
        raise WrongState(_("%(model)s is %(state)s.") % {"model": model, "state": model.get_state_display().lower()})
    model.refresh_from_db()
    have_indexed(model)


def have_indexed(model: EmbeddingModel) -> None:
    """Enter all that has no vector under it, and wake the worker."""
    indexing.backfill(model)
    indexing.request_indexing()
    region_indexing.backfill(model)
    region_indexing.request_indexing()


def stop(model: EmbeddingModel) -> None:
    """Build no further. What there is is kept, to be built on or dropped."""
    EmbeddingModel.objects.building().filter(pk=model.pk).update(state=State.RETIRED, takes_over=False)


def switch(model: EmbeddingModel, *, force: bool = False) -> Gap:
    """Have the model answer from now on; the active one is retired, with all its vectors.

    Raises NotReady unless the model is complete and its index is there; with `force` what is missing is not found until
    it has been indexed. Raises ModelError where its weights are not on this machine.
    """
    sources.folder(model.source)
    missing = gap(model)
    if not force and (obstacles := missing.obstacles()):
        raise NotReady(_("%(model)s is not ready.") % {"model": model} + " " + " ".join(obstacles))
    with transaction.atomic():
        rows = EmbeddingModel.objects.select_for_update().order_by("pk").in_bulk()
        if model.pk not in rows or rows[model.pk].state == State.DROPPING:
            raise WrongState(_("%(model)s has been dropped.") % {"model": model})
        EmbeddingModel.objects.filter(state=State.ACTIVE).exclude(pk=model.pk).update(state=State.RETIRED)
        EmbeddingModel.objects.filter(pk=model.pk).update(state=State.ACTIVE, takes_over=False)
    model.refresh_from_db()
    logger.warning("%s answers now.%s", model, f" {missing.losses()}".rstrip())
    if missing.waiting or missing.regions:
        have_indexed(model)
    return missing


def follow(model: EmbeddingModel) -> None:
    """DAM_MODEL, or what stands in for it, names `model` at this start.

    Only a change counts: what an administrator has switched to since stays. At once where nothing is lost by it.
    """
    changed = not model.configured
    others = EmbeddingModel.objects.exclude(pk=model.pk)
    others.building().filter(configured=True).update(state=State.RETIRED, takes_over=False)
    if model.state != State.ACTIVE:
        if nothing_to_lose(EmbeddingModel.active()):
            switch(model, force=True)
        elif changed or model.state == State.BUILDING:
            build(model, takes_over=settings.MODEL_SWITCH == "auto")
            take_over(model)  # at once if it only comes back
    others.update(configured=False)  # last: a start that was interrupted is a change for the next one, too
    EmbeddingModel.objects.filter(pk=model.pk).update(configured=True)
    model.refresh_from_db()


def nothing_to_lose(active: EmbeddingModel | None) -> bool:
    """Whether the active model finds nothing: it holds no vectors, or its weights have gone."""
    return active is None or not active.embeddings.exists() or not sources.on_disk(active.source)


def take_over(model: EmbeddingModel) -> bool:
    """Switch to a model that was built for that, if it is complete, its index is there, and no picture is lost."""
    if not model.takes_over or open_entries(model):
        return False
    missing = gap(model)
    if missing.obstacles() or missing.lost:
        return False
    switch(model)
    return True


def open_entries(model: EmbeddingModel) -> bool:
    waiting = [IndexEntry.State.PENDING, IndexEntry.State.RUNNING]
    return IndexEntry.objects.filter(model=model, state__in=waiting).exists()


def advance() -> None:
    """Every minute: what has been built, or answers without, gets its indexes; what has them takes over if it is to.

    In between the web processes load it (`activation.keep_loaded`).
    """
    from search import tasks

    for model in EmbeddingModel.objects.indexed():
        if vector_index.are_complete(model):
            take_over(model)
        elif model.state == State.ACTIVE or (not open_entries(model) and gap(model).is_complete):
            tasks.build_vector_index.delay(model.pk)
