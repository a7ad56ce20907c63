"""Searches: what they are made of, and their answer, page after page."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar
from uuid import UUID

from dam_client.rows import id_of
from dam_client.shapes import Anchor, Asset, Box, Ranked, Region, Shape
from dam_client.transport import MAX_PAGE, Transport

Area = Box | Mapping[str, float] | tuple[float, float, float, float]
Picture = Asset | Region | Anchor | UUID | Path | str | bytes | BinaryIO
AnyHit = TypeVar("AnyHit", bound=Ranked)


@dataclass(frozen=True)
class Crop:
    """A part of a picture to search with: fractions (x, y, width, height) of the upright picture."""

    picture: Picture
    box: Area

    @property
    def as_dict(self) -> dict[str, float]:
        if isinstance(self.box, Box):
            return self.box.model_dump()
        if isinstance(self.box, tuple):
            return dict(zip(("x", "y", "width", "height"), self.box, strict=True))
        return dict(self.box)


class Found(Generic[AnyHit]):
    """The hits of a search, most similar first. The first page is asked for at once, the others while iterating.

    `total` (at most 1,000) is how many are ranked, `strong` how many of those are strong, `query` what was understood.
    """

    def __init__(
        self,
        transport: Transport,
        method: str,
        path: str,
        hit: type[AnyHit],
        asked: dict[str, Any],
        limit: int | None,
        page: int = 50,
    ) -> None:
        self._transport, self._method, self._path, self._asked = transport, method, path, asked
        self._hit = hit
        self._limit = limit
        self._page = min(MAX_PAGE, page if limit is None else limit)
        self._first = self._ask(None)
        self.total = int(self._first.get("total", 0))
        self.strong = int(self._first.get("strong", 0))
        self.query: dict[str, Any] = self._first.get("query", {})
        self.plan = str(self._first.get("plan", ""))
        self.took_ms: dict[str, float] = self._first.get("took_ms", {})

    def _ask(self, cursor: str | None) -> dict[str, Any]:
        asked = self._asked | {"limit": self._page} | ({"cursor": cursor} if cursor else {})
        options = {"json": asked} if self._method == "POST" else {"params": asked}
        return self._transport.page(self._method, self._path, repeatable=True, **options)

    def __iter__(self) -> Iterator[AnyHit]:
        body, given = self._first, 0
        while True:
            for row in body["results"]:
                if self._limit is not None and given >= self._limit:
                    return
                given += 1
                yield self._hit.read(row)
            if not body.get("next_cursor") or given == self._limit:
                return
            body = self._ask(body["next_cursor"])


def anchor_request(picture: Picture, box: dict[str, float] | None) -> dict[str, Any]:
    """The options of the request that makes an anchor of a picture."""
    if isinstance(picture, Asset | UUID | Anchor) or (isinstance(picture, str) and is_id(picture)):
        kind = "anchor" if isinstance(picture, Anchor) else "asset"
        return {"json": {kind: id_of(picture)} | ({"box": box} if box else {})}
    if isinstance(picture, str) and "://" in picture:
        return {"json": {"image_url": picture} | ({"box": box} if box else {})}
    file, name = opened(picture)
    return {"files": {"file": (name, file)}, "data": {"box": json.dumps(box)} if box else {}}


def opened(picture: Picture) -> tuple[BinaryIO, str]:
    """A picture's bytes and name. Raises OSError for a file that cannot be read."""
    if isinstance(picture, bytes):
        return io.BytesIO(picture), "picture"
    if isinstance(picture, str | Path):
        path = Path(picture).expanduser()
        return path.open("rb"), path.name
    if isinstance(picture, Shape | UUID):
        raise TypeError(f"{picture!r} is not a file")
    return picture, Path(str(getattr(picture, "name", "picture"))).name


def is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
