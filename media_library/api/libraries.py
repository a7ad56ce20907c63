from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import AppError
from media_library.api.base import PAGING, LibraryView, by_name, caller, found, validated
from media_library.api.conditional import ObjectView, if_match
from media_library.api.idempotency import idempotent
from media_library.api.serializers import LibraryDetailSerializer, LibrarySerializer
from media_library.filters import boolean
from media_library.models import Library, Role
from media_library.scopes import Scope


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

    @extend_schema(
        operation_id="libraries_list",
        parameters=PAGING,
        responses={200: listing("LibraryList", LibrarySerializer)},
    )
    def get(self, request: Request) -> Response:
        """The libraries that the caller is a member of or was granted a folder in, by name."""
        shown = by_name(request, Library.objects.visible_to(request.user))
        results = [LibrarySerializer(library).data for library in shown.items]
        return Response({"results": results, "next_cursor": shown.next_cursor})

    @extend_schema(request=LibrarySerializer, responses={201: LibraryDetailSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a library; the caller becomes its manager."""
        data = validated(LibrarySerializer(data=request.data))
        library = Library.found(caller(request), **data)
        body = LibraryDetailSerializer(library, context={"request": request}).data
        return Response(body, status.HTTP_201_CREATED)


class LibraryDetail(ObjectView, LibraryView):
    scopes = {"PATCH": Scope.ADMIN, "DELETE": Scope.ADMIN}

    @cached_property
    def library(self) -> Library:
        return found(self.locked(Library.objects.visible_to(self.request.user)), pk=self.kwargs["library_id"])

    def body(self) -> Any:
        return LibraryDetailSerializer(self.library, context={"request": self.request}).data

    @extend_schema(responses={200: LibraryDetailSerializer})
    def get(self, request: Request, library_id: str) -> Response:
        """A library, the caller's role, and how far it is indexed."""
        return self.tell()

    @extend_schema(
        request=LibrarySerializer,
        responses={200: LibraryDetailSerializer},
    )
    @if_match
    def patch(self, request: Request, library_id: str) -> Response:
        """Rename it, or change its language (managers)."""
        self.library.require(request.user, Role.MANAGER)
        serializer = LibrarySerializer(self.library, data=request.data, partial=True)
        validated(serializer)
        serializer.save()
        return self.tell()

    @extend_schema(
        parameters=[
            OpenApiParameter("purge", OpenApiTypes.BOOL, description="With all its assets and files, for good."),
        ],
        responses={204: None},
    )
    @if_match
    def delete(self, request: Request, library_id: str) -> Response:
        """Remove an empty library, or with `purge=true` any (managers)."""
        self.library.require(request.user, Role.MANAGER)
        caller(request).grant.require(Scope.DELETE)
        if not boolean(request.query_params, "purge", default=False) and self.library.assets.exists():
            raise LibraryNotEmpty
        self.library.purge()
        return Response(status=status.HTTP_204_NO_CONTENT)
