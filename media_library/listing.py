"""What lies in the store, page by page, whichever store it is: memory does not grow with it."""

import os
import posixpath
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.core.files.storage import FileSystemStorage, default_storage

PAGE = 1000  # keys that a bucket tells at once


@dataclass(frozen=True)
class StoredFile:
    """`modified` and `bytes` are None where the store tells them for one file at a time only."""

    name: str
    modified: datetime | None = None
    bytes: int | None = None


def walk(folder: str) -> Iterator[StoredFile]:
    """Every file below a folder of the store, in no order. What comes and goes meanwhile may be told or not."""
    if isinstance(default_storage, FileSystemStorage):
        return on_disk(folder, Path(default_storage.path(folder)))
    if hasattr(default_storage, "bucket") and hasattr(default_storage.bucket, "objects"):
        return in_bucket(folder)
    return by_folders(folder)


def on_disk(name: str, path: Path) -> Iterator[StoredFile]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(path) as entries:
        for entry in entries:
            below = f"{name}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from on_disk(below, Path(entry.path))
            elif entry.is_file():
                with suppress(FileNotFoundError):
                    found = entry.stat()
                    yield StoredFile(below, datetime.fromtimestamp(found.st_mtime, UTC), found.st_size)


def in_bucket(folder: str) -> Iterator[StoredFile]:
    """S3 and what speaks like it: many keys a page, with all that is known of them."""
    root = default_storage.location.strip("/")  # type: ignore[attr-defined]
    prefix = posixpath.join(root, folder) + "/"
    for found in default_storage.bucket.objects.filter(Prefix=prefix).page_size(PAGE):  # type: ignore[attr-defined]
        if not found.key.endswith("/"):  # some tools make such, for folders
            yield StoredFile(posixpath.relpath(found.key, root or "."), found.last_modified, found.size)


def by_folders(folder: str) -> Iterator[StoredFile]:
    """Whatever else Django can store files in, folder by folder: none of ours holds more than some thousands."""
    with suppress(FileNotFoundError):
        folders, files = default_storage.listdir(folder)
        for name in files:
            yield StoredFile(f"{folder}/{name}")
        for name in folders:
            yield from by_folders(f"{folder}/{name}")
