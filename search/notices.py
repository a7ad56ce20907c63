"""What people are told about the model that answers."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext as _

from media_library.models import User
from search import build_progress, indexing, recall
from search.embedders import attempts, sources
from search.models import EmbeddingModel
from search.switching import may_switch_models


@dataclass(frozen=True)
class Notice:
    title: str
    sentence: str
    url: str = ""  # where something can be done about it


def model_notice() -> Notice | None:
    """While the compact offline model answers: what it is good and bad at, why it answers, what changes it."""
    model = EmbeddingModel.active()
    if model is None or not sources.is_offline(model.source):
        return None
    return Notice(_("The compact offline model answers"), f"{_abilities()} {_reason()} {_remedy()}")


def recall_notice() -> Notice | None:
    """For administrators: where the last measurement found that searches miss too much, and what helps."""
    model = EmbeddingModel.active()
    low = recall.too_low(recall.latest(model)) if model else []
    if not low:
        return None
    worst = min(low, key=lambda measured: measured.recall)
    return Notice(
        _("Searches miss pictures"),
        _(
            "Of the %(k)s nearest pictures only %(share)s %% were found by searches by %(kind)s in a scope of "
            "%(assets)s (%(scope)s). Rebuild the index of the model in the administration."
        )
        % {
            "k": worst.k,
            "share": round(100 * worst.recall),
            "kind": worst.get_kind_display(),
            "assets": worst.assets,
            "scope": worst.scope,
        },
    )


def build_notice(user: User | AnonymousUser) -> Notice | None:
    """For those who may switch models: what is being built beside the active one, and how long that will take."""
    if not may_switch_models(user) or (model := EmbeddingModel.objects.building().first()) is None:
        return None
    names = {"model": model.name, "active": indexing.model_name()}
    progress = build_progress.of_model(model)
    title = _("%(model)s has been built beside %(active)s") % names
    if progress.pending or not progress.total:
        title = _("%(model)s is being built beside %(active)s") % names
        sentence = f"{progress.spoken}."
    elif model.takes_over:
        sentence = _("It is complete, and answers in a moment.")
    else:
        sentence = _("It is complete: compare the two, and switch.")
    return Notice(title, sentence, reverse("admin:search_embeddingmodel_changelist"))


def _abilities() -> str:
    return _(
        "It finds common things, colours and simple shapes by their names, and pictures that look alike; it is weak "
        "at people, places, fine distinctions, writing in pictures, and descriptions with several parts."
    )


def _reason() -> str:
    if settings.MODEL == sources.OFFLINE:
        return _("It was chosen by the setting DAM_MODEL.")
    names = {"model": settings.MODEL}
    if failed := attempts.last(settings.MODEL):
        return _("The weights of %(model)s could not be downloaded: %(reason)s.") % (names | {"reason": failed.reason})
    chosen = EmbeddingModel.objects.filter(configured=True).first()
    if chosen is None or sources.is_offline(chosen.source):
        return _("%(model)s, which DAM_MODEL names, is not set up yet.") % names
    if chosen.state == EmbeddingModel.State.BUILDING:
        return _("%(model)s, which DAM_MODEL names, is being prepared.") % names
    return _("An administrator switched to it from %(model)s, which DAM_MODEL names.") % names


def _remedy() -> str:
    if settings.MODEL == sources.OFFLINE:
        return _("Set DAM_MODEL to use another model.")
    if attempts.last(settings.MODEL) is None:
        return ""
    return _(
        "A start tries again after a day, `manage.py setup_model --retry` at once; DAM_MODEL can also name a folder "
        "on this machine that holds a model."
    )
