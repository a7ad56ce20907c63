from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import keyset, parameters
from dam.contracts.cloudinary.keyset import Key
from dam.contracts.cloudinary.search import folder_body
from dam.contracts.cloudinary.views import CloudView
from dam.errors import InvalidRequest, NotFound
from media_library import folders
from media_library.folders import FolderNotEmpty
from media_library.models import Folder, Role


class FoldersView(CloudView):
    def listing(self, rows: QuerySet[Folder]) -> Response:
        limit = parameters.max_results(self.params)
        found, cursor = keyset.page(rows, [Key("name")], limit, parameters.text(self.params, "next_cursor"))
        paths = Folder.paths(self.library)
        body: dict[str, Any] = {"folders": [folder_body(folder, paths[folder.pk]) for folder in found]}
        return Response(body | {"total_count": rows.count(), "next_cursor": cursor})

    def folder(self, path: str) -> Folder:
        folder = Folder.at(self.library, path)
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
        folder = folders.ensure(self.library, self.user, path)
        if folder is None:
            raise InvalidRequest(_("Name the folder."))
        return Response({"success": True} | folder_body(folder, folder.path))

    def put(self, request: Request, cloud: str, path: str) -> Response:
        """Rename or move it."""
        self.library.require(self.user, Role.EDITOR)
        folder = self.folder(path)
        before = folder_body(folder, path.strip("/"))
        above, _slash, name = parameters.required(self.params, "to_folder").strip("/").rpartition("/")
        with transaction.atomic():
            parent = folders.ensure(self.library, self.user, above)
            folders.move(folder, self.user, parent, folders.clean_name(name))
        return Response({"from": before, "to": folder_body(folder, folder.path)})

    def delete(self, request: Request, cloud: str, path: str) -> Response:
        """With the empty folders in it. What lies in the trash comes to lie outside of folders."""
        self.library.require(self.user, Role.EDITOR)
        folder = self.folder(path)
        ids, paths = folder.subtree_ids(), Folder.paths(self.library)
        if self.assets.filter(folder__in=ids).exists():
            raise FolderNotEmpty(_("Folder is not empty"), status=400)
        folders.remove(folder, self.user, recursive=True)
        return Response({"deleted": [paths[pk] for pk in ids]})
