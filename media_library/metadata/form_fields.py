"""Typed fields as what a form holds: the right input for each type, and what it shows at first.

What may be kept is said by `media_library.metadata`; a form field only takes the text in.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from media_library.metadata import rules, values
from media_library.models import Library, MetadataChoice, MetadataField

Type = MetadataField.Type
FEW = 12  # choices that are shown as boxes to tick


def of_library(library: Library) -> list[MetadataField]:
    """In their order, with all choices: two queries."""
    return list(library.metadata_fields.prefetch_related(Prefetch("choices", MetadataChoice.objects.all())))


def name_of(field: MetadataField) -> str:
    return f"field-{field.pk}"


def form_field(field: MetadataField, kept: Any = None) -> forms.Field:
    """For a value of the field; `kept` is the one that there is. Not required: a form may leave out what it has not.

    `field` is out of `of_library`.
    """
    if field.has_choices:
        return of_choices(field, kept if isinstance(kept, list) else [kept])
    return Text(label=field.label, required=False, strip=False, widget=widget(field, kept), help_text=hint(field))


class Text(forms.CharField):
    """A number comes as a number's text; that nothing has changed is seen by the text."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else str(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial).replace("\r\n", "\n") != str(data or "").replace("\r\n", "\n")


def widget(field: MetadataField, kept: Any) -> forms.Widget:
    if not fits(field, kept):  # a number box would show nothing of it, and take it away
        return forms.TextInput(attrs={"class": "input", "autocomplete": "off"})
    limits = field.validation
    if field.type == Type.TEXT:
        lengths = {"maxlength": limits["max_length"]} if "max_length" in limits else {}
        return forms.Textarea(attrs={"class": "input", "rows": 2, **lengths})
    bounds = {name: str(limits[name]) for name in ("min", "max") if name in limits}
    kind = "date" if field.type == Type.DATE else "number"
    step = {Type.INTEGER: {"step": "1"}, Type.DECIMAL: {"step": "any"}}.get(Type(field.type), {})
    return forms.TextInput(attrs={"class": "input", "type": kind, **step, **bounds})


def fits(field: MetadataField, kept: Any) -> bool:
    """Whether it has the field's type; what is in an asset may be older than the field."""
    try:
        return kept is None or values.PLAIN[field.type](kept) is not None
    except values.Refused:
        return False


def of_choices(field: MetadataField, kept: list[Any]) -> forms.Field:
    offered = [
        (choice.external_id, choice.value)
        for choice in field.choices.all()
        if choice.active or choice.external_id in kept
    ]
    if field.type == Type.CHOICE:
        select = forms.Select(attrs={"class": "input"})
        return forms.ChoiceField(
            label=field.label, required=False, choices=[("", _("Nothing")), *offered], widget=select
        )
    boxes = forms.CheckboxSelectMultiple() if len(offered) <= FEW else forms.SelectMultiple(attrs={"class": "input"})
    return forms.MultipleChoiceField(label=field.label, required=False, choices=offered, widget=boxes)


def hint(field: MetadataField) -> str:
    """What the rules ask for, as a form says it."""
    return " ".join(rules.sentences(field.validation))


def shown(fields: Iterable[MetadataField], metadata: dict[str, Any]) -> list[tuple[str, str]]:
    """(label, value in words) of the fields that have one, then of the free members, by name."""
    rows, named = [], set()
    for field in fields:
        named.add(field.external_id)
        kept = field.value_of(metadata)
        if kept is None:
            continue
        labels = {choice.external_id: choice.value for choice in field.choices.all()}
        found = [labels.get(item, str(item)) for item in (kept if isinstance(kept, list) else [kept])]
        rows.append((field.label, ", ".join(found)))
    return rows + [(name, str(metadata[name])) for name in sorted(metadata.keys() - named)]
