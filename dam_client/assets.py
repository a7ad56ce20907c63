"""`client.assets`: what is done with one asset, wherever it is."""

import mimetypes
import os
import re
from collections.abc import Iterable
from email.message import Message
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx2

from dam_client.errors import ApiError
from dam_client.filters import parameters
from dam_client.rows import Id, Rows, id_of, plain, segment
from dam_client.searching import Area, Crop, Found
from dam_client.shapes import Asset, Hit, Region
from dam_client.transport import Transport

Size = Literal["original", "preview", "thumb"]
CHANGED, RACES = 412, 10
ADDRESSES = {"original": "file", "preview": "preview", "thumb": "thumb"}
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


class Assets:
    """Each method takes an `Asset` or its id."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, asset: Asset | Id) -> Asset:
        """All that is known of it, in the trash too."""
        return Asset.read(self._transport.json("GET", self._of(asset)))

    def update(self, asset: Asset | Id, **changes: Any) -> Asset:
        """Set `display_name`, `description`, `alt_text`, `folder` (None: the top), `tags`, `metadata` or
        `visual_search`; the rest stays."""
        return Asset.read(self._transport.json("PATCH", self._of(asset), json=plain(changes)))

    def retag(self, asset: Asset | Id, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Asset:
        """Add and remove tags; the others stay, also those that somebody else changes at this moment. Case does not
        tell two tags apart."""
        for _time in range(RACES):
            answer = self._transport.request("GET", self._of(asset))
            before = Asset.read(answer.json())
            wanted = retagged(before.tags, add, remove)
            if wanted == before.tags:
                return before
            headers = {"If-Match": answer.headers["etag"]} if "etag" in answer.headers else {}
            try:
                body = self._transport.json("PATCH", self._of(asset), json={"tags": wanted}, headers=headers)
                return Asset.read(body)
            except ApiError as error:
                if error.status != CHANGED:
                    raise
        raise ApiError("Others change its tags all the time: try again later.", code="changed", status=CHANGED)

    def trash(self, asset: Asset | Id) -> None:
        self._transport.request("DELETE", self._of(asset))

    def restore(self, asset: Asset | Id) -> Asset:
        return Asset.read(self._transport.json("POST", self._of(asset, "restore/"), repeatable=True))

    def purge(self, asset: Asset | Id) -> None:
        """Remove it for good (editors)."""
        self._transport.request("DELETE", self._of(asset), params={"purge": "true"})

    def similar(self, asset: Asset | Id, *, limit: int | None = 50, **filters: Any) -> Found[Hit]:
        """What looks like it, itself first."""
        entity_type = filters.pop("entity_type", None)
        params = parameters(filters) | ({"entity_type": entity_type} if entity_type else {})
        return Found(self._transport, "GET", self._of(asset, "similar/"), Hit, params, limit)

    def history(self, asset: Asset | Id) -> list[dict[str, Any]]:
        """Every stage with its time, attempts and error, where the server tells it."""
        return list(self._transport.rows(self._of(asset, "history/")))

    def reindex(self, asset: Asset | Id) -> None:
        self._transport.request("POST", self._of(asset, "reindex/"))

    # --- regions -----------------------------------------------------------------------------------------------------

    def regions(self, asset: Asset | Id) -> list[Region]:
        return list(Rows(self._transport, self._of(asset, "regions/"), Region))

    def add_region(self, asset: Asset | Id, box: Area, label: str = "") -> Region:
        body = {"box": Crop("", box).as_dict, "label": label}
        return Region.read(self._transport.json("POST", self._of(asset, "regions/"), json=body))

    def update_region(self, region: Region | Id, *, box: Area | None = None, label: str | None = None) -> Region:
        body: dict[str, Any] = {} if box is None else {"box": Crop("", box).as_dict}
        return Rows(self._transport, "regions/", Region).update(
            region, **body | ({} if label is None else {"label": label})
        )

    def remove_region(self, region: Region | Id) -> None:
        Rows(self._transport, "regions/", Region).delete(region)

    def remove_regions(self, asset: Asset | Id, source: str | None = None) -> None:
        """All regions of an asset, or those of one source: `drawn`, `imported` or `detected`."""
        params = {"source": source} if source else {}
        self._transport.request("DELETE", self._of(asset, "regions/"), params=params)

    # --- files -------------------------------------------------------------------------------------------------------

    def read(self, asset: Asset | Id, size: Size = "original") -> bytes:
        """The original, the `preview` (at most 2048 px, WebP) or the `thumb` (512 px, WebP)."""
        path = self._of(asset, f"{ADDRESSES[size]}/")
        return self._transport.request("GET", path, follow=True, headers={"Accept": "*/*"}).content

    def download(self, asset: Asset | Id, to: Path | str = ".", size: Size = "original", *, name: str = "") -> Path:
        """Save it as the file `to`, or in the folder `to` under its own name, or `name`, made unlike those there."""
        to = Path(to).expanduser()
        path = self._of(asset, f"{ADDRESSES[size]}/")
        with self._transport.streamed("GET", path, follow=True, headers={"Accept": "*/*"}) as answer:
            inside = to.is_dir()
            wanted = to / (name or file_name(answer, asset)) if inside else to
            part = wanted.with_name(f".{wanted.name[:200]}.{uuid4().hex[:8]}.part")
            try:
                with part.open("wb") as file:
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
                return put(part, wanted, replace=not inside)
            finally:
                part.unlink(missing_ok=True)

    def _of(self, asset: Asset | Id, below: str = "") -> str:
        return f"assets/{segment(asset)}/{below}"


def retagged(tags: list[str], add: Iterable[str], remove: Iterable[str]) -> list[str]:
    gone = {name.casefold() for name in remove}
    kept = [name for name in tags if name.casefold() not in gone]
    has = {name.casefold() for name in kept}
    return kept + [name for name in dict.fromkeys(add) if name.casefold() not in has]


def file_name(answer: httpx2.Response, asset: Asset | Id) -> str:
    """What the server calls the file, made safe for a disk."""
    header = Message()
    header["Content-Disposition"] = answer.headers.get("content-disposition", "")
    if called := header.get_filename():
        return safe_name(called) or id_of(asset)
    shown = asset.display_name if isinstance(asset, Asset) else id_of(asset)
    return safe_name(shown + (".webp" if answer.headers.get("content-type") == "image/webp" else ""))


def original_name(asset: Asset) -> str:
    """What the server calls the file of an asset."""
    return safe_name(asset.display_name + (mimetypes.guess_extension(asset.mime_type) or f".{asset.format}"))


def safe_name(name: str) -> str:
    """Never a path, never hidden, never longer than disks allow."""
    name = UNSAFE.sub("_", name).strip(" .")
    return Path(name).stem.encode()[:200].decode(errors="ignore") + Path(name).suffix[:20] if name else ""


def put(part: Path, wanted: Path, *, replace: bool) -> Path:
    """Move a finished file to its place; unless `replace`, to `name-2` and so on where that is taken."""
    if replace:
        return part.replace(wanted)
    for number in range(1, 100_000):
        place = wanted if number == 1 else wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        try:
            os.link(part, place)
        except FileExistsError:
            continue
        except OSError:  # a file system without links
            if place.exists():
                continue
            return part.replace(place)
        return place
    raise FileExistsError(f"There are too many files called {wanted.name} already.")
