"""How far a model is built, how fast, and how long the rest will take: from what stands in the database.

Whichever process asks, and however often the worker was started again, the answer is the same. Counting is over
indexes alone, and at most once in KEPT_SECONDS for everybody.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from search.models import EmbeddingModel, IndexEntry

WINDOW = timedelta(minutes=5)  # the rate is that of the last minutes
SHORTEST = timedelta(seconds=5)  # below which a rate says nothing
KEPT_SECONDS = 10

State = IndexEntry.State


@dataclass(frozen=True, slots=True)
class BuildProgress:
    total: int  # pictures to be indexed under the model, those that failed included
    pending: int
    failed: int
    per_second: float  # over the last minutes; 0 while nothing happens
    problem: str  # why the model cannot be used at all, if that is so

    @property
    def done(self) -> int:
        return max(0, self.total - self.pending - self.failed)

    @property
    def percent(self) -> int:
        """100 only when nothing is left."""
        if not self.total:
            return 0
        return 100 if not self.pending else int(100 * (self.total - self.pending) / self.total)

    @property
    def seconds_left(self) -> float | None:
        """None while nothing happens."""
        return self.pending / self.per_second if self.per_second else None

    @property
    def spoken(self) -> str:
        """`41 %, about 12 minutes left`."""
        parts = [_("%(percent)s %%") % {"percent": self.percent}]
        if self.pending:
            parts.append(_("stopped: %(reason)s") % {"reason": self.problem} if self.problem else self.time_left())
        if self.failed:
            parts.append(ngettext("%(count)s failed", "%(count)s failed", self.failed) % {"count": self.failed})
        return ", ".join(parts)

    def time_left(self) -> str:
        seconds = self.seconds_left
        if seconds is None:
            return _("nothing has happened in the last minutes")
        if seconds < 90:
            return _("about a minute left")
        minutes = round(seconds / 60)
        if minutes < 90:
            return _("about %(count)s minutes left") % {"count": minutes}
        return _("about %(count)s hours left") % {"count": round(minutes / 60)}


def of_model(model: EmbeddingModel) -> BuildProgress:
    """As it was at most KEPT_SECONDS ago."""
    key = f"build-progress:{model.pk}"
    kept: BuildProgress | None = cache.get(key)
    if kept is None:
        kept = count(model)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def count(model: EmbeddingModel) -> BuildProgress:
    """As it is now: the open entries, all entries, and those of the last minutes."""
    entries = IndexEntry.objects.filter(model=model)
    waiting = entries.filter(state__in=[State.PENDING, State.RUNNING])
    first = entries.filter(state=State.PENDING).order_by("id").first()
    return BuildProgress(
        total=entries.count(),
        pending=waiting.count(),
        failed=entries.filter(state=State.FAILED).count(),
        per_second=rate(model),
        problem=first.error if first else "",
    )


def rate(model: EmbeddingModel) -> float:
    """Pictures a second since WINDOW, or since the first one within it."""
    now = timezone.now()
    recent = IndexEntry.objects.filter(model=model, finished_at__gt=now - WINDOW)
    found = recent.aggregate(number=Count("pk"), first=Min("finished_at"))
    if not found["number"]:
        return 0.0
    return float(found["number"] / max(now - found["first"], SHORTEST).total_seconds())
