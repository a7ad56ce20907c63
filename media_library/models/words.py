from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import models

from media_library.models.asset import Asset


class AssetWords(models.Model):
    """The words of an asset's own texts, kept by triggers of the database: names (weight A), description and
    alternative text (C), values of the metadata (D), and the ends of the words of its name (after a tilde).

    Those of tags and folders stand in their own rows, so that renaming one changes one row.
    """

    asset = models.OneToOneField(Asset, models.CASCADE, primary_key=True, related_name="words")
    language = models.CharField(max_length=20)  # that the words were stemmed in
    lexemes = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["lexemes"], name="asset_words", fastupdate=False)]

    def __str__(self) -> str:
        return str(self.asset_id)


class Parsed(SearchQuery):
    """A tsquery that PostgreSQL has parsed before."""

    template = "(%(expressions)s)::tsquery"
