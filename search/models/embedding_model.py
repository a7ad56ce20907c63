from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class EmbeddingModel(models.Model):
    """A model that turns pictures and sentences into vectors of one space. Vectors of two models never mix."""

    class State(models.TextChoices):
        BUILDING = "building", _("Building")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    name = models.CharField(max_length=100)
    source = models.CharField(max_length=300, unique=True)  # as in DAM_MODEL, or `offline`
    dimensions = models.PositiveSmallIntegerField()
    prompt_template = models.CharField(max_length=100, default="{}")
    precision = models.CharField(max_length=10, default="fp32")
    state = models.CharField(max_length=10, choices=State.choices, default=State.BUILDING)
    calibration = models.JSONField(default=dict, blank=True)
    # Average cosine distances at which clusters are cut, finest first, and the number of vectors they were taken from;
    # 0: they were set by hand.
    cluster_heights = ArrayField(models.FloatField(), size=5, null=True, blank=True)
    cluster_heights_from = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="one_active_embedding_model"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def index_name(self) -> str:
        """The partial HNSW index that holds this model's vectors."""
        return f"embedding_hnsw_{self.pk}"

    @classmethod
    def active(cls) -> "EmbeddingModel | None":
        return cls.objects.filter(state=cls.State.ACTIVE).first()
