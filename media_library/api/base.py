"""What the views of the API share: the caller's library or asset, paged lists, asset answers."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django.http import QueryDict
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, CharField, Serializer, ValidationError
from rest_framework.views import APIView

from dam.errors import NotFound
from media_library import findable, properties
from media_library.api.serializers import AssetDetailSerializer, AssetSerializer
from media_library.models import Asset, Library, User
from media_library.paging import MAX_LIMIT
from media_library.parameters import require_text

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
    *(
        OpenApiParameter(item.name, item.described, description=item.description)
        for item in properties.PROPERTIES.values()
    ),
    OpenApiParameter(
        "metadata.<field>", {"type": "string", "maxLength": 255}, description="What this member of the metadata is."
    ),
]


class LibraryView(APIView):
    """A view below `/libraries/{library_id}/`. What the caller may not see does not exist for them."""

    @cached_property
    def library(self) -> Library:
        library = Library.objects.visible_to(self.request.user).filter(pk=self.kwargs["library_id"]).first()
        if library is None:
            raise NotFound
        return library


class AssetView(APIView):
    """A view below `/assets/{asset_id}/`."""

    @cached_property
    def asset(self) -> Asset:
        assets = Asset.objects.visible_to(self.request.user).select_related("library", "folder")
        asset = assets.prefetch_related("tags").filter(pk=self.kwargs["asset_id"]).first()
        if asset is None:
            raise NotFound
        return asset


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
