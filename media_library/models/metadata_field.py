from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from media_library.models.asset import Asset
from media_library.models.library import Library


class MetadataField(models.Model):
    """What a member of the metadata of a library's assets may hold.

    Values stay in `Asset.metadata`, in the member that is named `external_id`. That name and the type are never
    changed: the values that are there would mean something else.
    """

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        INTEGER = "integer", _("Whole number")
        DECIMAL = "decimal", _("Number")
        DATE = "date", _("Date")
        CHOICE = "choice", _("One choice")
        CHOICES = "choices", _("Several choices")

    NUMBERS = frozenset({Type.INTEGER, Type.DECIMAL})
    OF_CHOICES = frozenset({Type.CHOICE, Type.CHOICES})
    RANGED = NUMBERS | {Type.DATE}

    library = models.ForeignKey(Library, models.CASCADE, related_name="metadata_fields", db_index=False)
    external_id = models.CharField(_("id"), max_length=200)
    label = models.CharField(_("label"), max_length=200)
    type = models.CharField(_("type"), max_length=10, choices=Type.choices)
    required = models.BooleanField(_("required"), default=False)
    default = models.JSONField(_("default"), null=True, blank=True)
    default_disabled = models.BooleanField(_("default not used"), default=False)
    validation = models.JSONField(_("validation"), default=dict, blank=True)  # see media_library.metadata.rules
    position = models.PositiveIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("metadata field")
        verbose_name_plural = _("metadata fields")
        constraints = [models.UniqueConstraint(fields=["library", "external_id"], name="metadata_field_unique")]

    def __str__(self) -> str:
        return self.label

    @property
    def has_choices(self) -> bool:
        return self.type in self.OF_CHOICES

    def value_of(self, metadata: dict[str, Any]) -> Any:
        return metadata.get(self.external_id)


class MetadataChoice(models.Model):
    """What a field of choices may hold. One that is no longer active stays where it was chosen."""

    field = models.ForeignKey(MetadataField, models.CASCADE, related_name="choices", db_index=False)
    external_id = models.CharField(_("id"), max_length=200)
    value = models.CharField(_("value"), max_length=200)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    words = SearchVectorField(null=True, editable=False)  # kept by a trigger

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("choice")
        verbose_name_plural = _("choices")
        constraints = [models.UniqueConstraint(fields=["field", "external_id"], name="metadata_choice_unique")]
        indexes = [GinIndex(fields=["words"], name="metadata_choice_words")]

    def __str__(self) -> str:
        return self.value


class MetadataValue(models.Model):
    """A typed value of an asset where indexes find it: a number, a date or one of its choices.

    Triggers of the database keep it from `Asset.metadata`: see migration 0015.
    """

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="metadata_values")
    field = models.ForeignKey(MetadataField, models.CASCADE, related_name="values")
    number = models.FloatField(null=True)
    date = models.DateField(null=True)
    choice = models.ForeignKey(MetadataChoice, models.CASCADE, null=True, related_name="values", db_index=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["field", "number", "asset"], name="metadata_value_number", condition=Q(number__isnull=False)
            ),
            models.Index(
                fields=["field", "date", "asset"], name="metadata_value_date", condition=Q(date__isnull=False)
            ),
            models.Index(fields=["choice", "asset"], name="metadata_value_choice", condition=Q(choice__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.field_id} of {self.asset_id}"
