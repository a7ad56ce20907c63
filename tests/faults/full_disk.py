"""A disk that is full at random. An ordinary user can make no small one, so the writing of files raises ENOSPC itself,
after a part of the file has been written, as a real one does."""

import errno
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.base import File

from media_library.local_files import LocalFiles


class SometimesFull(LocalFiles):
    """While a file `full` lies there, every other writing fails in the midst of it."""

    def __init__(self, *, full: str, **options: Any) -> None:
        super().__init__(**options)
        self.full = Path(full)

    def _save(self, name: str, content: File) -> str:
        if self.full.exists() and random.random() < 0.5:  # noqa: S311
            content = CutOff(content)
        return super()._save(name, content)


class CutOff(File):
    def __init__(self, content: File) -> None:
        super().__init__(content.file, content.name)
        self.content = content

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        first = next(iter(self.content.chunks()), b"")
        yield first[: len(first) // 2]
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
