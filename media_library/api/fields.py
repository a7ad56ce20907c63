"""Typed fields of a library's metadata, and the choices of those that have some."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from dam.errors import NotFound
from media_library.api.base import PAGING, LibraryView, caller, validated
from media_library.api.booleans import Boolean
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.metadata import fields
from media_library.models import MetadataChoice, MetadataField
from media_library.paging import limit_of, page
from media_library.scopes import ADMINISTERED

BY_POSITION = ("position",)


class ChoiceSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="external_id")
    value = serializers.CharField(help_text="What people see, and find the assets by.")
    active = serializers.BooleanField(help_text="Whether it can be chosen; it stays where it was.")
    position = serializers.IntegerField()


class ChoiceChangesSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(max_length=200, required=False)
    active = Boolean(required=False)
    position = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


class NewChoiceSerializer(ChoiceChangesSerializer):
    id = serializers.CharField(source="external_id", max_length=200, required=False, help_text="Made if absent.")
    value = serializers.CharField(max_length=200)


class RulesSerializer(serializers.Serializer[Any]):
    """What values have to be like. Bounds are numbers, or dates such as `2024-05-31`."""

    min_length = serializers.IntegerField(required=False)
    max_length = serializers.IntegerField(required=False)
    pattern = serializers.CharField(required=False, help_text="An RE2 expression that a whole text has to match.")
    min = serializers.JSONField(required=False)
    max = serializers.JSONField(required=False)
    above = serializers.JSONField(required=False, help_text="Like min; itself not allowed.")
    below = serializers.JSONField(required=False, help_text="Like max; itself not allowed.")


@extend_schema_field(RulesSerializer)
class RulesField(serializers.JSONField):
    """Checked by `fields.clean_rules`, which knows the type."""


class FieldChangesSerializer(serializers.Serializer[Any]):
    """What PATCH may set. The id and the type of a field stay as they are."""

    label = serializers.CharField(max_length=200, required=False)  # type: ignore[assignment]
    required = Boolean(  # type: ignore[assignment]
        required=False, help_text="An upload has to bring a value, unless there is a default."
    )
    default = serializers.JSONField(required=False, allow_null=True, help_text="What uploads without a value get.")
    default_disabled = Boolean(required=False, help_text="Whether the default is not used for now.")
    validation = RulesField(required=False)
    position = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


class NewFieldSerializer(FieldChangesSerializer):
    id = serializers.CharField(
        source="external_id",
        max_length=200,
        required=False,
        help_text="The member of the metadata: letters, digits, _ and -. Made of the label if absent.",
    )
    label = serializers.CharField(max_length=200)
    type = serializers.ChoiceField(choices=MetadataField.Type.choices)
    choices = NewChoiceSerializer(many=True, required=False)


class FieldSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="external_id")
    label = serializers.CharField()  # type: ignore[assignment]
    type = serializers.ChoiceField(choices=MetadataField.Type.choices)
    required = serializers.BooleanField()  # type: ignore[assignment]
    default = serializers.JSONField(allow_null=True)
    default_disabled = serializers.BooleanField()
    validation = RulesField()
    position = serializers.IntegerField()
    choices = serializers.SerializerMethodField(help_text="In their order, those that are not active too.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(ChoiceSerializer(many=True))
    def get_choices(self, field: MetadataField) -> Any:
        return ChoiceSerializer(field.choices.all(), many=True).data


EXAMPLE = {
    "id": "season",
    "label": "Season",
    "type": "choice",
    "required": False,
    "default": None,
    "default_disabled": False,
    "validation": {},
    "position": 0,
    "choices": [{"id": "autumn", "value": "Autumn", "active": True, "position": 0}],
    "created_at": "2025-01-31T12:00:00Z",
    "updated_at": "2025-01-31T12:00:00Z",
}
NEW_EXAMPLE = {
    "id": "season",
    "label": "Season",
    "type": "choice",
    "choices": [{"id": "autumn", "value": "Autumn"}, {"id": "winter", "value": "Winter"}],
}
ONE = [OpenApiExample("A field", EXAMPLE, response_only=True)]
ALL = [OpenApiExample("Fields", {"results": [EXAMPLE], "next_cursor": None}, response_only=True)]
ONE_CHOICE = [OpenApiExample("A choice", EXAMPLE["choices"][0], response_only=True)]  # type: ignore[index]
ALL_CHOICES = [OpenApiExample("Choices", {"results": EXAMPLE["choices"], "next_cursor": None}, response_only=True)]


def in_order(request: Request, rows: QuerySet[Any], serializer: type[serializers.Serializer[Any]]) -> Response:
    """A page of them, by their positions."""
    params = request.query_params
    found = page(
        rows,
        sort="position",
        sorts=BY_POSITION,
        limit=limit_of(params.get("limit")),
        cursor=params.get("cursor", ""),
    )
    return Response({"results": serializer(found.items, many=True).data, "next_cursor": found.next_cursor})


class Fields(LibraryView):
    scopes = ADMINISTERED

    @extend_schema(
        operation_id="fields_list",
        parameters=PAGING,
        responses={200: listing("FieldList", FieldSerializer)},
        examples=ALL,
    )
    def get(self, request: Request, library_id: str) -> Response:
        """The typed fields of the metadata, in their order."""
        return in_order(request, self.library.metadata_fields.prefetch_related("choices"), FieldSerializer)

    @extend_schema(
        operation_id="fields_create",
        request=NewFieldSerializer,
        responses={201: FieldSerializer},
        examples=[*ONE, OpenApiExample("A field with choices", NEW_EXAMPLE, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Make a field (editors). What assets have in the member of its name counts as values, as far as it fits."""
        data = validated(NewFieldSerializer(data=request.data))
        field = fields.add(self.library, caller(request), choices_of(data.pop("choices", [])), **data)
        return Response(FieldSerializer(field).data, status.HTTP_201_CREATED)


class FieldView(LibraryView):
    scopes = ADMINISTERED

    @property
    def field(self) -> MetadataField:
        found = self.library.metadata_fields.filter(external_id=self.kwargs["field"]).select_related("library").first()
        if found is None:
            raise NotFound
        return found


class FieldDetail(FieldView):
    @extend_schema(operation_id="fields_retrieve", responses={200: FieldSerializer}, examples=ONE)
    def get(self, request: Request, library_id: str, field: str) -> Response:
        """One field with all its choices."""
        return Response(FieldSerializer(self.field).data)

    @extend_schema(
        operation_id="fields_update",
        request=FieldChangesSerializer,
        responses={200: FieldSerializer},
        examples=[*ONE, OpenApiExample("Another label", {"label": "Time of year"}, request_only=True)],
    )
    def patch(self, request: Request, library_id: str, field: str) -> Response:
        """Change what is named (editors). The values of assets stay as they are."""
        changes = validated(FieldChangesSerializer(data=request.data))
        return Response(FieldSerializer(fields.change(self.field, caller(request), changes)).data)

    @extend_schema(
        operation_id="fields_delete",
        responses={204: OpenApiResponse(description="It is gone.")},
    )
    def delete(self, request: Request, library_id: str, field: str) -> Response:
        """Forget a field (editors). Its values stay in the assets, as free members of the metadata."""
        fields.delete(self.field, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Choices(FieldView):
    @extend_schema(
        operation_id="choices_list",
        parameters=PAGING,
        responses={200: listing("ChoiceList", ChoiceSerializer)},
        examples=ALL_CHOICES,
    )
    def get(self, request: Request, library_id: str, field: str) -> Response:
        """The choices of a field, in their order."""
        return in_order(request, self.field.choices.all(), ChoiceSerializer)

    @extend_schema(
        operation_id="choices_create",
        request=NewChoiceSerializer,
        responses={201: ChoiceSerializer},
        examples=[*ONE_CHOICE, OpenApiExample("A choice", {"id": "spring", "value": "Spring"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, library_id: str, field: str) -> Response:
        """Add a choice (editors)."""
        data = validated(NewChoiceSerializer(data=request.data))
        choice = fields.add_choice(self.field, caller(request), choices_of([data])[0])
        return Response(ChoiceSerializer(choice).data, status.HTTP_201_CREATED)


class ChoiceDetail(FieldView):
    @property
    def choice(self) -> MetadataChoice:
        found = self.field.choices.filter(external_id=self.kwargs["choice"]).first()
        if found is None:
            raise NotFound
        return found

    @extend_schema(operation_id="choices_retrieve", responses={200: ChoiceSerializer}, examples=ONE_CHOICE)
    def get(self, request: Request, library_id: str, field: str, choice: str) -> Response:
        """One choice."""
        return Response(ChoiceSerializer(self.choice).data)

    @extend_schema(
        operation_id="choices_update",
        request=ChoiceChangesSerializer,
        responses={200: ChoiceSerializer},
        examples=[*ONE_CHOICE, OpenApiExample("Another name", {"value": "Fall"}, request_only=True)],
    )
    def patch(self, request: Request, library_id: str, field: str, choice: str) -> Response:
        """Rename, move, take away or give back a choice (editors). Assets that have it are found by its new name."""
        changes = validated(ChoiceChangesSerializer(data=request.data))
        fields.merge_choices(self.field, caller(request), [{"id": self.choice.external_id, **changes}])
        return self.get(request, library_id, field, choice)

    @extend_schema(
        operation_id="choices_delete",
        responses={204: OpenApiResponse(description="It cannot be chosen any more.")},
    )
    def delete(self, request: Request, library_id: str, field: str, choice: str) -> Response:
        """Take a choice away from what can be chosen (editors). It stays where it was; PATCH `active` gives it back."""
        fields.set_active(self.field, caller(request), [self.choice.external_id], active=False)
        return Response(status=status.HTTP_204_NO_CONTENT)


def choices_of(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As `fields.merge_choices` takes them. Raises InvalidField if an id is there twice."""
    entries = [{**entry, "id": entry.get("external_id", "")} for entry in given]
    ids = [entry["id"] for entry in entries if entry["id"]]
    if len(set(ids)) < len(ids):
        raise fields.InvalidField("choices", str(_("Each id may be there once.")))
    return entries
