"""What people are told about the model that answers."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from search import recall
from search.embedders import attempts, sources
from search.models import EmbeddingModel


@dataclass(frozen=True)
class Notice:
    title: str
    sentence: str


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


def _abilities() -> str:
    return _(
        "It finds common things, colours and simple shapes by their names, and pictures that look alike; it is weak "
        "at people, places, fine distinctions, writing in pictures, and descriptions with several parts."
    )


def _reason() -> str:
    if settings.MODEL == sources.OFFLINE:
        return _("It was chosen by the setting DAM_MODEL.")
    failed = attempts.last(settings.MODEL)
    if failed is None:
        return _("%(model)s, which DAM_MODEL names, is not set up yet.") % {"model": settings.MODEL}
    return _("The weights of %(model)s could not be downloaded: %(reason)s.") % {
        "model": settings.MODEL,
        "reason": failed.reason,
    }


def _remedy() -> str:
    if settings.MODEL == sources.OFFLINE:
        return _("Set DAM_MODEL to use another model.")
    return _(
        "A start tries again after a day, `manage.py setup_model --retry` at once; DAM_MODEL can also name a folder "
        "on this machine that holds a model."
    )
