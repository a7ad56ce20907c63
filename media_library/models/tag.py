from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from media_library.models.library import Library

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from media_library.models.user import User

MAX_TAGS = 100  # of one asset


class TagQuerySet(models.QuerySet["Tag"]):
    def named(self, names: list[str]) -> "TagQuerySet":
        """Tags with one of these names; case does not count."""
        return self.alias(lower_name=Lower("name")).filter(lower_name__in=[name.lower() for name in names])

    def seen_in(self, library: Library, user: "User | AnonymousUser | None") -> "TagQuerySet":
        """Those of a library that `user` may see: of who was granted folders alone, what live pictures there have."""
        rows, branches = self.filter(library=library), library.branches_of(user)
        if branches is None:
            return rows
        tagged = Tag.assets.through.objects.filter(asset__folder__pk__any_of=list(branches), asset__deleted_at=None)
        return rows.filter(pk__in=tagged.values("tag"))


class Tag(models.Model):
    library = models.ForeignKey(Library, models.CASCADE, related_name="tags")
    name = models.CharField(_("name"), max_length=100)
    words = SearchVectorField(null=True, editable=False)  # kept by a trigger

    objects = TagQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("library", Lower("name"), name="tag_name_unique"),
        ]
        indexes = [GinIndex(fields=["words"], name="tag_words")]

    def __str__(self) -> str:
        return self.name
