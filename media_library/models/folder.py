import uuid
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from media_library import natural
from media_library.models.library import Library

if TYPE_CHECKING:
    from media_library.models.user import User


# A library may have ten thousand folders: who wants a branch reads no more than that. Neither goes round in circles.
BELOW = """
WITH RECURSIVE found AS (
  SELECT id FROM media_library_folder WHERE id = %s
  UNION
  SELECT below.id FROM media_library_folder AS below JOIN found ON below.parent_id = found.id
)
SELECT id FROM found
"""
ABOVE = """
WITH RECURSIVE found AS (
  SELECT id, parent_id, 0 AS depth FROM media_library_folder WHERE id = %s
  UNION ALL
  SELECT above.id, above.parent_id, depth + 1
  FROM media_library_folder AS above JOIN found ON above.id = found.parent_id
) CYCLE id SET is_cycle USING path
SELECT folder.id, library_id, folder.parent_id, name FROM found JOIN media_library_folder AS folder USING (id)
WHERE depth > 0 AND NOT is_cycle ORDER BY depth DESC
"""


class FolderQuerySet(models.QuerySet["Folder"]):
    def seen_in(self, library: Library, user: "User | AnonymousUser | None") -> "FolderQuerySet":
        """Those of a library that `user` may see: of who was granted folders alone, these and what is below them."""
        branches = library.branches_of(user)
        rows = self.filter(library=library)
        return rows if branches is None else rows.filter(pk__any_of=list(branches))


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
    def paths(cls, library: Library, user: "User | AnonymousUser | None" = None) -> dict[uuid.UUID, str]:
        """The path of every folder of a library, such as `travel/2024`, as far as `user` sees it: one query."""
        seen = cls.objects.seen_in(library, user)
        rows = {pk: (name, parent) for pk, name, parent in seen.values_list("pk", "name", "parent_id")}
        known: dict[uuid.UUID, str] = {}
        for pk in rows:
            line = [pk]  # a folder and those above it, as far as no path is known
            while (parent := rows[line[-1]][1]) in rows and parent not in known and len(line) <= len(rows):
                line.append(parent)
            for each in reversed(line):
                name, above = rows[each]
                known[each] = f"{known[above]}/{name}" if above in known else name
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
        with connection.cursor() as cursor:
            cursor.execute(BELOW, [self.pk])
            return [pk for (pk,) in cursor.fetchall()]

    def ancestors(self, user: "User | AnonymousUser | None" = None) -> list["Folder"]:
        """The folders above this one, outermost first, as far as `user` sees them: one query."""
        branches = Library(pk=self.library_id).branches_of(user)
        return [each for each in Folder.objects.raw(ABOVE, [self.pk]) if branches is None or each.pk in branches]


class FolderTree:
    """The folders of a library as they stood when one of them was first asked for: one query, for who shows all of
    them and need not ask for one again. As far as `user` sees them."""

    def __init__(self, library: Library, user: "User | AnonymousUser | None" = None) -> None:
        self.library, self.user = library, user

    @cached_property
    def by_id(self) -> dict[uuid.UUID, Folder]:
        """By name."""
        seen = Folder.objects.seen_in(self.library, self.user)
        return {folder.id: folder for folder in seen.defer("words")}

    def below(self, folder: Folder) -> list[uuid.UUID]:
        """The folder's id and those of every folder below it."""
        children = defaultdict(list)
        for each in self.by_id.values():
            children[each.parent_id].append(each.id)
        found = [folder.id]
        for id_ in found:
            found.extend(children[id_])
        return found

    def above(self, folder: Folder) -> list[Folder]:
        """The folders that it is in, the outermost first."""
        found: list[Folder] = []
        parent_id = folder.parent_id
        while parent_id in self.by_id and len(found) < len(self.by_id):
            found.append(self.by_id[parent_id])
            parent_id = self.by_id[parent_id].parent_id
        return found[::-1]
