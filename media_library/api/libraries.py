from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import AppError
from media_library.api.base import LibraryView, caller, validated
from media_library.api.idempotency import idempotent
from media_library.api.serializers import (
    FolderSerializer,
    LibraryDetailSerializer,
    LibrarySerializer,
    TagSerializer,
)
from media_library.filters import boolean
from media_library.models import Library, Role
from media_library.scopes import Scope


class NameTaken(AppError):
    code = "name_taken"
    status = 409
    message = _("There is already a folder with this name here.")


class LibraryNotEmpty(AppError):
    code = "library_not_empty"
    status = 409
    message = _("This library holds pictures. Ask again with purge=true to remove it with all of them, for good.")


def listing(name: str, item: Any) -> Any:
    """The schema of a whole list."""
    fields = {"results": item(many=True), "next_cursor": serializers.CharField(allow_null=True)}
    return inline_serializer(name, fields)


class Libraries(APIView):
    scopes = {"POST": Scope.ADMIN}

    @extend_schema(operation_id="libraries_list", responses=listing("LibraryList", LibrarySerializer))
    def get(self, request: Request) -> Response:
        """The libraries that the caller is a member of."""
        libraries = Library.objects.visible_to(request.user)
        return Response({"results": LibrarySerializer(libraries, many=True).data, "next_cursor": None})

    @extend_schema(request=LibrarySerializer, responses={201: LibraryDetailSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a library; the caller becomes its manager."""
        data = validated(LibrarySerializer(data=request.data))
        library = Library.found(caller(request), **data)
        body = LibraryDetailSerializer(library, context={"request": request}).data
        return Response(body, status.HTTP_201_CREATED)


class LibraryDetail(LibraryView):
    scopes = {"PATCH": Scope.ADMIN, "DELETE": Scope.ADMIN}
    failures = {"DELETE": (409,)}

    @extend_schema(responses=LibraryDetailSerializer)
    def get(self, request: Request, library_id: str) -> Response:
        """A library, the caller's role, and how far it is indexed."""
        return Response(LibraryDetailSerializer(self.library, context={"request": request}).data)

    @extend_schema(request=LibrarySerializer, responses=LibraryDetailSerializer)
    def patch(self, request: Request, library_id: str) -> Response:
        """Rename it, or change its language (managers)."""
        self.library.require(request.user, Role.MANAGER)
        serializer = LibrarySerializer(self.library, data=request.data, partial=True)
        validated(serializer)
        serializer.save()
        return self.get(request, library_id)

    @extend_schema(
        parameters=[
            OpenApiParameter("purge", OpenApiTypes.BOOL, description="With all its assets and files, for good.")
        ],
        responses={204: None},
    )
    def delete(self, request: Request, library_id: str) -> Response:
        """Remove an empty library, or with `purge=true` any (managers)."""
        self.library.require(request.user, Role.MANAGER)
        caller(request).grant.require(Scope.DELETE)
        if not boolean(request.query_params, "purge", default=False) and self.library.assets.exists():
            raise LibraryNotEmpty
        self.library.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class Folders(LibraryView):
    @extend_schema(operation_id="folders_list", responses=listing("FolderList", FolderSerializer))
    def get(self, request: Request, library_id: str) -> Response:
        """The whole folder tree; each folder names its parent."""
        folders = FolderSerializer(self.library.folders.all(), many=True)
        return Response({"results": folders.data, "next_cursor": None})

    @extend_schema(request=FolderSerializer, responses={201: FolderSerializer})
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Make a folder, inside another one or at the top."""
        self.library.require(request.user, Role.CONTRIBUTOR)
        serializer = FolderSerializer(data=request.data, context={"library": self.library})
        validated(serializer)
        try:
            with transaction.atomic():
                serializer.save(library=self.library)
        except IntegrityError:
            raise NameTaken from None
        return Response(serializer.data, status.HTTP_201_CREATED)


class Tags(LibraryView):
    @extend_schema(operation_id="tags_list", responses=listing("TagList", TagSerializer))
    def get(self, request: Request, library_id: str) -> Response:
        """The tags, with how many live assets have each."""
        live = Count("assets", filter=Q(assets__deleted_at=None))
        tags = TagSerializer(self.library.tags.annotate(live_assets=live), many=True)
        return Response({"results": tags.data, "next_cursor": None})
