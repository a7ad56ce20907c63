"""What is downloaded by a share link: pictures without what they say of themselves, one by one or all in a ZIP file."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any
from zipfile import ZipInfo

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dam.errors import AppError, NotFound
from media_library import images, sharing, stripping, zips
from media_library.models import Asset, Rendition, ShareLink

MISSING = "missing.txt"
# Each keeps a thread of the web server busy for as long as somebody takes to receive it.
AT_ONCE = 4
TURN_SECONDS = 600  # to receive one picture, after which the next archive need not wait any more


class TooMuchTogether(AppError):
    code = "too_much_together"
    status = 413
    message = gettext_lazy(
        "These are too many to be downloaded together: at most 1,000 pictures and 2 GB. Download them one by one."
    )


class TooManyAtOnce(AppError):
    code = "too_many_at_once"
    status = 429
    retry_after = 60
    message = gettext_lazy(
        "Too many are downloading at this moment. Wait a few minutes, or download the pictures one by one."
    )


@dataclass(frozen=True)
class SharedFile:
    """`identity` stands for content that never changes."""

    name: str
    mime_type: str
    identity: str
    open: Callable[[], Any]


@dataclass(frozen=True)
class Weight:
    """How many pictures a link shows, up to one more than can be downloaded together, and their bytes at most."""

    count: int
    bytes: int

    @property
    def is_too_much(self) -> bool:
        return self.count > zips.MOST or self.bytes > zips.MOST_BYTES


def file_of(asset: Asset) -> SharedFile:
    """The original; of kinds that cannot be taken apart, the preview. Raises NotFound."""
    try:
        with asset.file.open("rb") as original:
            data = original.read()
            header = images.inspect(io.BytesIO(data))
        clean = stripping.stripped(data, header.format, header.orientation)
    except FileNotFoundError:
        raise NotFound from None
    except (stripping.CannotStrip, images.BadImage):
        return rendition_of(asset, Rendition.Name.PREVIEW)
    name = f"{asset.display_name}.{images.EXTENSIONS[asset.format][0]}"
    return SharedFile(name, asset.mime_type, f"{asset.file.name} stripped", lambda: ContentFile(clean))


def rendition_of(asset: Asset, name: str) -> SharedFile:
    """Raises NotFound."""
    found = asset.renditions.filter(name=name).first()
    if found is None:
        raise NotFound
    stored = str(found.file.name)
    return SharedFile(f"{asset.display_name}.webp", "image/webp", stored, lambda: default_storage.open(stored))


def weight_of(link: ShareLink) -> Weight:
    first = sharing.assets_of(link).order_by()[: zips.MOST + 1]
    return Weight(**first.aggregate(count=Count("pk"), bytes=Sum("bytes", default=0)))


class Archive:
    """All that a link shows now as a ZIP file, in pieces. It has to be closed, which lets the next one begin.

    `still` is asked before each picture, and raises once the link does not open any more. Raises TooMuchTogether and
    TooManyAtOnce.
    """

    def __init__(self, link: ShareLink, still: Callable[[], object]) -> None:
        if weight_of(link).is_too_much:
            raise TooMuchTogether
        assets = sharing.assets_of(link).order_by(sharing.order_of(link), "id")
        needed = assets.only("display_name", "file", "format", "mime_type", "created_at")
        self.assets = list(needed[: zips.MOST])
        self.still = still
        self.turn = taken_turn()

    def __iter__(self) -> Iterator[bytes]:
        return zips.streamed(self.files())

    def close(self) -> None:
        cache.delete(self.turn)

    def files(self) -> Iterator[tuple[ZipInfo, IO[bytes]]]:
        """What has gone meanwhile is named in a file of its own at the end."""
        taken, missing = {MISSING}, []
        for asset in self.assets:
            self.still()
            cache.touch(self.turn, TURN_SECONDS)
            try:
                file = file_of(asset)
                opened = file.open()
            except (NotFound, FileNotFoundError):
                missing.append(asset.display_name)
                continue
            yield zips.entry(free_name(file.name, taken), asset.created_at), opened
        if missing:
            words = "\r\n".join([_("These pictures were removed while this file was made:"), "", *missing, ""])
            yield zips.entry(MISSING), ContentFile(words.encode())


def taken_turn() -> str:
    """The name of one of AT_ONCE turns. Raises TooManyAtOnce."""
    for turn in (f"share-zip-turn-{number}" for number in range(AT_ONCE)):
        if cache.add(turn, 1, timeout=TURN_SECONDS):
            return turn
    raise TooManyAtOnce


def free_name(name: str, taken: set[str]) -> str:
    """A safe one that is not taken yet, whatever its case; it is then."""
    stem, _dot, extension = name.rpartition(".")
    stem = zips.safe(stem.removesuffix(f".{extension}"))
    free, number = f"{stem}.{extension}", 1
    while free.lower() in taken:
        number += 1
        free = f"{stem} ({number}).{extension}"
    taken.add(free.lower())
    return free
