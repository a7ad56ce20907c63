"""Typed metadata fields as the SDKs know them."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, OrderBy, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import parameters
from dam.contracts.cloudinary.errors import Unsupported
from dam.contracts.cloudinary.parameters import Params
from dam.contracts.cloudinary.views import CloudView
from dam.errors import InvalidRequest, NotFound
from media_library.metadata import fields
from media_library.models import MetadataChoice, MetadataField, Role
from media_library.scopes import ADMINISTERED

Type = MetadataField.Type
TYPES = {"string": Type.TEXT, "integer": Type.INTEGER, "date": Type.DATE, "enum": Type.CHOICE, "set": Type.CHOICES}
NAMES: dict[str, str] = {**{type_: name for name, type_ in TYPES.items()}, Type.DECIMAL: "decimal"}
# Comparisons as rules: without and with the value itself.
COMPARISONS = {"greater_than": ("above", "min"), "less_than": ("below", "max")}
MOST_RULES = 20
FIELD_ORDERS = ("label", "external_id", "created_at")


def field_body(field: MetadataField) -> dict[str, Any]:
    body = {
        "external_id": field.external_id,
        "type": NAMES[field.type],
        "label": field.label,
        "mandatory": field.required,
        "default_value": field.default,
        "default_disabled": field.default_disabled,
        "validation": validation_of(field.validation),
        "restrictions": {},
        "allow_dynamic_list_values": False,
    }
    return body | ({"datasource": datasource(field)} if field.has_choices else {})


def datasource(field: MetadataField) -> dict[str, Any]:
    return {"values": [choice_body(choice) for choice in field.choices.all()]}


def choice_body(choice: MetadataChoice) -> dict[str, str]:
    state = "active" if choice.active else "inactive"
    return {"external_id": choice.external_id, "value": choice.value, "state": state}


def validation_of(rules: Mapping[str, Any]) -> dict[str, Any] | None:
    """Our rules as theirs; several joined by `and`. A pattern is a `regex`, which the original does not have."""
    found: list[dict[str, Any]] = []
    lengths = {name.removesuffix("_length"): rules[name] for name in ("min_length", "max_length") if name in rules}
    if lengths:
        found.append({"type": "strlen", **lengths})
    for comparison, names in COMPARISONS.items():
        found += [
            {"type": comparison, "value": rules[name], "equals": name == names[1]} for name in names if name in rules
        ]
    if "pattern" in rules:
        found.append({"type": "regex", "value": rules["pattern"]})
    return {"type": "and", "rules": found} if len(found) > 1 else found[0] if found else None


def rules_of(validation: Any) -> dict[str, Any]:
    """Their rules as ours. Raises InvalidRequest."""
    if not isinstance(validation, dict):
        raise InvalidRequest(_("validation has to be an object with a type."))
    kind = validation.get("type")
    if kind == "and":
        listed = validation.get("rules")
        if not isinstance(listed, list) or len(listed) > MOST_RULES:
            raise InvalidRequest(_("The rules of validation have to be a list."))
        found: dict[str, Any] = {}
        for rule in listed:
            if isinstance(rule, dict) and rule.get("type") == "and":
                raise InvalidRequest(_("A validation by and holds no other one."))
            found |= rules_of(rule)
        return found
    if kind == "strlen":
        return {f"{name}_length": validation[name] for name in ("min", "max") if validation.get(name) is not None}
    if kind == "regex":
        return {"pattern": validation.get("value")}
    if isinstance(kind, str) and kind in COMPARISONS:
        if validation.get("value") is None:
            raise InvalidRequest(_("A validation by %(type)s needs a value.") % {"type": kind})
        return {COMPARISONS[kind][bool(validation.get("equals"))]: validation.get("value")}
    raise InvalidRequest(_("The type of validation is one of strlen, greater_than, less_than, regex, and."))


def given_field(params: Params) -> dict[str, Any]:
    """What a call says of a field, in our terms. Raises InvalidRequest."""
    for option in ("restrictions", "allow_dynamic_list_values"):
        if parameters.is_set(params, option):
            raise Unsupported.option(option)
    found: dict[str, Any] = {}
    if "label" in params:
        found["label"] = label_of(params)
    for name, ours in (("mandatory", "required"), ("default_disabled", "default_disabled")):
        if params.get(name) is not None:
            found[ours] = parameters.flag(params, name)
    if "default_value" in params:
        found["default"] = params["default_value"]
    if "validation" in params:
        found["validation"] = rules_of(params["validation"]) if params["validation"] else {}
    return found


def label_of(params: Params) -> str:
    label = " ".join(parameters.required(params, "label").split())
    if not label or len(label) > 200:
        raise InvalidRequest(_("label has to have 1 to 200 characters."))
    return label


def given_choices(values: Any) -> list[dict[str, Any]]:
    """Entries of a datasource, as `fields.merge_choices` takes them. Raises InvalidRequest."""
    if not isinstance(values, list) or not all(isinstance(entry, dict) for entry in values):
        raise InvalidRequest(_('Values have to look like [{"external_id": "red", "value": "Red"}].'))
    found = []
    for entry in values:
        choice = {"id": parameters.text(entry, "external_id"), "value": parameters.text(entry, "value") or None}
        if entry.get("state"):
            choice["active"] = entry["state"] == "active"
        found.append(choice)
    return found


class FieldsView(CloudView):
    scopes = ADMINISTERED

    has_delivery_type = False  # `type` is the type of a field

    @property
    def fields(self) -> QuerySet[MetadataField]:
        return self.library.metadata_fields.select_related("library").prefetch_related("choices")

    def field(self, external_id: str) -> MetadataField:
        field = self.fields.filter(external_id=external_id).first()
        if field is None:
            raise NotFound(_("External ID %(id)s doesn't exist") % {"id": external_id[:200]})
        return field

    def all(self) -> Response:
        return Response({"metadata_fields": [field_body(field) for field in self.fields]})


class MetadataFields(FieldsView):
    def get(self, request: Request, cloud: str) -> Response:
        return self.all()

    def post(self, request: Request, cloud: str) -> Response:
        kind = parameters.required(self.params, "type")
        if kind not in TYPES:
            raise InvalidRequest(_("type is one of %(names)s.") % {"names": ", ".join(TYPES)})
        given = {"label": label_of(self.params), **given_field(self.params)}
        field = fields.add(
            self.library,
            self.user,
            choices_in(self.params),
            external_id=parameters.text(self.params, "external_id"),
            type=TYPES[kind],
            **given,
        )
        return Response(field_body(self.field(field.external_id)))


def choices_in(params: Params) -> list[dict[str, Any]]:
    source = params.get("datasource")
    if source is None:
        return []
    if not isinstance(source, dict):
        raise InvalidRequest(_("datasource has to be an object with values."))
    return given_choices(source.get("values"))


class MetadataFieldAt(FieldsView):
    def get(self, request: Request, cloud: str, external_id: str) -> Response:
        return Response(field_body(self.field(external_id)))

    def put(self, request: Request, cloud: str, external_id: str) -> Response:
        """What is named; entries of a datasource are changed or added."""
        field = self.field(external_id)
        if parameters.text(self.params, "type") not in {"", NAMES[field.type]}:
            raise InvalidRequest(_("The type of a field cannot be changed."))
        if parameters.text(self.params, "external_id") not in {"", external_id}:
            raise InvalidRequest(_("The external_id of a field cannot be changed."))
        with transaction.atomic():
            if choices := choices_in(self.params):
                fields.merge_choices(field, self.user, choices)
            fields.change(field, self.user, given_field(self.params))
        return self.get(request, cloud, external_id)

    def delete(self, request: Request, cloud: str, external_id: str) -> Response:
        fields.delete(self.field(external_id), self.user)
        return Response({"message": "ok"})


class Datasource(FieldsView):
    def put(self, request: Request, cloud: str, external_id: str) -> Response:
        """Entries that are there are changed, others added."""
        fields.merge_choices(self.field(external_id), self.user, given_choices(self.params.get("values")))
        return self.answer(external_id)

    def delete(self, request: Request, cloud: str, external_id: str) -> Response:
        """They can no longer be chosen, and stay where they were."""
        return self.set_active(external_id, active=False)

    def set_active(self, external_id: str, *, active: bool) -> Response:
        ids = parameters.ids(self.params, "external_ids", fields.MOST_CHOICES)
        fields.set_active(self.field(external_id), self.user, ids, active=active)
        return self.answer(external_id)

    def answer(self, external_id: str) -> Response:
        return Response(datasource(self.field(external_id)))


class DatasourceRestore(Datasource):
    http_method_names = ["post", "options"]

    def post(self, request: Request, cloud: str, external_id: str) -> Response:
        return self.set_active(external_id, active=True)


class DatasourceOrder(Datasource):
    http_method_names = ["post", "options"]

    def post(self, request: Request, cloud: str, external_id: str) -> Response:
        """By value."""
        self.library.require(self.user, Role.EDITOR)
        if parameters.text(self.params, "order_by", "value") != "value":
            raise InvalidRequest(_("order_by is value."))
        field, descending = self.field(external_id), is_descending(self.params)
        choices = sorted(field.choices.all(), key=lambda choice: choice.value.lower(), reverse=descending)
        for position, choice in enumerate(choices):
            choice.position = position
        MetadataChoice.objects.bulk_update(choices, ["position"])
        return self.answer(external_id)


class FieldsOrder(FieldsView):
    def put(self, request: Request, cloud: str) -> Response:
        self.library.require(self.user, Role.EDITOR)
        order_by = parameters.required(self.params, "order_by")
        if order_by not in FIELD_ORDERS:
            raise InvalidRequest(_("order_by is one of %(names)s.") % {"names": ", ".join(FIELD_ORDERS)})
        key = Lower("label") if order_by == "label" else F(order_by)
        order = OrderBy(key, descending=is_descending(self.params))
        ordered = list(self.fields.order_by(order, "pk"))
        for position, field in enumerate(ordered):
            field.position = position
        MetadataField.objects.bulk_update(ordered, ["position"])
        return self.all()


def is_descending(params: Params) -> bool:
    direction = parameters.text(params, "direction", "asc")
    if direction not in {"asc", "desc"}:
        raise InvalidRequest(_("direction is asc or desc."))
    return direction == "desc"
