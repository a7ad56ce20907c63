"""A library: everything that happens inside one."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal
from uuid import uuid4

from dam_client.assets import Assets
from dam_client.collections import Collections
from dam_client.errors import ApiError
from dam_client.finding import Findable
from dam_client.rows import Id, Rows, id_of, plain
from dam_client.searching import opened
from dam_client.shapes import Asset, Folder, Job, LibraryDetail, LibraryInfo, Member, SavedSearch, Tag
from dam_client.transport import IDEMPOTENCY_KEY, Transport

OnDuplicate = Literal["reject", "keep", "existing"]


class Library(Findable):
    """Made by `client.library(…)`. `folders`, `tags`, `collections`, `saved_searches` and `members` are lists of rows
    with `list`, `get`, `create`, `update` and `delete`."""

    def __init__(self, transport: Transport, info: LibraryInfo) -> None:
        super().__init__(transport, f"libraries/{info.id}/")
        self.info = info
        self.id, self.name, self.slug, self.language = info.id, info.name, info.slug, info.language
        self.tags = Rows(transport, f"{self._path}tags/", Tag)
        self.collections = Collections(transport, f"{self._path}collections/")
        self.saved_searches = Rows(transport, f"{self._path}saved-searches/", SavedSearch)
        self.members = Rows(transport, f"{self._path}members/", Member)

    def __repr__(self) -> str:
        return f"<Library {self.slug}>"

    def detail(self) -> LibraryDetail:
        """The caller's role, and how far it is indexed."""
        return LibraryDetail.read(self._transport.json("GET", self._path))

    def update(self, **changes: Any) -> LibraryDetail:
        """Set `name` or `language` (managers)."""
        return LibraryDetail.read(self._transport.json("PATCH", self._path, json=changes))

    def delete(self, *, purge: bool = False) -> None:
        """Remove it if it is empty, or with `purge` with everything in it, for good (managers)."""
        self._transport.request("DELETE", self._path, params={"purge": "true"} if purge else {})

    def assets(self, *, sort: str = "-created_at", limit: int | None = None, **filters: Any) -> Iterator[Asset]:
        """The live assets, page after page: `tags="red"`, `folder="holiday/2024"`, `metadata={"client": "Aurora"}`;
        all filters are in docs/filters.md."""
        params = {"sort": sort} | self.narrowed(filters)
        return (Asset.read(row) for row in self._transport.rows(f"{self._path}assets/", params, limit=limit))

    def upload(
        self,
        picture: Path | str | bytes | BinaryIO,
        *,
        name: str = "",
        folder: Folder | Id | None = None,
        display_name: str = "",
        tags: Iterable[str] = (),
        description: str = "",
        metadata: Mapping[str, Any] | None = None,
        visual_search: bool = True,
        on_duplicate: OnDuplicate = "reject",
        idempotency_key: str = "",
    ) -> Asset:
        """Upload a file, by its path, bytes or open; or have the server fetch a URL.

        What the library has already raises ApiError with the code `duplicate`, and its id in `data["asset"]`; with
        `on_duplicate="existing"` it is given instead, with `"keep"` the picture is stored once more.
        """
        fields = {
            "folder": None if folder is None else self._folder(folder),
            "display_name": display_name,
            "tags": list(tags),
            "description": description,
            "visual_search": visual_search,
            "on_duplicate": "keep" if on_duplicate == "keep" else "reject",
        }
        fields = {field: value for field, value in fields.items() if value not in (None, "", [])}
        key = {IDEMPOTENCY_KEY: idempotency_key or str(uuid4())}
        try:
            if isinstance(picture, str) and "://" in picture:
                return self._fetched(picture, fields | ({"metadata": plain(metadata)} if metadata else {}), key)
            return self._sent(
                picture, name, fields | ({"metadata": json.dumps(plain(metadata))} if metadata else {}), key
            )
        except ApiError as error:
            if on_duplicate == "existing" and error.code == "duplicate" and error.data.get("asset"):
                return Assets(self._transport).get(error.data["asset"])
            raise

    def _fetched(self, url: str, fields: dict[str, Any], headers: dict[str, str]) -> Asset:
        body = fields | {"url": url}
        return Asset.read(self._transport.json("POST", f"{self._path}assets/from-url/", json=body, headers=headers))

    def _sent(
        self, picture: Path | str | bytes | BinaryIO, name: str, fields: dict[str, Any], headers: dict[str, str]
    ) -> Asset:
        file, called = opened(picture)
        # A disk's names may hold bytes that are no text, and quotes, which forms cannot.
        named = (name or called).encode("utf-8", "replace").decode()
        if {'"', "\r", "\n"} & set(named):
            fields = {"display_name": Path(named).stem} | fields
        try:
            files = {"file": (named, file)}
            path = f"{self._path}assets/"
            return Asset.read(self._transport.json("POST", path, data=fields, files=files, headers=headers))
        finally:
            if file is not picture:
                file.close()

    def bulk(
        self,
        action: str,
        assets: Iterable[Asset | Id] | None = None,
        query: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Do one thing to many: `tag`, `untag`, `move`, `delete`, `restore`, `collect`, `reindex`, `metadata`; to
        `assets`, or to what the filters of `query` let through. Gives the server's answer."""
        body = {"action": action} | self._chosen(assets, query) | plain(parameters)
        return dict(self._transport.json("POST", f"{self._path}bulk/", json=body))

    def export(
        self,
        assets: Iterable[Asset | Id] | None = None,
        query: Mapping[str, Any] | None = None,
        *,
        format: Literal["zip", "jsonl"] = "zip",
        **parameters: Any,
    ) -> Job:
        """Have the server put `assets`, or what the filters of `query` let through, into a ZIP or JSON Lines;
        `client.jobs` waits for it and downloads it."""
        body = {"format": format} | self._chosen(assets, query) | plain(parameters)
        return Job.read(self._transport.json("POST", f"{self._path}export/", json=body))

    def start_import(self, **what: Any) -> Job:
        """Have the server import by itself: `urls`, `s3_uri`, or a `path` below its watch folder."""
        return Job.read(self._transport.json("POST", f"{self._path}imports/", json=plain(what)))

    def _chosen(self, assets: Iterable[Asset | Id] | None, query: Mapping[str, Any] | None) -> dict[str, Any]:
        if assets is not None:
            return {"assets": [id_of(asset) for asset in assets]}
        return {"query": self.narrowed(query or {})}
