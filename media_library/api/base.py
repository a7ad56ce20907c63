"""What the views of the API share: the caller's library or asset, paged lists, asset answers."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, CharField, Serializer, ValidationError
from rest_framework.views import APIView

from dam.errors import NotFound
from media_library import findable, properties
from media_library.api.serializers import AssetDetailSerializer, AssetSerializer
from media_library.models import Asset, AssetQuerySet, Library, User
from media_library.paging import MAX_LIMIT, Page, limit_of, page
from media_library.parameters import one, require_text

Row = TypeVar("Row", bound=Model)

PAGING = [
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}, description="50 if absent."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the page before."),
]
WORDS = (
    "Only assets that have all of these words, each in a name (anywhere within a word), or as the beginning of a word "
    "in a description, alternative text, metadata, tag or the name of a folder above. Neither case nor accents count."
)
FILTERS = [
    OpenApiParameter("folder", OpenApiTypes.UUID),
    OpenApiParameter("recursive", OpenApiTypes.BOOL, description="Folders below it too; true if absent."),
    OpenApiParameter("tags", OpenApiTypes.STR, many=True, description="Only assets with all of these tags."),
    OpenApiParameter("q", OpenApiTypes.STR, description=WORDS),
    OpenApiParameter("state", OpenApiTypes.STR, enum=Asset.State.values),
    OpenApiParameter("collection", OpenApiTypes.UUID, description="Only what is in it, or what its query finds now."),
    *(
        OpenApiParameter(item.name, item.described, description=item.description)
        for item in properties.PROPERTIES.values()
    ),
    OpenApiParameter(
        "metadata.<field>",
        {"type": "array", "items": {"type": "string", "maxLength": 255}},
        description="What this member of the metadata is; of choices, the id. Repeatable: any of them.",
    ),
    OpenApiParameter("metadata.<field>.min", OpenApiTypes.STR, description="At least; of a field of numbers or dates."),
    OpenApiParameter("metadata.<field>.max", OpenApiTypes.STR, description="At most."),
    OpenApiParameter("metadata.<field>.exists", OpenApiTypes.STR, description="true or false: if a field has a value."),
]


class LibraryView(APIView):
    """A view below `/libraries/{library_id}/`. What the caller may not see does not exist for them."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require_text(kwargs)

    @cached_property
    def library(self) -> Library:
        return found(Library.objects.visible_to(self.request.user), pk=self.kwargs["library_id"])

    @property
    def assets(self) -> AssetQuerySet:
        """The library's assets that the caller may see, those in the trash too."""
        return Asset.objects.visible_to(self.request.user).filter(library=self.library)


class AssetView(APIView):
    """A view below `/assets/{asset_id}/`."""

    @property
    def visible(self) -> AssetQuerySet:
        assets = Asset.objects.visible_to(self.request.user)
        return assets.select_related("library", "folder").prefetch_related("tags")

    @cached_property
    def asset(self) -> Asset:
        return found(self.visible, pk=self.kwargs["asset_id"])


def found(rows: QuerySet[Row], **which: Any) -> Row:
    """The one row. Raises NotFound."""
    row = rows.filter(**which).first()
    if row is None:
        raise NotFound
    return row


def by_name(request: Request, rows: QuerySet[Row], field: str = "name") -> Page[Row]:
    """The page that the parameters ask for, in the order of a field or annotation that holds names."""
    limit, cursor = limit_of(request.query_params.get("limit")), one(request.query_params, "cursor")
    return page(rows, sort=field, sorts=[field], limit=limit, cursor=cursor)


def example(value: Any, *, of: str = "response") -> OpenApiExample:
    """In the schema: what is sent (`of="request"`) or answered. The values are made up."""
    return OpenApiExample(
        "Example",
        value=value,
        request_only=of == "request",
        response_only=of == "response",
        status_codes=["200", "201", "202"],
    )


def listed(value: Any) -> OpenApiExample:
    return example({"results": [value], "next_cursor": None})


def caller(request: Request) -> User:
    """Who asks: the permission classes have refused everybody who is not signed in."""
    return cast(User, request.user)


def asset_context(view: APIView, assets: Sequence[Asset]) -> dict[str, Any]:
    return {"request": view.request, "indexed": findable.index.indexed_ids(assets)}


def assets_json(view: APIView, assets: Sequence[Asset]) -> list[dict[str, Any]]:
    """Assets `with_tag_names`, one by one: a serializer with many=True and its child refer to each other, and would
    hold all of them until garbage is collected; see `dam.middleware.LetGoMiddleware`."""
    written = AssetSerializer(context=asset_context(view, assets))
    return [written.to_representation(asset) for asset in assets]


def asset_json(view: APIView, asset_id: UUID) -> Any:
    """An asset as it now stands in the database."""
    asset = Asset.objects.visible_to(view.request.user).with_tag_names().get(pk=asset_id)
    return AssetDetailSerializer(asset, context=asset_context(view, [asset])).data


def require_json_text(serializer: BaseSerializer[Any]) -> None:
    """JSON has types: a number is no name, though a form could not tell it from one. Raises ValidationError."""
    given = serializer.initial_data
    if isinstance(serializer, Serializer) and isinstance(given, dict) and not isinstance(given, QueryDict):
        for name, field in serializer.fields.items():
            if type(field) is CharField and isinstance(given.get(name), int | float):
                raise ValidationError({name: [CharField.default_error_messages["invalid"]]})


def validated(serializer: BaseSerializer[Any]) -> dict[str, Any]:
    if isinstance(serializer.initial_data, Mapping):
        require_text(serializer.initial_data)
    require_json_text(serializer)
    serializer.is_valid(raise_exception=True)
    require_text(serializer.validated_data)  # a member of a form may have been JSON
    return serializer.validated_data
