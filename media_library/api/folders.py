from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import folders
from media_library.api.base import PAGING, LibraryView, by_name, caller, example, found, listed, validated
from media_library.api.conditional import ObjectView, if_match
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.filters import boolean, folder_of, one
from media_library.models import Folder, FolderQuerySet

TOP = "none"
EXAMPLE = {
    "id": "2f6c0c5e-6d3c-4f5e-9d56-0f6f3b1d8a11",
    "name": "2024",
    "parent": "b7a1f0de-4c2b-4b9e-8f0e-3a5f6f0f1c22",
    "path": "Travel/2024",
    "folders": 3,
    "assets": 128,
}


class FolderSerializer(serializers.ModelSerializer[Folder]):
    """`context`: `paths`, and `assets` and `folders`, the counts of each; `seen`: the folders that the caller sees,
    None if those are all."""

    parent = serializers.SerializerMethodField(  # type: ignore[assignment]  # serializers have a parent themselves
        help_text="Null at the top, or where what the caller was granted begins."
    )
    path = serializers.SerializerMethodField(help_text="The names from the top down, with slashes.")
    folders = serializers.SerializerMethodField(help_text="How many folders are right in it.")
    assets = serializers.SerializerMethodField(help_text="How many live assets are right in it.")

    class Meta:
        model = Folder
        fields = ["id", "name", "parent", "path", "folders", "assets"]
        read_only_fields = fields

    def get_parent(self, folder: Folder) -> UUID | None:
        seen = self.context["seen"]
        return folder.parent_id if seen is None or folder.parent_id in seen else None

    def get_path(self, folder: Folder) -> str:
        return self.context["paths"][folder.pk]

    def get_folders(self, folder: Folder) -> int:
        return self.context["folders"].get(folder.pk, 0)

    def get_assets(self, folder: Folder) -> int:
        return self.context["assets"].get(folder.pk, 0)


@extend_schema_field({"type": "string", "maxLength": folders.MAX_NAME, "pattern": r"^[^/\\]*[^/\\.\s][^/\\]*$"})
class FolderNameField(serializers.CharField):
    """`folders.clean_name` says why it is none."""


class FolderChangesSerializer(serializers.Serializer[Any]):
    name = FolderNameField(max_length=folders.MAX_NAME, required=False)
    parent = serializers.PrimaryKeyRelatedField(  # type: ignore[assignment]
        queryset=Folder.objects.all(), required=False, allow_null=True, pk_field=serializers.UUIDField()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if library := self.context.get("library"):
            seen = Folder.objects.seen_in(library, self.context["user"])
            self.fields["parent"].queryset = seen  # type: ignore[attr-defined]


class NewFolderSerializer(FolderChangesSerializer):
    name = FolderNameField(max_length=folders.MAX_NAME)


class FolderView(LibraryView):
    @property
    def context(self) -> dict[str, Any]:
        """Of what is sent."""
        return {"library": self.library, "user": caller(self.request)}

    @property
    def folders(self) -> FolderQuerySet:
        """Those of the library that the caller may see."""
        return Folder.objects.seen_in(self.library, caller(self.request))

    def written(self, shown: Sequence[Folder]) -> list[Any]:
        """Three queries, however many there are."""
        ids = [folder.pk for folder in shown]
        assets = self.assets.live().filter(folder__in=ids).order_by()
        below = self.folders.filter(parent__in=ids).order_by()
        context = {
            "paths": Folder.paths(self.library, caller(self.request)),
            "seen": self.library.branches_of(self.request.user),
            "assets": dict(assets.values_list("folder").annotate(Count("pk"))),
            "folders": dict(below.values_list("parent").annotate(Count("pk"))),
        }
        return [FolderSerializer(folder, context=context).data for folder in shown]


class Folders(FolderView):
    @extend_schema(
        operation_id="folders_list",
        parameters=[
            *PAGING,
            OpenApiParameter("parent", OpenApiTypes.STR, description="Only those right in it; `none`: at the top."),
            OpenApiParameter("q", OpenApiTypes.STR, description="Only names that have this anywhere."),
        ],
        responses={200: listing("FolderList", FolderSerializer)},
        examples=[listed(EXAMPLE)],
    )
    def get(self, request: Request, library_id: str) -> Response:
        """The folders of the tree, by name; each names its parent and its path."""
        params = request.query_params
        rows = self.folders.filter(name__icontains=one(params, "q"))
        if (parent := one(params, "parent")) == TOP:
            is_whole = self.library.branches_of(request.user) is None
            rows = rows.filter(parent=None) if is_whole else rows.exclude(parent__in=self.folders.order_by())
        elif parent:
            rows = rows.filter(parent=folder_of(self.library, parent, caller(request)))
        shown = by_name(request, rows)
        return Response({"results": self.written(shown.items), "next_cursor": shown.next_cursor})

    @extend_schema(
        request=NewFolderSerializer,
        responses={201: FolderSerializer},
        examples=[example({"name": "2024", "parent": EXAMPLE["parent"]}, of="request"), example(EXAMPLE)],
    )
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Make a folder, inside another one or at the top (contributors)."""
        data = validated(NewFolderSerializer(data=request.data, context=self.context))
        made = folders.make(self.library, caller(request), data["name"], data.get("parent"))
        return Response(self.written([made])[0], status.HTTP_201_CREATED)


class FolderDetail(ObjectView, FolderView):
    failures = {"PATCH": (422,)}

    @cached_property
    def folder(self) -> Folder:
        if self.locking:
            self.library.lock()
        return found(self.locked(self.folders.select_related("library")), pk=self.kwargs["folder_id"])

    def body(self) -> Any:
        return self.written([self.folder])[0]

    @extend_schema(
        responses={200: FolderSerializer},
        examples=[example(EXAMPLE)],
    )
    def get(self, request: Request, library_id: str, folder_id: str) -> Response:
        """One folder, with its path and counts."""
        return self.tell()

    @extend_schema(
        request=FolderChangesSerializer,
        responses={200: FolderSerializer},
        examples=[example({"name": "Summer 2024", "parent": None}, of="request"), example(EXAMPLE)],
    )
    @if_match
    def patch(self, request: Request, library_id: str, folder_id: str) -> Response:
        """Rename it, or move it with all that is in it; a null `parent` is the top (editors)."""
        data = validated(FolderChangesSerializer(data=request.data, context=self.context))
        if "parent" in data:
            folders.move(self.folder, caller(request), data["parent"], data.get("name", ""))
        elif "name" in data:
            folders.rename(self.folder, caller(request), data["name"])
        return self.tell()

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "recursive", OpenApiTypes.BOOL, description="With its folders; its pictures go to the trash."
            ),
        ],
        responses={204: None},
    )
    @if_match
    def delete(self, request: Request, library_id: str, folder_id: str) -> Response:
        """Remove an empty folder, or with `recursive=true` any (editors). No picture is lost."""
        recursive = boolean(request.query_params, "recursive", default=False)
        folders.remove(self.folder, caller(request), recursive=recursive)
        return Response(status=status.HTTP_204_NO_CONTENT)
