import uuid
from collections import defaultdict

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from media_library.models.library import Library


class Folder(models.Model):
    """A node of a library's folder tree."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="folders")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    name = models.CharField(_("name"), max_length=255)
    words = SearchVectorField(null=True, editable=False)  # kept by a trigger

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["library", "parent", "name"], name="folder_name_unique", nulls_distinct=False
            ),
        ]
        indexes = [GinIndex(fields=["words"], name="folder_words")]

    def __str__(self) -> str:
        return self.name

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
