import uuid
from collections import defaultdict
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from media_library import natural
from media_library.models.library import Library

if TYPE_CHECKING:
    from media_library.models.user import User


class FolderQuerySet(models.QuerySet["Folder"]):
    def visible_to(self, user: "User | AnonymousUser") -> "FolderQuerySet":
        return self.filter(library__in=Library.objects.visible_to(user))


class Folder(models.Model):
    """A node of a library's folder tree."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="folders")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    name = models.CharField(_("name"), max_length=255)
    words = SearchVectorField(null=True, editable=False)  # kept by a trigger

    objects = FolderQuerySet.as_manager()

    class Meta:
        ordering = [natural.key("name"), "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["library", "parent", "name"], name="folder_name_unique", nulls_distinct=False
            ),
        ]
        indexes = [GinIndex(fields=["words"], name="folder_words")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def paths(cls, library: Library) -> dict[uuid.UUID, str]:
        """The path of every folder of a library, such as `travel/2024`: one query."""
        rows = {pk: (name, parent) for pk, name, parent in library.folders.values_list("pk", "name", "parent_id")}
        known: dict[uuid.UUID, str] = {}
        for pk in rows:
            line = [pk]  # a folder and those above it, as far as no path is known
            while (parent := rows[line[-1]][1]) and parent not in known and len(line) <= len(rows):
                line.append(parent)
            for each in reversed(line):
                name, above = rows[each]
                known[each] = f"{known[above]}/{name}" if above else name
        return known

    @classmethod
    def at(cls, library: Library, path: str) -> "Folder | None":
        """The folder of a path, if there is one."""
        folder: Folder | None = None
        for name in path.strip("/").split("/"):
            folder = library.folders.filter(parent=folder, name=name).first()
            if folder is None:
                return None
        return folder

    @property
    def path(self) -> str:
        return "/".join(folder.name for folder in (*self.ancestors(), self))

    def subtree_ids(self) -> list[uuid.UUID]:
        """This folder's id and those of every folder below it: one query, whatever the depth."""
        children = defaultdict(list)
        for id_, parent_id in Folder.objects.filter(library_id=self.library_id).values_list("id", "parent_id"):
            children[parent_id].append(id_)
        found = [self.id]
        for id_ in found:
            found.extend(children[id_])
        return found

    def ancestors(self) -> list["Folder"]:
        """The folders above this one, outermost first."""
        folders = {folder.id: folder for folder in Folder.objects.filter(library_id=self.library_id)}
        above: list[Folder] = []
        parent_id = self.parent_id
        while parent_id and len(above) < len(folders):
            above.append(folders[parent_id])
            parent_id = folders[parent_id].parent_id
        return above[::-1]
