"""Folders on this machine: every picture below one, in an order in which one can go on later."""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext_lazy as _

from media_library.imports import Source, Unreadable, readable

# Of an Apple photo library only the originals are wanted, not what Photos derives from them.
PHOTO_LIBRARY = ".photoslibrary"
PHOTO_LIBRARY_ORIGINALS = {"originals", "Masters"}


def walk(root: Path, after: Path | None = None) -> Iterator[Source]:
    """Every file below `root`, folder by folder in order of their names, or those that come after this one; hidden ones
    and the library's own data are left out.

    Links to folders are not followed: they may lead in circles.
    """
    last = after.relative_to(root).parts if after else ()
    for folder, subfolders, names in os.walk(root):
        here = Path(folder)
        parts = here.relative_to(root).parts
        inside = PHOTO_LIBRARY_ORIGINALS if here.suffix == PHOTO_LIBRARY else None
        above = last[: len(parts)] == parts and len(parts) < len(last)  # the last file was in it, or below it
        its_own = above and len(parts) == len(last) - 1
        subfolders[:] = sorted(
            name
            for name in subfolders
            if not name.startswith(".")
            and (inside is None or name in inside)
            and here / name != settings.DATA_DIR
            and (its_own or not above or name >= last[len(parts)])
        )
        if inside is not None or (above and not its_own):
            continue
        folders = tuple(readable(part) for part in parts)
        for name in sorted(names):
            if not name.startswith(".") and not (its_own and name <= last[-1]):
                yield Source(path=here / name, folders=folders)


def resolved(path: Path) -> Path:
    """Where links lead; unlike `Path.resolve` it does not mind those that lead in circles."""
    return Path(os.path.realpath(path))


def is_folder(path: Path) -> bool:
    """Unlike `Path.is_dir`, False for a name that is too long, too."""
    return os.path.isdir(path)  # noqa: PTH112


class StillWritten(Unreadable):
    code = "still_written"
    message = _("This file is still being written. It is imported when it is complete.")


class Outside(Unreadable):
    code = "outside"
    message = _("This is a link that leads out of the folder. Put the picture itself there.")


@dataclass(frozen=True)
class LocalFile(Source):
    """A file of a folder that others may write to, imported once it is complete."""

    root: Path = Path()
    item: str = ""  # its path below the root, as text
    key: str = ""  # the same, exactly: what it is remembered by
    version: str = ""
    bytes: int = 0

    @classmethod
    def of(cls, root: Path, found: Source) -> "LocalFile":
        """Raises OSError and Outside."""
        key = os.fspath(found.path.relative_to(root))
        if not resolved(found.path).is_relative_to(resolved(root)):
            raise Outside
        is_ = found.path.stat()
        return cls(
            found.path,
            found.folders,
            root=root,
            item=readable(key),
            key=key,
            version=f"{is_.st_size}-{is_.st_mtime_ns}",
            bytes=is_.st_size,
        )

    def open(self) -> File:
        target = resolved(self.path)
        if not target.is_relative_to(resolved(self.root)):
            raise Outside
        descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        file = File(os.fdopen(descriptor, "rb"), name=readable(self.path.name))
        try:
            is_ = os.fstat(descriptor)
            if not stat.S_ISREG(is_.st_mode):
                raise Unreadable(_("This is no file."))
            if not self.is_complete or f"{is_.st_size}-{is_.st_mtime_ns}" != self.version:
                raise StillWritten
        except Unreadable:
            file.close()
            raise
        return file

    @property
    def is_complete(self) -> bool:
        """Nobody has written to it for a while: by the time of change of its entry, which no program can set, as those
        that copy set that of its content."""
        return time.time() - self.path.stat().st_ctime >= settings.WATCH_SETTLE_SECONDS

    @property
    def is_unchanged(self) -> bool:
        """Whether what was read is what lies there now."""
        try:
            is_ = self.path.stat()
        except OSError:
            return False
        return f"{is_.st_size}-{is_.st_mtime_ns}" == self.version


def named(root: Path, item: str) -> Path:
    """The path that reads as `item`, which names bytes that are no text, or accents, in another way."""
    path = root
    for part in Path(item).parts:
        if not (path / part).exists():
            part = next((each.name for each in sorted(path.iterdir()) if readable(each.name) == part), part)
        path /= part
    return path
