from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from media_library.models.library import Library

MAX_TAGS = 100  # of one asset


class TagQuerySet(models.QuerySet["Tag"]):
    def named(self, names: list[str]) -> "TagQuerySet":
        """Tags with one of these names; case does not count."""
        return self.alias(lower_name=Lower("name")).filter(lower_name__in=[name.lower() for name in names])


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
