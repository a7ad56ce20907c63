"""The visual and the keyword ranking as one, by reciprocal rank.

    score(asset) = 1 / (K + rank by looks)  +  WORDS * share / (K + rank by words)

After Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods"
(SIGIR 2009), with K as there, and two changes, measured in docs/search.md. Equal matches share a rank, so that looks
decide between fifty pictures with the same tag. And a match counts by the share of the query that it explains: a
picture called *red* is little evidence for "a red dress on a beach", and all there is for "red".
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import isnan, nan
from typing import Any
from uuid import UUID

from media_library import words
from media_library.models import Asset, AssetQuerySet, Library, User
from media_library.models.words import Match
from media_library.words import Term
from search import nearest
from search.models import EmbeddingModel
from search.nearest import Nearest, Vector
from search.query import Query

K = 60
WORDS = 1.5
VISUAL = "visual"
# What words have found is called visual, too, if it is among so many nearest: in a small library all are ranked.
NEAR = 50


@dataclass(frozen=True, slots=True)
class Fused:
    ids: list[UUID]
    distances: list[float | None]  # None: found by its words, and has no vector
    terms: tuple[Term, ...] = ()
    by_words_alone: frozenset[UUID] = frozenset()
    by_words: frozenset[UUID] = frozenset()  # those and what looks would have shown as well
    more_by_words: bool = False  # what words have found is still to come, in the rest of an incomplete ranking

    @property
    def distances_by_looks(self) -> list[float | None]:
        """None, too, for what looks alone would not have shown: how far it is off says nothing of how well it fits."""
        alone = self.by_words_alone
        return (
            [None if pk in alone else distance for pk, distance in zip(self.ids, self.distances, strict=True)]
            if alone
            else self.distances
        )

    @property
    def distances_if_only_by_looks(self) -> list[float | None]:
        """None for all that words have found, too: that a name says what was asked for is no weak match."""
        if not self.by_words:
            return self.distances
        found = zip(self.ids, self.distances, strict=True)
        return [None if pk in self.by_words else distance for pk, distance in found]

    def only(self, ids: Sequence[UUID]) -> "Fused":
        """These of its hits, in this order."""
        distances = dict(zip(self.ids, self.distances, strict=True))
        return replace(self, ids=list(ids), distances=[distances[pk] for pk in ids])

    def followed_by(self, other: "Fused", most: int) -> "Fused":
        """What was shown stays where it was; what else the other ranking has comes after it."""
        known = set(self.ids)
        more = [pair for pair in zip(other.ids, other.distances, strict=True) if pair[0] not in known]
        return Fused(
            [*self.ids, *(asset_id for asset_id, _distance in more)][:most],
            [*self.distances, *(distance for _asset_id, distance in more)][:most],
            other.terms,
            self.by_words_alone | other.by_words_alone,
            self.by_words | other.by_words,
            other.more_by_words,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as bytes: every search keeps one, and up to a thousand ids one by one take a millisecond."""
        distances = array("d", [nan if distance is None else distance for distance in self.distances])
        words = (self.terms, packed(self.by_words_alone), packed(self.by_words), self.more_by_words)
        return unpacked, (packed(self.ids), distances.tobytes(), *words)


def packed(ids: Iterable[UUID]) -> bytes:
    return b"".join([pk.bytes for pk in ids])


def unpacked(ids: bytes, distances: bytes, terms: tuple[Term, ...], alone: bytes, by_words: bytes, more: bool) -> Fused:  # noqa: FBT001
    pks, only_words, words = (
        [UUID(bytes=part[at : at + 16]) for at in range(0, len(part), 16)] for part in (ids, alone, by_words)
    )
    known = [None if isnan(distance) else distance for distance in array("d", distances)]
    return Fused(pks, known, terms, frozenset(only_words), frozenset(words), more)


def visual_only(found: Nearest) -> Fused:
    neighbours = found.neighbours
    return Fused([neighbour.id for neighbour in neighbours], [neighbour.distance for neighbour in neighbours])


def fuse(
    query: Query,
    user: User,
    vector: Vector,
    found: Nearest,
    scope: AssetQuerySet,
    model: EmbeddingModel,
    most: int,
) -> Fused:
    """The best `most` of what is nearest to `vector` and what has words of the query's text, within `scope`.

    Of an incomplete visual ranking only as many places are given as it has: below, nearer ones may be missing.
    """
    near = {neighbour.id: neighbour.distance for neighbour in found.neighbours}
    terms = words.terms(query.library, query.text, user)
    scope = without(scope, query, user)
    matches = scope.ranked_by_words(terms)
    if matches.common:  # then looks say which of them
        matches = scope.filter(pk__in=list(near)).ranked_by_words(terms)
    ids = by_reciprocal_rank(list(near), matches.found)[: most if found.complete else len(near)]
    known = near | distances([asset_id for asset_id in ids if asset_id not in near], vector, model)
    seen = set(list(near)[:NEAR])
    alone = frozenset(match.asset_id for match in matches.found if match.asset_id not in seen)
    matched = {match.asset_id for match in matches.found}
    by_words = frozenset(matched.intersection(ids))
    more = not found.complete and len(by_words) < len(matched)
    return Fused(ids, [known.get(asset_id) for asset_id in ids], tuple(matches.terms), alone, by_words, more)


def by_reciprocal_rank(near: Sequence[UUID], matches: Iterable[Match]) -> list[UUID]:
    """Both rankings, best first, as one; of equals what is nearer comes first, then by id."""
    score = {asset_id: 1 / (K + rank) for rank, asset_id in enumerate(near, 1)}
    place = {asset_id: rank for rank, asset_id in enumerate(near)}
    for rank, (_score, equals) in enumerate(groupby(matches, key=lambda match: round(match.score, 6)), 1):
        for match in equals:
            score[match.asset_id] = score.get(match.asset_id, 0) + WORDS * match.share / (K + rank)
    return sorted(score, key=lambda asset_id: (-score[asset_id], place.get(asset_id, len(near)), asset_id))


def without(scope: AssetQuerySet, query: Query, user: User) -> AssetQuerySet:
    """Less what has all the words of a text that is not wanted."""
    library = Asset.objects.filter(library=query.library)  # not the scope, which would double with every text
    for text in query.not_text:
        if terms := words.terms(query.library, text, user, whole=True):
            unwanted = library.order_by()
            for term in terms:
                unwanted = unwanted.with_word(term)
            scope = scope.exclude(pk__in=unwanted.values("pk"))
    return scope


def distances(ids: list[UUID], vector: Vector, model: EmbeddingModel) -> dict[UUID, float]:
    """Of those that have a vector and are not excluded from visual search."""
    if not ids:
        return {}
    assets = Asset.objects.filter(pk__in=ids, visual_search=True)
    return {found.id: found.distance for found in nearest.exact(vector, assets, len(ids), model)}


def reasons(library: Library, user: User, ids: Sequence[UUID], fused: Fused) -> dict[UUID, tuple[str, ...]]:
    """Why each of these is a hit: `visual`, and where which of the words are (`media_library.words.reasons`)."""
    by_words = words.reasons(library, ids, fused.terms, user) if fused.terms else {}
    return {
        asset_id: (*(() if asset_id in fused.by_words_alone else (VISUAL,)), *by_words.get(asset_id, ()))
        for asset_id in ids
    }
