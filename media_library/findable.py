"""What the search app knows of assets, asked here because `media_library` never imports `search`.

`search` puts its answers into `index` when the apps are loaded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from media_library.models import Asset, Library


@dataclass(frozen=True)
class Progress:
    """How far a library's live, findable pictures are indexed under the active model."""

    total: int
    indexed: int
    pending: int
    failed: int

    @property
    def percent(self) -> int:
        return 100 if not self.total else int(100 * self.indexed / self.total)


class Index(Protocol):
    def indexed_ids(self, assets: Iterable[Asset]) -> set[UUID]: ...

    def failures(self, assets: Iterable[Asset]) -> dict[UUID, str]: ...

    def progress(self, library: Library) -> Progress: ...

    def model_name(self) -> str: ...


index: Index
