"""Fields of expressions that are members of the metadata: `metadata.<id>`, and `context.<key>` beside them."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db.models import F, Func, Q, TextField, Value
from django.utils.translation import gettext as _

from dam.contracts.cloudinary import resources
from dam.contracts.cloudinary.fields import LOOKUPS, Field, Scope, Sought, by_text, moments_of, text_field
from dam.errors import InvalidRequest
from media_library.metadata import CONTEXT
from media_library.metadata.values import Refused, decimal
from media_library.models import Asset, MetadataField, MetadataValue
from media_library.properties.metadata import within


def context(key: str) -> Field:
    if column := resources.CONTEXT_FIELDS.get(key):
        return text_field(column)
    return member(CONTEXT + key)


def metadata(scope: Scope, key: str) -> Field:
    """By the type that the library has given it."""
    field = scope.metadata_fields.get(key)
    if field is None or field.type == MetadataField.Type.TEXT:
        return member(key)
    if field.has_choices:
        compare = partial(by_choice, field)
    else:
        compare = partial(by_date if field.type == MetadataField.Type.DATE else by_number, field)
    return Field(compare, lambda scope: Q(metadata__has_key=key), ordered=not field.has_choices)


def by_number(field: MetadataField, scope: Scope, operator: str, value: Sought) -> Q:
    try:
        sought = decimal(value.text)
    except Refused:
        sought = None
    if sought is None or value.begins:
        name = {"value": value.text[:40], "name": f"metadata.{field.external_id}"}
        raise InvalidRequest(_("%(value)s is not a value for %(name)s.") % name)
    return within(field, **{LOOKUPS[operator]: sought})


def by_date(field: MetadataField, scope: Scope, operator: str, value: Sought) -> Q:
    begin, end, after = moments_of(value, scope.now)
    if "T" in value.text:
        raise InvalidRequest(_("%(value)s is not a date. Write 2024-12-31 or 4w.") % {"value": value.text[:40]})
    if operator in ":=":
        last = (end - timedelta(microseconds=1)).date()
        return within(field, gte=begin.date(), lte=last)
    lookup = "gte" if operator.startswith(">") else "lt"
    return within(field, **{lookup: (after if operator in {">", "<="} else begin).date()})


def by_choice(field: MetadataField, scope: Scope, operator: str, value: Sought) -> Q:
    """By the external id or by what people see."""
    fits = by_text("external_id", operator, value) | by_text("value", operator, value)
    choices = field.choices.order_by().filter(fits)
    return Q(pk__in=MetadataValue.objects.filter(choice__in=choices.values("pk")).values("asset_id"))


def member(key: str) -> Field:
    """A member of the metadata. Lists are compared as their JSON, by word."""

    def compare(scope: Scope, operator: str, value: Sought) -> Q:
        if operator == "=" and not value.begins:
            return Q(metadata__contains={key: value.text}) | Q(metadata__contains={key: [value.text]})
        text = Func(F("metadata"), Value(key), function="jsonb_extract_path_text", output_field=TextField())
        assets = Asset.objects.filter(library=scope.library, metadata__has_key=key).alias(member=text)
        return Q(pk__in=assets.filter(by_text("member", operator, value)).values("pk"))

    return Field(compare, lambda scope: Q(metadata__has_key=key))


PREFIXED: dict[str, Callable[[Scope, str], Field]] = {
    "context": lambda scope, key: context(key),
    "metadata": metadata,
}
