"""What the command and the demo remember of the files that they dealt with: a file beside the data."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from media_library.imports import Source
from media_library.models import Library


class Manifest:
    """The files that were dealt with before: one JSON line each, only ever added to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: set[tuple[str, int, int]] = set()
        if path.exists():
            self.known.update(_read_lines(path))

    @classmethod
    def of(cls, library: Library) -> "Manifest":
        folder = settings.DATA_DIR / "imports"
        folder.mkdir(exist_ok=True)
        return cls(folder / f"{library.pk}.jsonl")

    def new(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Those sources that were not dealt with as they are now."""
        for source in sources:
            try:
                if _fingerprint(source.path) not in self.known:
                    yield source
            except OSError:
                yield source  # import_one says why it cannot be read

    def add(self, sources: Iterable[Source]) -> None:
        entries = [_fingerprint(source.path) for source in sources]
        self.known.update(entries)
        with self.path.open("a") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in entries)


def _fingerprint(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path), found.st_size, found.st_mtime_ns


def _read_lines(path: Path) -> Iterator[tuple[str, int, int]]:
    for line in path.read_text().splitlines():
        try:
            name, size, changed = json.loads(line)
        except ValueError:
            continue  # cut short by a crash
        yield name, size, changed
