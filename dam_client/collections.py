from collections.abc import Iterable, Iterator
from typing import Any

from dam_client.filters import parameters
from dam_client.rows import Id, Rows, id_of
from dam_client.shapes import Asset, Collection
from dam_client.transport import Transport


class Collections(Rows[Collection]):
    """`create(name=…)` makes one to pick for by hand; with `params` it holds what a search or filters find."""

    def __init__(self, transport: Transport, path: str) -> None:
        super().__init__(transport, path, Collection)

    def assets(self, collection: Collection | Id, *, limit: int | None = None, **filters: Any) -> Iterator[Asset]:
        rows = self._transport.rows(f"{self._of(collection)}assets/", parameters(filters), limit=limit)
        return (Asset.read(row) for row in rows)

    def add(
        self, collection: Collection | Id, assets: Iterable[Asset | Id], before: Asset | Id | None = None
    ) -> dict[str, Any]:
        """Put assets at its end, or before another one."""
        body = {"assets": [id_of(asset) for asset in assets]} | ({"before": id_of(before)} if before else {})
        path = f"{self._of(collection)}assets/"
        return dict(self._transport.json("POST", path, json=body, repeatable=True))

    def remove(self, collection: Collection | Id, assets: Iterable[Asset | Id]) -> dict[str, Any]:
        """Take assets out of it; none is deleted."""
        body = {"assets": [id_of(asset) for asset in assets]}
        path = f"{self._of(collection)}assets/remove/"
        return dict(self._transport.json("POST", path, json=body, repeatable=True))
