"""What there is to import: files below folders, objects of a bucket, addresses of pictures."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

PICTURES = frozenset(
    {".apng", ".avif", ".avifs", ".bmp", ".btf", ".dib", ".gif", ".heic", ".heics", ".heif", ".heifs", ".hif", ".j2c"}
    | {".j2k", ".jfi", ".jfif", ".jif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpm", ".jps", ".jpx", ".mpo"}
    | {".png", ".svg", ".tf8", ".tif", ".tiff", ".webp"}
)
# Of an Apple photo library only the originals are wanted, not what Photos derives from them.
PHOTO_LIBRARY = ".photoslibrary"
PHOTO_LIBRARY_ORIGINALS = frozenset({"originals", "Masters"})


@dataclass(frozen=True)
class Source:
    """One picture. `key`, with `size` and `mtime`, is what the journal knows it by; `folders` is its place below what
    was named. Without `open` the server fetches it itself, from the address that is its key."""

    key: str
    name: str
    size: int = 0
    mtime: int = 0
    folders: tuple[str, ...] = ()
    open: Callable[[], BinaryIO] | None = None


@dataclass
class Passed:
    """What is passed over: how many are hidden, how many have which ending, and what could not be looked at."""

    hidden: int = 0
    others: Counter[str] = field(default_factory=Counter)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def sentence(self) -> str:
        parts = [f"{self.hidden} hidden"] if self.hidden else []
        if total := self.others.total():
            endings = ", ".join(f"{ending or 'no ending'} {count}" for ending, count in self.others.most_common(5))
            parts.append(f"{total} no pictures ({endings})")
        return " and ".join(parts)


def below(root: Path, passed: Passed) -> Iterator[Source]:
    """The pictures below a folder, in order of their paths. Hidden files and folders are passed over, and what has not
    the ending of a picture, or, without any, not its first bytes. Links to folders are not followed."""

    def failed(error: OSError) -> None:
        passed.unreadable.append((str(error.filename), error.strerror or "cannot be read"))

    for folder, subfolders, names in os.walk(root, onerror=failed):
        here = Path(folder)
        passed.hidden += sum(name.startswith(".") for name in (*subfolders, *names))
        inside = PHOTO_LIBRARY_ORIGINALS if here.suffix == PHOTO_LIBRARY else None
        subfolders[:] = sorted(
            name for name in subfolders if not name.startswith(".") and (inside is None or name in inside)
        )
        for name in sorted(name for name in names if not name.startswith(".")):
            path = here / name
            try:
                if is_picture(path):
                    yield file(path, here.relative_to(root).parts)
                else:
                    passed.others[path.suffix.lower()] += 1
            except OSError as error:
                failed(error)


def is_picture(path: Path) -> bool:
    """By its ending, or, where it has none, by its first bytes. Raises OSError."""
    if path.suffix and path.suffix.lower() not in PICTURES:
        return False
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
        return False
    if path.suffix:
        return True
    with path.open("rb") as opened:
        head = opened.read(16)
    beginnings = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\0", b"MM\0*")
    return head.startswith(beginnings) or head[8:12] in {b"WEBP", b"heic", b"avif", b"mif1"}


def file(path: Path, folders: tuple[str, ...] = ()) -> Source:
    """Raises OSError."""
    found = path.stat()
    return Source(
        str(path.resolve()), path.name, found.st_size, found.st_mtime_ns, folders, open=lambda: path.open("rb")
    )


def address(url: str) -> Source:
    return Source(url, url)
