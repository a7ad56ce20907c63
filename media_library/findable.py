"""What the search app knows of assets, asked here because `media_library` never imports `search`.

`search` puts its answers into `index` and `search` when the apps are loaded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from media_library.models import Asset, AssetQuerySet, Collection, Library, User


@dataclass(frozen=True)
class Progress:
    """How far a library's live, findable pictures are indexed under the active model."""

    findable: AssetQuerySet
    pending: int
    failed: int

    @cached_property
    def total(self) -> int:
        """Counted when it is asked for: of a large library it takes longer than a search, and most pages need not."""
        return self.findable.count()

    @property
    def indexed(self) -> int:
        return max(0, self.total - self.pending - self.failed)

    @property
    def percent(self) -> int:
        return 100 if not self.total else int(100 * self.indexed / self.total)


@dataclass(frozen=True)
class Lookalikes:
    """Assets that a given one may be a duplicate of; `pending`: it has not been compared yet."""

    ids: list[UUID]
    pending: bool


STATES = ["pending", "running", "done", "failed", "skipped"]


@dataclass(frozen=True)
class Stage:
    """A step in the life of an asset: `name`, how it stands (one of STATES), what does it (a model, a detector) or is
    done (a version), for which region, where it is one, and the name of the person who asked for it."""

    name: str
    state: str
    by: str = ""
    region: str = ""
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = 0
    error_code: str = ""
    error: str = ""
    who: str = ""


class Index(Protocol):
    def indexed_ids(self, assets: Iterable[Asset]) -> set[UUID]: ...

    def standing(self, assets: Iterable[Asset]) -> tuple[set[UUID], dict[UUID, str]]:
        """Those that are indexed, and why others could not be."""
        ...

    def progress(self, library: Library, user: User | AnonymousUser | None) -> Progress:
        """Of what `user` sees of it."""
        ...

    def model_name(self) -> str: ...

    def lookalikes(self, asset: Asset, user: User | AnonymousUser) -> Lookalikes: ...

    def history(self, asset: Asset) -> list[Stage]: ...

    def reindex(self, asset: Asset) -> None: ...

    def saveable(self, library: Library, user: User, params: Mapping[str, Any]) -> dict[str, list[str]]:
        """The parameters of a query, checked and as they may be kept. Raises InvalidRequest or NotFound."""
        ...

    def ranked(self, collection: Collection, user: User) -> list[UUID]:
        """What a collection that is a search finds now, the best first. Raises what the search does."""
        ...


index: Index


class Search(Protocol):
    SEARCH_PARAMETERS: frozenset[str]  # any of them makes a search of what would be a list

    def found(self, library: Library, user: User, params: Mapping[str, Any], most: int) -> list[UUID]: ...


search: Search
