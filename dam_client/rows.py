"""What is listed, made, changed and removed by the same four requests: folders, tags, collections, webhooks …"""

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import UUID

from dam_client.shapes import Shape
from dam_client.transport import Transport

S = TypeVar("S", bound=Shape)
Id = UUID | str | int


class Rows(Generic[S]):
    def __init__(self, transport: Transport, path: str, shape: type[S]) -> None:
        self._transport = transport
        self._path = path
        self._shape = shape

    def __iter__(self) -> Iterator[S]:
        return self.list()

    def list(self, *, limit: int | None = None, **params: Any) -> Iterator[S]:
        """All of them, page after page."""
        return (self._shape.read(row) for row in self._transport.rows(self._path, plain(params), limit=limit))

    def get(self, row: Shape | Id) -> S:
        return self._shape.read(self._transport.json("GET", self._of(row)))

    def create(self, **values: Any) -> S:
        return self._shape.read(self._transport.json("POST", self._path, json=plain(values)))

    def update(self, row: Shape | Id, **values: Any) -> S:
        return self._shape.read(self._transport.json("PATCH", self._of(row), json=plain(values)))

    def delete(self, row: Shape | Id, **params: Any) -> None:
        self._transport.request("DELETE", self._of(row), params=plain(params))

    def _of(self, row: Shape | Id) -> str:
        return f"{self._path}{segment(row)}/"


def id_of(value: Any) -> str:
    """The id of an asset, folder or the like; an id stays as it is."""
    return str(value.id) if hasattr(value, "id") else str(value)


def segment(value: Any) -> str:
    """An id as one segment of a path, whatever somebody has typed for it."""
    return quote(id_of(value), safe="") or "-"


def plain(values: Any) -> Any:
    """What JSON and addresses hold: assets and folders by their ids, dates as ISO 8601."""
    if isinstance(values, Mapping):
        return {name: plain(value) for name, value in values.items()}
    if isinstance(values, list | tuple | set | frozenset):
        return [plain(value) for value in values]
    if hasattr(values, "id"):
        return id_of(values)
    if isinstance(values, UUID):
        return str(values)
    return values.isoformat() if hasattr(values, "isoformat") else values
