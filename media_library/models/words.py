import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import UUID

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from media_library.models.asset import Asset  # noqa: F401  # it is named in a string
    from media_library.words import Term

# How much it says that a word stands there. Description and metadata tell of many things, a folder holds many.
NAME, TAG, DESCRIPTION, METADATA, FOLDER = 1.0, 0.9, 0.6, 0.5, 0.3
BEGINNING = 0.5  # of that, for the beginning of a word
# A word that more assets of the scope have says too little about each to be worth the time of looking at them all.
COMMON = 1000

# Asset and weight, for whatever within a scope has a word there. Tags, folders and choices are those that have it.
TEXTS = """
SELECT asset_id, CASE WHEN ts_filter(lexemes, '{{a}}') @@ %s::tsquery THEN %s::float8
    WHEN ts_filter(lexemes, '{{c}}') @@ %s::tsquery THEN %s::float8 ELSE %s::float8 END
  FROM media_library_assetwords WHERE lexemes @@ %s::tsquery AND asset_id IN ({scope})"""
TAGS = """
SELECT asset_id, %s::float8 FROM media_library_asset_tags WHERE tag_id = ANY(%s) AND asset_id IN ({scope})"""
FOLDERS = "SELECT id, %s::float8 FROM ({scope}) AS inside (id)"
CHOICES = """
SELECT asset_id, %s::float8 FROM media_library_metadatavalue WHERE choice_id = ANY(%s) AND asset_id IN ({scope})"""

# The assets of one place, with how many they are; where they are too many, one of them.
PLACE = """
(SELECT {n}, asset_id, weight, number
  FROM (SELECT *, count(*) OVER () AS number, row_number() OVER () AS at
    FROM ({place} LIMIT {most} + 1) AS found (asset_id, weight)) AS counted
  WHERE at = 1 OR number <= {most})"""


class AssetWords(models.Model):
    """The words of an asset's own texts, kept by triggers of the database: names (weight A), description and
    alternative text (C), values of the metadata (D), and the ends of the words of its name (after a tilde).

    Those of tags, folders and choices stand in their own rows, so that renaming one changes one row.
    """

    asset = models.OneToOneField("media_library.Asset", models.CASCADE, primary_key=True, related_name="words")
    language = models.CharField(max_length=20)  # that the words were stemmed in
    lexemes = SearchVectorField()

    class Meta:
        verbose_name = verbose_name_plural = _("words of assets")
        indexes = [GinIndex(fields=["lexemes"], name="asset_words", fastupdate=False)]

    def __str__(self) -> str:
        return str(self.asset_id)


class Match(NamedTuple):
    asset_id: UUID
    score: float  # how well, above 0 and at most 1
    share: float  # how much of what was typed, rare words counting most; 1 if all of it


@dataclass(frozen=True)
class Matches:
    found: list[Match]  # the best first, ties by id
    terms: list["Term"]  # what was looked for in the end
    common: bool = False  # every word is too common for a ranking in this scope


class Parsed(SearchQuery):
    """A tsquery as PostgreSQL has written it."""

    template = "(%(expressions)s)::tsquery"


class WordsQuerySet(models.QuerySet["Asset"]):
    """Assets by their words."""

    def with_word(self, term: "Term") -> Self:
        """Those that have it in a text of their own, in a tag, in a choice, or in the name of a folder above them."""
        assets = self.model.objects.order_by().values("pk")
        places = [assets.filter(words__lexemes=Parsed(term.query))]
        if term.tags:
            places.append(assets.filter(tags__in=term.tags))
        if term.folders:
            places.append(assets.filter(folder__pk__any_of=list(term.folders)))
        if term.choices:
            places.append(assets.filter(metadata_values__choice__in=term.choices))
        return self.filter(pk__in=places[0].union(*places[1:]) if len(places) > 1 else places[0])

    def ranked_by_words(self, terms: "Sequence[Term]", most: int = 1000) -> Matches:
        """The best matches for what `words.terms` made of a text. One query; one more if the last word is none and may
        be the beginning of one, and one more if every word is common.

        A word counts by its rarity, ln(1 + COMMON / assets that have it), times the weight of the best place where it
        stands. Those that more than COMMON assets have are left out, unless all are: then what has all of them counts.
        """
        asked = [term for term in terms if not term.prefix]
        if not asked:
            return Matches([], [])
        weights = self.weights(asked)
        if terms[-1].prefix and weights[-1] == {}:
            asked[-1] = terms[-1]
            weights[-1:] = self.weights(asked[-1:])
        telling = {n: have for n, have in enumerate(weights) if have is not None}
        rarity = {n: math.log1p(COMMON / max(1, len(have))) for n, have in telling.items()}
        if not rarity:
            return self.with_all(asked)
        total = sum(rarity.values())
        score: dict[UUID, float] = {}
        share: dict[UUID, float] = {}
        for n, rare in rarity.items():
            for asset_id, weight in telling[n].items():
                score[asset_id] = score.get(asset_id, 0) + rare * weight / total
                share[asset_id] = share.get(asset_id, 0) + rare / total
        best = sorted((-value, asset_id) for asset_id, value in score.items())[:most]
        found = [Match(asset_id, -value, share[asset_id]) for value, asset_id in best]
        return Matches(found, asked)

    def weights(self, terms: "Sequence[Term]") -> list[dict[UUID, float] | None]:
        """For each word, what has it and the weight of the best place; None for a common word."""
        found: list[dict[UUID, float]] = [{} for _term in terms]
        most = [0] * len(terms)
        try:
            scope = self.order_by().values("pk").query.sql_with_params()
            places = [(n, *place) for n, term in enumerate(terms) for place in self.places(term, *scope)]
        except EmptyResultSet:
            return list(found)
        with connection.cursor() as cursor:
            sql = " UNION ALL ".join(PLACE.format(n=n, place=place, most=COMMON) for n, place, _values in places)
            cursor.execute(sql, [value for _n, _place, values in places for value in values])
            for n, asset_id, weight, number in cursor.fetchall():
                found[n][asset_id] = max(weight, found[n].get(asset_id, 0))
                most[n] = max(most[n], number, len(found[n]))
        return [None if number > COMMON else have for have, number in zip(found, most, strict=True)]

    def places(self, term: "Term", scope: str, params: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
        """Where a term may be, as SQL with its parameters; `scope` are these assets. Written out: a long text has many,
        and Django's ORM takes longer to build them than PostgreSQL to look there."""
        factor = BEGINNING if term.prefix else 1.0
        query = term.query
        weights = [query, factor * NAME, query, factor * DESCRIPTION, factor * METADATA, query]
        yield TEXTS.format(scope=scope), [*weights, *params]
        if term.tags:
            yield TAGS.format(scope=scope), [TAG, list(term.tags), *params]
        if term.folders:  # within the scope, not beside it: then PostgreSQL would read all of it for a thousand
            inside = self.order_by().filter(folder__pk__any_of=list(term.folders)).values("pk")
            within, params_within = inside.query.sql_with_params()
            yield FOLDERS.format(scope=within), [FOLDER, *params_within]
        if term.choices:
            yield CHOICES.format(scope=scope), [factor * METADATA, list(term.choices), *params]

    def with_all(self, terms: "Sequence[Term]") -> Matches:
        """What has all of several common words, if that is not too common itself."""
        assets = self.order_by()
        for term in terms:
            assets = assets.with_word(term)
        ids = sorted(assets.values_list("pk", flat=True)[: COMMON + 1]) if len(terms) > 1 else []
        if not 0 < len(ids) <= COMMON:
            return Matches([], list(terms), common=True)
        return Matches([Match(asset_id, 1.0, 1.0) for asset_id in ids], list(terms))
