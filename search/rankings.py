"""What a search has ranked, remembered so that paging never searches again, skips or repeats."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from django.core.cache import cache

from media_library.models import User
from search.fusion import Fused
from search.models import EmbeddingModel
from search.relevance import Band, Bands
from search.stacks import Stacks

RANKING = 1000  # how many of the nearest are ranked and can be paged through
REMEMBERED_SECONDS = 1800

Plan = Literal["exact", "index"]


@dataclass(frozen=True, slots=True)
class Ranking:
    token: str
    fused: Fused
    plan: Plan
    complete: bool  # false: the first of RANKING, the rest is ranked when somebody pages that far
    model_id: int
    bands: Bands
    weak_from: int | None  # where the weak ones begin; once somebody has seen it, it stays
    stacks: Stacks = field(default_factory=dict)  # of a collapsed search, where `fused` has the best of each

    @classmethod
    def of(cls, fused: Fused, plan: Plan, bands: Bands, model: EmbeddingModel, *, complete: bool) -> "Ranking":
        return cls(secrets.token_urlsafe(12), fused, plan, complete, model.pk, bands, weak_from(fused, bands))

    @property
    def total(self) -> int:
        return len(self.fused.ids) if self.complete else RANKING

    @property
    def strong(self) -> int:
        return self.bands.strong_among(self.fused.distances_by_looks)

    def band_at(self, position: int) -> Band | None:
        found_by_looks = self.fused.ids[position] not in self.fused.by_words_alone
        return self.bands.of(self.fused.distances[position]) if found_by_looks else None

    def distance_of(self, pk: UUID, position: int) -> float | None:
        """Of the hit that stands there: the best of a stack, or the next one if that has gone."""
        head = self.fused.ids[position]
        return self.fused.distances[position] if pk == head else self.stacks[head][pk]

    def weak_at(self, positions: Sequence[int], start: int) -> int | None:
        """Which of a page's hits, at these positions, is the first weak one, if no page before `start` had one."""
        if self.weak_from is None or start > self.weak_from:
            return None
        return next((at for at, position in enumerate(positions) if position >= self.weak_from), None)

    def followed_by(self, other: "Ranking") -> "Ranking":
        """What was shown stays where it was; what else the other ranking has comes after it."""
        fused = self.fused.followed_by(other.fused, RANKING)
        begins = weak_from(fused, self.bands) if self.weak_from is None else self.weak_from
        return replace(self, fused=fused, plan=other.plan, complete=other.complete, weak_from=begins)

    def remember(self, user: User) -> None:
        cache.set(key(user, self.token), self, REMEMBERED_SECONDS)


def weak_from(fused: Fused, bands: Bands) -> int | None:
    """Below the last hit that is not weak, or that words have found; not known before those have all come."""
    return None if fused.more_by_words else bands.weak_from(fused.distances_if_only_by_looks)


def remembered(user: User, token: str, model: EmbeddingModel) -> tuple[Ranking | None, EmbeddingModel]:
    """The ranking of a token and the model it goes on with: its own, though another one has been switched to since.

    When its own has been dropped, too, the search starts anew under `model`.
    """
    ranking: Ranking | None = cache.get(key(user, token)) if token else None
    if ranking is None or ranking.model_id == model.pk:
        return ranking, model
    own = EmbeddingModel.objects.kept().filter(pk=ranking.model_id).first()
    return (ranking, own) if own else (None, model)


def key(user: User, token: str) -> str:
    return f"ranking:4:{user.pk}:{token}"  # the number changes with the fields: older rankings cannot be read
