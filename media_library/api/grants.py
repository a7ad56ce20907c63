from typing import Any

from django.utils.functional import cached_property
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import grants
from media_library.api.base import LibraryView, caller, example, found, validated
from media_library.api.libraries import listing
from media_library.models import Folder, FolderGrant, Role
from media_library.scopes import ADMINISTERED

FOLDER = "2f6c0c5e-6d3c-4f5e-9d56-0f6f3b1d8a11"
EXAMPLE = {"id": 12, "user": "ann", "group": None, "level": "edit", "folder": FOLDER, "inherited": False}


class GrantSerializer(serializers.ModelSerializer[FolderGrant]):
    """`context["folder"]`: the folder that was asked about."""

    user = serializers.SerializerMethodField(help_text="A user name; null where it is a group's.")
    group = serializers.SerializerMethodField(help_text="The name of a group; null where it is a user's.")
    level = serializers.SerializerMethodField()
    folder: serializers.Field = serializers.PrimaryKeyRelatedField(read_only=True, help_text="Where it was granted.")
    inherited = serializers.SerializerMethodField(help_text="Whether that is a folder above this one.")

    class Meta:
        model = FolderGrant
        fields = ["id", "user", "group", "level", "folder", "inherited"]
        read_only_fields = fields

    def get_user(self, grant: FolderGrant) -> str | None:
        return grant.user.get_username() if grant.user else None

    def get_group(self, grant: FolderGrant) -> str | None:
        return grant.group.name if grant.group else None

    def get_level(self, grant: FolderGrant) -> str:
        return grants.NAMES[Role(grant.role)]

    def get_inherited(self, grant: FolderGrant) -> bool:
        return bool(grant.folder_id != self.context["folder"].pk)


class NewGrantSerializer(serializers.Serializer[Any]):
    """Exactly one of `user` and `group`, by its exact name."""

    rules = {"oneOf": [{"required": ["user"]}, {"required": ["group"]}]}

    user = serializers.CharField(max_length=150, required=False)
    group = serializers.CharField(max_length=150, required=False)
    level = serializers.ChoiceField(choices=list(grants.LEVELS), help_text="Each may what those before it may.")

    def validate_level(self, level: str) -> Role:
        return grants.LEVELS[level]


class GrantView(LibraryView):
    """A view below `/libraries/{library_id}/folders/{folder_id}/grants/`, for who manages the folder."""

    scopes = ADMINISTERED

    @cached_property
    def folder(self) -> Folder:
        seen = Folder.objects.seen_in(self.library, caller(self.request)).select_related("library")
        folder = found(seen, pk=self.kwargs["folder_id"])
        folder.library.require_in(self.request.user, Role.MANAGER, folder.pk)
        return folder


class Grants(GrantView):
    @extend_schema(
        operation_id="grants_list",
        responses={200: listing("GrantList", GrantSerializer)},
        examples=[example({"results": [EXAMPLE], "next_cursor": None})],
    )
    def get(self, request: Request, library_id: str, folder_id: str) -> Response:
        """Who was granted this folder, or one above it that the caller sees (managers of the library or the folder);
        never paged. Members of the library see it, too."""
        shown = grants.of(self.folder, caller(request))
        results = [GrantSerializer(grant, context={"folder": self.folder}).data for grant in shown]
        return Response({"results": results, "next_cursor": None})

    @extend_schema(
        request=NewGrantSerializer,
        responses={200: GrantSerializer, 201: GrantSerializer},
        examples=[
            OpenApiExample("To a user", request_only=True, value={"user": "ann", "level": "edit"}),
            OpenApiExample("To a group", request_only=True, value={"group": "Press", "level": "view"}),
            example(EXAMPLE),
        ],
    )
    def put(self, request: Request, library_id: str, folder_id: str) -> Response:
        """Grant the folder with all below it, or change what was granted (managers of the library or the folder). Whom
        has to be named exactly: users and groups cannot be listed."""
        folder = self.folder
        data = validated(NewGrantSerializer(data=request.data))
        to = {"username": data.get("user", ""), "group": data.get("group", "")}
        grant, made = grants.put(folder, caller(request), role=data["level"], **to)
        body = GrantSerializer(grant, context={"folder": folder}).data
        return Response(body, status.HTTP_201_CREATED if made else status.HTTP_200_OK)


class GrantDetail(GrantView):
    @extend_schema(operation_id="grants_destroy", responses={204: None})
    def delete(self, request: Request, library_id: str, folder_id: str, grant_id: int) -> Response:
        """Take back what was granted in this very folder (managers of the library or the folder)."""
        grant = found(self.folder.grants.select_related("folder__library"), pk=grant_id)
        grants.remove(grant, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
