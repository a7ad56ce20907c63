from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import changes, keyset, parameters, resources
from dam.contracts.cloudinary.keyset import Key
from dam.contracts.cloudinary.search import folder_body
from dam.contracts.cloudinary.views import CloudView
from dam.errors import AppError, InvalidRequest, NotFound
from media_library import ingest
from media_library.models import Folder, Role


class NotEmpty(AppError):
    code = "folder_not_empty"
    status = 400


class FolderTaken(AppError):
    code = "name_taken"
    status = 409


class FoldersView(CloudView):
    def listing(self, folders: QuerySet[Folder]) -> Response:
        limit = parameters.max_results(self.params)
        found, cursor = keyset.page(folders, [Key("name")], limit, parameters.text(self.params, "next_cursor"))
        paths = resources.folder_paths(self.library)
        body: dict[str, Any] = {"folders": [folder_body(folder, paths[folder.pk]) for folder in found]}
        return Response(body | {"total_count": folders.count(), "next_cursor": cursor})

    def folder(self, path: str) -> Folder:
        folder = resources.folder_at(self.library, path)
        if folder is None:
            raise NotFound(_("Can't find folder with path %(path)s") % {"path": path[:255]})
        return folder


class RootFolders(FoldersView):
    def get(self, request: Request, cloud: str) -> Response:
        return self.listing(self.library.folders.filter(parent=None))


class FolderAt(FoldersView):
    def get(self, request: Request, cloud: str, path: str) -> Response:
        """The folders in this one."""
        return self.listing(self.folder(path).children.all())

    def post(self, request: Request, cloud: str, path: str) -> Response:
        """Make it, with all above it; one that is there is no failure."""
        folder = changes.ensure_folder(self.library, self.user, path)
        if folder is None:
            raise InvalidRequest(_("Name the folder."))
        return Response({"success": True} | folder_body(folder, resources.folder_paths(self.library)[folder.pk]))

    def put(self, request: Request, cloud: str, path: str) -> Response:
        """Rename or move it."""
        self.library.require(self.user, Role.EDITOR)
        folder = self.folder(path)
        before = folder_body(folder, path.strip("/"))
        above, _slash, name = parameters.required(self.params, "to_folder").strip("/").rpartition("/")
        if not (name := ingest.clean_name(name)):
            raise InvalidRequest(_("Name the folder."))
        with transaction.atomic():
            parent = changes.ensure_folder(self.library, self.user, above)
            if parent and parent.pk in folder.subtree_ids():
                raise InvalidRequest(_("A folder cannot be moved into itself."))
            folder.name, folder.parent = name, parent
            try:
                with transaction.atomic():
                    folder.save(update_fields=["name", "parent"])
            except IntegrityError:
                raise FolderTaken(_("There is already a folder with this name there.")) from None
        after = folder_body(folder, resources.folder_paths(self.library)[folder.pk])
        return Response({"from": before, "to": after})

    def delete(self, request: Request, cloud: str, path: str) -> Response:
        """With the empty folders in it. What lies in the trash comes to lie outside of folders."""
        self.library.require(self.user, Role.EDITOR)
        folder = self.folder(path)
        ids = folder.subtree_ids()
        paths = resources.folder_paths(self.library)
        with transaction.atomic():
            if self.assets.filter(folder__in=ids).exists():
                raise NotEmpty(_("Folder is not empty"))
            folder.delete()
        return Response({"deleted": [paths[pk] for pk in ids]})
