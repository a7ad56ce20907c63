"""Fields and the metadata of assets in the administration, by the same checks as everywhere. Loaded by
`media_library.admin`."""

from copy import copy
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from dam.errors import AppError
from media_library import metadata
from media_library.metadata import fields
from media_library.models import Asset, MetadataChoice, MetadataField, MetadataValue


class AssetForm(forms.ModelForm):
    class Meta:
        model = Asset
        fields = ["metadata"]

    def clean_metadata(self) -> dict[str, Any]:
        given = self.cleaned_data["metadata"] or {}
        if not isinstance(given, dict):
            raise ValidationError(_("Give an object."))
        try:
            return metadata.changed(self.instance.library, self.instance.metadata, given)
        except AppError as error:
            raise ValidationError(str(error.message)) from None


class FieldForm(forms.ModelForm):
    class Meta:
        model = MetadataField
        fields = [
            *["library", "external_id", "label", "type", "required", "default", "default_disabled", "validation"],
            "position",
        ]

    def clean_external_id(self) -> str:
        external_id: str = self.cleaned_data["external_id"]
        if external_id.startswith(metadata.CONTEXT) or not fields.is_id(external_id):
            raise ValidationError(_("Give letters of the Latin alphabet, digits, _ and -, at most 200."))
        return external_id

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        field = copy(self.instance)
        for name in data:
            setattr(field, name, data[name])
        try:
            data["validation"] = field.validation = fields.clean_rules(field)
            data["default"] = fields.clean_default(field)
        except fields.InvalidField as error:
            raise ValidationError(str(error.message)) from None
        return data


class ChoiceForm(forms.ModelForm):
    class Meta:
        model = MetadataChoice
        fields = ["external_id", "value", "active", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["external_id"].disabled = bool(self.instance.pk)  # assets hold it


class ChoiceFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        if any(form.errors for form in self.forms):
            return
        choices = [form.instance for form in self.forms if form.instance.pk or form.has_changed()]
        if choices and not self.instance.has_choices:
            raise ValidationError(_("Only fields of the types choice and choices have choices."))
        try:
            fields.check_choices(self.instance, choices)
        except AppError as error:
            raise ValidationError(str(error.message)) from None


class ChoiceInline(admin.TabularInline):
    model = MetadataChoice
    form, formset = ChoiceForm, ChoiceFormSet
    extra = 1
    can_delete = False


@admin.register(MetadataField)
class MetadataFieldAdmin(admin.ModelAdmin):
    form = FieldForm
    list_display = ["label", "external_id", "type", "required", "library", "position"]
    list_filter = ["type", "library"]
    list_select_related = ["library"]
    search_fields = ["label", "external_id"]
    inlines = [ChoiceInline]

    def get_readonly_fields(self, request: HttpRequest, obj: MetadataField | None = None) -> list[str]:
        return ["library", "external_id", "type"] if obj else []


class ReadOnly(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(MetadataChoice)
class MetadataChoiceAdmin(ReadOnly):
    """Changed on the page of their field."""

    list_display = ["value", "external_id", "field", "active", "position"]
    list_filter = ["active"]
    list_select_related = ["field"]
    search_fields = ["value", "external_id"]


@admin.register(MetadataValue)
class MetadataValueAdmin(ReadOnly):
    """What indexes find of the metadata. The database keeps it."""

    list_display = ["asset", "field", "number", "date", "choice"]
    list_select_related = ["asset", "field", "choice"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[MetadataValue]:
        return super().get_queryset(request).filter(asset__in=Asset.objects.visible_to(request.user))
