"""The same searches under two models, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from dam.errors import AppError, StrOrPromise
from media_library.models import User
from search import queries
from search.models import EmbeddingModel
from search.queries import Hit
from search.query import Query

SHOWN = 10


@dataclass(frozen=True)
class Side:
    """What one model answers: hits, or the sentence of what is wrong."""

    model: EmbeddingModel
    hits: list[Hit]
    problem: StrOrPromise = ""


@dataclass(frozen=True)
class Compared:
    query: Query
    sides: list[Side]

    @property
    def overlap(self) -> int:
        """How many pictures are among the first SHOWN of every side."""
        found = [{hit.asset.pk for hit in side.hits} for side in self.sides]
        return len(set.intersection(*found))

    @property
    def shown(self) -> int:
        return max(len(side.hits) for side in self.sides)


def compare(wanted: Sequence[Query], user: User, models: Sequence[EmbeddingModel]) -> list[Compared]:
    """The first SHOWN hits of each query under each model. One model after the other, so that each is loaded once."""
    columns = [[answer(query, user, model) for query in wanted] for model in models]
    return [Compared(query, list(sides)) for query, *sides in zip(wanted, *columns, strict=True)]


def answer(query: Query, user: User, model: EmbeddingModel) -> Side:
    try:
        return Side(model, queries.run(query, user, limit=SHOWN, model=model).hits)
    except AppError as error:
        return Side(model, [], error.message)
