from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

_of_request: ContextVar["list[EmbeddingModel | None] | None"] = ContextVar("active model of the request", default=None)


@contextmanager
def one_active_model() -> Iterator[None]:
    """Inside, `EmbeddingModel.active()` is asked once and stays the same, whatever is switched to meanwhile."""
    token = _of_request.set([])
    try:
        yield
    finally:
        _of_request.reset(token)


class EmbeddingModelQuerySet(models.QuerySet["EmbeddingModel"]):
    def indexed(self) -> "EmbeddingModelQuerySet":
        """Those that new pictures are embedded with: the active one first, then those being built beside it."""
        states = [EmbeddingModel.State.ACTIVE, EmbeddingModel.State.BUILDING]
        return self.filter(state__in=states).order_by("state", "pk")

    def building(self) -> "EmbeddingModelQuerySet":
        return self.filter(state=EmbeddingModel.State.BUILDING).order_by("pk")

    def kept(self) -> "EmbeddingModelQuerySet":
        """Those whose vectors may be searched: all but what is being dropped."""
        return self.exclude(state=EmbeddingModel.State.DROPPING)


class EmbeddingModel(models.Model):
    """A model that turns pictures and sentences into vectors of one space. Vectors of two models never mix.

    Its life: building (beside the active one), active, retired (kept, can be switched back to), dropping (its vectors
    are being removed). `search.switching` and `search.dropping` take it from one to the next.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        BUILDING = "building", _("Building")
        RETIRED = "retired", _("Retired")
        DROPPING = "dropping", _("Being dropped")

    name = models.CharField(max_length=100)
    source = models.CharField(max_length=300, unique=True)  # as in DAM_MODEL, or `offline`
    dimensions = models.PositiveSmallIntegerField()
    prompt_template = models.CharField(max_length=100, default="{}")
    precision = models.CharField(max_length=10, default="fp32")
    state = models.CharField(max_length=10, choices=State.choices, default=State.BUILDING)
    takes_over = models.BooleanField(default=False)  # while building: it is switched to when it is complete
    configured = models.BooleanField(default=False)  # DAM_MODEL named it at the latest start
    dropped_at = models.DateTimeField(null=True, blank=True)
    calibration = models.JSONField(default=dict, blank=True)
    # Average cosine distances at which clusters are cut, finest first, and the number of vectors they were taken from;
    # 0: they were set by hand.
    cluster_heights = ArrayField(models.FloatField(), size=5, null=True, blank=True)
    cluster_heights_from = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EmbeddingModelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="one_active_embedding_model"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def active(cls) -> "EmbeddingModel | None":
        """The model that answers; within one request always the same."""
        kept = _of_request.get()
        if kept:
            return kept[0]
        found = cls.objects.filter(state=cls.State.ACTIVE).first()
        if kept is not None:
            kept.append(found)
        return found
