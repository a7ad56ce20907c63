"""Finding what is in a library: search, anchors, facets, duplicates, clusters."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal
from uuid import UUID

from dam_client.filters import parameters
from dam_client.folders import Folders
from dam_client.rows import Id, id_of, segment
from dam_client.searching import Area, Crop, Found, Picture, anchor_request, is_id, opened
from dam_client.shapes import (
    Anchor,
    Asset,
    Cluster,
    Decision,
    DuplicateGroup,
    Facets,
    Folder,
    Hit,
    IdHit,
    Region,
    RegionImport,
)
from dam_client.transport import Transport

Example = Picture | Crop
Examples = Example | Iterable[Example]


class Findable:
    """What a Library can be asked for."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = path
        self.folders = Folders(transport, f"{path}folders/")

    def search(
        self,
        text: str = "",
        *,
        like: Examples = (),
        not_text: str | Iterable[str] = (),
        unlike: Asset | Id | Iterable[Asset | Id] = (),
        weights: Mapping[str, float] | None = None,
        keywords: bool | None = None,
        collapse: bool = False,
        entity_type: Literal["IMAGES", "OBJECTS"] = "IMAGES",
        limit: int | None = 50,
        **filters: Any,
    ) -> Found[Hit]:
        """Any mix of a text and examples, wanted or not. An example is an asset or its id, an anchor, a file (its
        path, bytes or open), a URL, or a `Crop` of any of these. All filters are in docs/filters.md."""
        asked = self._ranked(
            text,
            like=like,
            not_text=not_text,
            unlike=unlike,
            weights=weights,
            keywords=keywords,
            collapse=collapse,
            entity_type=entity_type,
            **filters,
        )
        return Found(self._transport, "POST", f"{self._path}search/", Hit, asked, limit)

    def search_ids(self, text: str = "", *, limit: int | None = 50, **asked: Any) -> Found[IdHit]:
        """What `search` finds, which takes the same, by ids and distances alone. Answered sooner: for who has the
        assets already, or ranks them anew."""
        return Found(self._transport, "POST", f"{self._path}search/ids/", IdHit, self._ranked(text, **asked), limit)

    def _ranked(
        self,
        text: str,
        *,
        weights: Mapping[str, float] | None = None,
        keywords: bool | None = None,
        collapse: bool = False,
        entity_type: str = "IMAGES",
        **query: Any,
    ) -> dict[str, Any]:
        asked = self.query(text, **query)
        asked |= {"entity_type": entity_type} | ({"weights": dict(weights)} if weights else {})
        return asked | ({} if keywords is None else {"keywords": keywords}) | ({"collapse": True} if collapse else {})

    def query(
        self,
        text: str = "",
        *,
        like: Examples = (),
        not_text: str | Iterable[str] = (),
        unlike: Asset | Id | Iterable[Asset | Id] = (),
        **filters: Any,
    ) -> dict[str, Any]:
        """A search as the server takes it. Pictures that are not in the library become anchors."""
        asked: dict[str, Any] = {"text": text, "not_text": several(not_text), "like": [], "anchor": []}
        for example in several(like):
            kind, pk = self._example(example)
            asked[kind].append(pk)
        asked |= {"unlike": [id_of(asset) for asset in several(unlike)], "filters": self.narrowed(filters)}
        return {name: value for name, value in asked.items() if value}

    def _example(self, example: Example) -> tuple[str, str]:
        """Whether it is found by `like` or `anchor`, and its id."""
        if isinstance(example, Anchor):
            return "anchor", str(example.id)
        if isinstance(example, Asset | Region | UUID) or (isinstance(example, str) and is_id(example)):
            return "like", id_of(example)
        return "anchor", str(self.anchor(example).id)

    def anchor(self, picture: Picture | Crop, box: Area | None = None) -> Anchor:
        """Register a picture, or a part of one, to search with for 24 hours."""
        if isinstance(picture, Crop):
            return self.anchor(picture.picture, picture.box)
        options = anchor_request(picture, None if box is None else Crop(picture, box).as_dict)
        try:
            return Anchor.read(self._transport.json("POST", f"{self._path}anchors/", repeatable=True, **options))
        finally:
            for _name, file in options.get("files", {}).values():
                if file is not picture:
                    file.close()

    def facets(
        self, text: str = "", *, like: Examples = (), not_text: str | Iterable[str] = (), **filters: Any
    ) -> Facets:
        """How many have each colour, shape, size, format, issue, camera and year, under the filters; of a search, among
        the at most 1,000 that it ranks."""
        asked = self.query(text, like=like, not_text=not_text)
        path = f"{self._path}search/facets/" if asked else f"{self._path}facets/"
        return Facets.read(self._transport.json("GET", path, params=asked | self.narrowed(filters)))

    def duplicates(self, asset: Asset | Id | None = None, *, limit: int | None = None) -> Iterator[DuplicateGroup]:
        """Groups that nobody has decided about, newest first; or those that an asset is in."""
        params = {"asset": id_of(asset)} if asset else {}
        rows = self._transport.rows(f"{self._path}duplicates/", params, limit=limit)
        return (DuplicateGroup.read(row) for row in rows)

    def decide(
        self,
        action: Literal["keep_all", "keep_this_one", "not_duplicates"],
        assets: Iterable[Asset | Id],
        keep: Asset | Id | None = None,
    ) -> Decision:
        """Decide about a group (editors). `keep_this_one` moves all but `keep` to the trash."""
        body: dict[str, Any] = {"action": action, "assets": [id_of(asset) for asset in assets]}
        body |= {"keep": id_of(keep)} if keep else {}
        return Decision.read(self._transport.json("POST", f"{self._path}duplicates/decisions/", json=body))

    def undo(self, decision: Decision | Id) -> Decision:
        """Undo a decision, and bring back what it has trashed."""
        body = {"action": "undo", "decision": id_of(decision)}
        return Decision.read(self._transport.json("POST", f"{self._path}duplicates/decisions/", json=body))

    def clusters(self, level: int = 0, *, limit: int | None = None, **filters: Any) -> Iterator[Cluster]:
        """What looks alike, biggest first, from level 0 (finest) to 4 (coarsest)."""
        params = {"level": level} | self.narrowed(filters)
        return (Cluster.read(row) for row in self._transport.rows(f"{self._path}clusters/", params, limit=limit))

    def cluster(self, cluster: Cluster | Id, *, limit: int | None = None, **filters: Any) -> Iterator[Asset]:
        """The pictures of a cluster, newest first."""
        path = f"{self._path}clusters/{segment(cluster)}/"
        return (Asset.read(row) for row in self._transport.rows(path, self.narrowed(filters), limit=limit))

    def import_regions(self, file: Path | str | bytes | BinaryIO, format: str = "", names: str = "") -> RegionImport:
        """Regions from COCO JSON, YOLO or CSV; importing twice makes nothing twice."""
        content, called = opened(file)
        data = {name: value for name, value in (("format", format), ("names", names)) if value}
        try:
            body = self._transport.json(
                "POST",
                f"{self._path}regions/import/",
                data=data,
                files={"file": (called, content)},
                repeatable=True,
            )
            return RegionImport.read(body)
        finally:
            if content is not file:
                content.close()

    def _folder(self, folder: Folder | Id) -> str:
        """The id of a folder that is given by itself, its id, or its path."""
        if isinstance(folder, Folder) or is_id(str(folder)):
            return id_of(folder)
        return id_of(self.folders.at(str(folder)))

    def narrowed(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        """Filters as the server takes them; a folder may be given by its path. Raises UnknownFilter."""
        found = parameters(filters)
        return found | ({"folder": self._folder(found["folder"])} if "folder" in found else {})


def several(values: Any) -> list[Any]:
    """One or many, as a list; texts, bytes, files and answers are one."""
    if values is None or values == "":
        return []
    single = isinstance(values, str | bytes | Path | Crop | UUID) or hasattr(values, "read") or hasattr(values, "id")
    return [values] if single else list(values)
