"""What the pages accept about typed fields: their values in an asset and in many, and the fields themselves."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library import metadata
from media_library.forms import AssetForm, input_attrs
from media_library.metadata import form_fields, values
from media_library.models import Asset, Library, MetadataChoice, MetadataField, User
from media_library.organising_forms import Asked

Type = MetadataField.Type
MOST_SHOWN = 200  # choices that have a line of their own in the form
LENGTH_RULES = ("min_length", "max_length")
BOUND_RULES = ("min", "max")


class AssetWithFieldsForm(AssetForm):
    """An asset's own fields and those of its library. `cleaned_data["metadata"]` is all of its metadata then."""

    def __init__(self, asset: Asset, user: User, data: Any = None) -> None:
        super().__init__(asset, user, data)
        self.asset = asset
        self.typed = form_fields.of_library(asset.library)
        for field in self.typed:
            kept = field.value_of(asset.metadata)
            name = form_fields.name_of(field)
            self.fields[name] = form_fields.form_field(field, kept)
            self.fields[name].label = starred(field)
            self.initial[name] = kept

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        changed = dict(self.asset.metadata)
        for field in self.typed:
            name = form_fields.name_of(field)
            given = data.pop(name, None)
            if name in self.changed_data and name not in self.errors:
                changed[field.external_id] = given
        if self.typed:
            data["metadata"] = self.checked(changed)
        return data

    def checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        names = {field.external_id: form_fields.name_of(field) for field in self.typed}
        try:
            return metadata.changed(self.asset.library, self.asset.metadata, changed)
        except metadata.InvalidMetadata as error:
            for member, sentences in error.data["fields"]["metadata"].items():
                self.add_error(names.get(member), sentences)
        return self.asset.metadata


def starred(field: MetadataField) -> str:
    return str(_("%(label)s (required)") % {"label": field.label}) if field.required else field.label


class ManyValuesForm(forms.Form):
    """Values for many assets: of the fields whose box is ticked, an empty one takes the value away."""

    def __init__(self, library: Library, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="asked-%s")
        self.typed = form_fields.of_library(library)
        for field in self.typed:
            self.fields[form_fields.name_of(field)] = form_fields.form_field(field)

    @property
    def rows(self) -> list[tuple[MetadataField, forms.BoundField]]:
        return [(field, self[form_fields.name_of(field)]) for field in self.typed]

    def values(self, chosen: list[str]) -> dict[str, Any]:
        """The members to set, None where the value is to go. `chosen` are the keys of the fields as text. Raises
        InvalidRequest."""
        wanted = [field for field in self.typed if str(field.pk) in chosen]
        if not wanted:
            raise InvalidRequest(_("Tick at least one field."), code="missing_option")
        return {field.external_id: self.value(field) for field in wanted}

    def value(self, field: MetadataField) -> Any:
        name = form_fields.name_of(field)
        try:
            if name in self.errors:  # a choice that is none
                raise values.Refused(str(self.errors[name][0]))
            return values.value(field, self.cleaned_data[name])
        except values.Refused as error:
            raise InvalidRequest(f"{field.label}: {error}", code="bad_metadata") from None


class FieldForm(Asked):
    """Of a new field, or of one that is there: then its id and type stay, and only what they allow is asked."""

    label = forms.CharField(
        label=_("Name"), max_length=200, widget=forms.TextInput(attrs=input_attrs(autofocus=True, autocomplete="off"))
    )
    type = forms.ChoiceField(
        label=_("Type"), choices=Type.choices, initial=Type.TEXT, widget=forms.Select(attrs=input_attrs())
    )
    new_choices = forms.CharField(
        label=_("Choices"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs=input_attrs(rows=4)),
        help_text=_("One on each line."),
    )
    at_least = forms.CharField(label=_("At least"), required=False, widget=forms.TextInput(attrs=input_attrs()))
    at_most = forms.CharField(
        label=_("At most"),
        required=False,
        widget=forms.TextInput(attrs=input_attrs()),
        help_text=_("Of a text the number of characters, else the number or date."),
    )
    pattern = forms.CharField(
        label=_("Pattern"),
        required=False,
        max_length=500,
        strip=False,
        widget=forms.TextInput(attrs=input_attrs(autocomplete="off")),
        help_text=_("A regular expression that the whole text has to match, such as [A-Z]{2}-[0-9]{4}."),
    )
    default = forms.CharField(
        label=_("Value of new pictures that bring none"),
        required=False,
        widget=forms.TextInput(attrs=input_attrs(autocomplete="off")),
    )
    required = forms.BooleanField(label=_("Every new picture has to have a value"), required=False)

    def __init__(self, data: Any = None, *, field: MetadataField | None = None) -> None:
        super().__init__(data, initial=initial_of(field) if field else None)
        self.field = field
        self.lines: dict[str, MetadataChoice] = {}
        if field is None:
            return
        del self.fields["type"]
        if field.has_choices:
            self.fields["new_choices"].label = _("More choices")
            self.add_lines(field)
        else:
            del self.fields["new_choices"]
        if field.has_choices:
            del self.fields["at_least"], self.fields["at_most"]
        if field.type != Type.TEXT:
            del self.fields["pattern"]

    def add_lines(self, field: MetadataField) -> None:
        """A line for each choice, before the place for new ones; the first MOST_SHOWN."""
        rest = {name: self.fields.pop(name) for name in list(self.fields) if name != "label"}
        for choice in field.choices.filter(active=True)[:MOST_SHOWN]:
            name = f"choice-{choice.pk}"
            self.lines[name] = choice
            self.fields[name] = forms.CharField(
                label=_("Choice: %(value)s") % {"value": choice.value},
                required=False,
                max_length=1000,
                initial=choice.value,
                widget=forms.TextInput(attrs=input_attrs(autocomplete="off")),
            )
        self.fields |= rest

    @property
    def rules(self) -> dict[str, Any]:
        """As `media_library.metadata.fields` takes them; those that the form does not know stay."""
        type_ = self.field.type if self.field else self.cleaned_data["type"]
        found = dict(self.field.validation) if self.field else {}
        if type_ in MetadataField.OF_CHOICES:
            return found
        for rule, name in zip(
            LENGTH_RULES if type_ == Type.TEXT else BOUND_RULES, ("at_least", "at_most"), strict=True
        ):
            found[rule] = (
                number(self.cleaned_data[name].strip()) if type_ == Type.TEXT else self.cleaned_data[name] or None
            )
        if type_ == Type.TEXT:
            found["pattern"] = self.cleaned_data["pattern"] or None
        return found

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Choices as `merge_choices` takes them: renamed, taken away where the line is empty, new."""
        entries: list[dict[str, Any]] = []
        for name, choice in self.lines.items():
            value = self.cleaned_data[name]
            if value != choice.value:
                entries.append({"id": choice.external_id, **({"value": value} if value else {"active": False})})
        new = self.cleaned_data.get("new_choices", "").splitlines()
        return entries + [{"value": line.strip()} for line in new if line.strip()]

    def default_of(self, field: MetadataField) -> Any:
        """What was typed; of choices the ids of those that are called so."""
        text = self.cleaned_data["default"].strip()
        if not text or not field.has_choices:
            return text or None
        ids = {choice.value.lower(): choice.external_id for choice in field.choices.filter(active=True)}
        named = [text] if field.type == Type.CHOICE else [part.strip() for part in text.split(",") if part.strip()]
        found = [ids.get(name.lower(), name) for name in named]
        return found[0] if field.type == Type.CHOICE else found


def number(text: str) -> Any:
    return int(text) if text.isdecimal() and len(text) < 10 else text or None


def initial_of(field: MetadataField) -> dict[str, Any]:
    rules = field.validation
    kept = field.default if isinstance(field.default, list) else [] if field.default is None else [field.default]
    labels = dict(field.choices.values_list("external_id", "value")) if field.has_choices else {}
    return {
        "label": field.label,
        "required": field.required,
        "default": ", ".join(labels.get(item, str(item)) for item in kept),
        "at_least": rules.get("min_length", rules.get("min", "")),
        "at_most": rules.get("max_length", rules.get("max", "")),
        "pattern": rules.get("pattern", ""),
    }
