"""Where a backup lies: a folder, which takes the next one as well and copies only what is new; or one archive.

| | folder | archive, `*.tar` |
|---|---|---|
| what it is | `backup.json`, which names the other two | the same, last in it |
| the database | `database-<time>.dump` | `database-<time>.dump` |
| the files' names | `files-<time>.jsonl`: `{"name", "sha256", "bytes"}`, one a line | the same |
| their content | `content/<2 digits>/<sha256>` | `files/<name>`, in the order of the list |

`backup.json` appears in one step at the end. Before that, a folder is the backup that it was, and an archive is none.
"""

import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from dam.backup import BackupError

MANIFEST = "backup.json"
CHUNK = 1024 * 1024
Opened = Callable[[], IO[bytes]]


class Damaged(BackupError):
    code = "backup_damaged"


def at(path: Path) -> "Container":
    """The kind is in the name: `*.tar` is an archive."""
    return Archive(path) if path.suffix == ".tar" else Folder(path)


class Container(ABC):
    """Where a backup is read from; opened (`with`), one is written to it: each file `put`, then `finish`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.draft = Path()  # a folder for what is made before it has its place, while it is open

    @abstractmethod
    def __enter__(self) -> Self:
        """Raises BackupError where something else is there."""

    @abstractmethod
    def __exit__(self, *error: object) -> None: ...

    def digest_of(self, name: str) -> str:
        """The SHA-256 of the file that the backup before had under this name, empty if it had none: what a file of the
        library holds never changes under its name."""
        return ""

    @abstractmethod
    def has(self, sha256: str, size: int) -> bool:
        """Whether this content need not be put, because the backup before had it."""

    @abstractmethod
    def put(self, name: str, file: IO[bytes], size: int) -> str:
        """Gives its SHA-256."""

    @abstractmethod
    def finish(self, parts: Iterable[Path], manifest: dict[str, Any]) -> None:
        """Now it is the backup."""

    @abstractmethod
    def part(self, name: str) -> IO[bytes]:
        """The manifest, the dump or the list. Raises FileNotFoundError or KeyError."""

    @abstractmethod
    def files(self, listed: str) -> Iterator[tuple[dict[str, Any], IO[bytes]]]:
        """Each entry of the list with its content. Raises Damaged."""

    def manifest(self) -> dict[str, Any]:
        """Raises BackupError."""
        try:
            with self.part(MANIFEST) as file:
                found = json.load(file)
        except (OSError, KeyError, ValueError, tarfile.TarError):
            raise BackupError(f"{self.path} holds no complete backup.") from None
        if not isinstance(found, dict) or "format" not in found:
            raise BackupError(f"{self.path} holds no backup of this library.")
        return found

    def listed(self, name: str) -> Iterator[dict[str, Any]]:
        with self.part(name) as lines:
            for line in lines:
                yield json.loads(line)


class Folder(Container):
    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        others = [path.name for path in self.path.iterdir() if not ours(path.name)]
        if others:
            raise BackupError(f"{self.path} holds other things ({min(others)}): give an empty folder, or a backup's.")
        self.draft = Path(tempfile.mkdtemp(prefix=".new-", dir=self.path))
        self.former = sqlite3.connect(self.draft / "former")  # millions of names are no load for memory there
        self.former.execute("CREATE TABLE file (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID")
        with suppress(BackupError, OSError, KeyError, ValueError):  # without a list that can be read, all is copied
            listed = self.listed(self.manifest()["list"]["file"])
            self.former.executemany("INSERT OR REPLACE INTO file VALUES (:name, :sha256)", listed)
        return self

    def __exit__(self, *error: object) -> None:
        self.former.close()
        shutil.rmtree(self.draft, ignore_errors=True)

    def digest_of(self, name: str) -> str:
        found = self.former.execute("SELECT sha256 FROM file WHERE name = ?", [name]).fetchone()
        return found[0] if found else ""

    def has(self, sha256: str, size: int) -> bool:
        place = self.content(sha256)
        return place.is_file() and place.stat().st_size == size

    def put(self, name: str, file: IO[bytes], size: int) -> str:
        draft = self.draft / "content"
        with draft.open("wb") as copy:
            sha256 = copied(file, copy.write)
        place = self.content(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.replace(place)
        return sha256

    def content(self, sha256: str) -> Path:
        return self.path / "content" / sha256[:2] / sha256

    def finish(self, parts: Iterable[Path], manifest: dict[str, Any]) -> None:
        kept = {MANIFEST}
        for part in parts:
            part.replace(self.path / part.name)
            kept.add(part.name)
        draft = self.draft / MANIFEST
        draft.write_text(json.dumps(manifest, indent=2))
        draft.replace(self.path / MANIFEST)
        self.forget(kept, manifest)

    def forget(self, kept: set[str], manifest: dict[str, Any]) -> None:
        """What only the former backup needed."""
        for path in self.path.iterdir():
            if path.is_file() and ours(path.name) and path.name not in kept:
                path.unlink()
        named = {bytes.fromhex(entry["sha256"]) for entry in self.listed(manifest["list"]["file"])}
        for path in (self.path / "content").glob("*/*"):
            if bytes.fromhex(path.name) not in named:
                path.unlink()

    def part(self, name: str) -> IO[bytes]:
        return (self.path / name).open("rb")

    def files(self, listed: str) -> Iterator[tuple[dict[str, Any], IO[bytes]]]:
        for entry in self.listed(listed):
            try:
                file = self.content(entry["sha256"]).open("rb")
            except FileNotFoundError:
                raise Damaged(f"{self.path} is damaged: the content of {entry['name']} is missing.") from None
            with file:
                yield entry, file


class Archive(Container):
    def __enter__(self) -> Self:
        if self.path.exists():
            raise BackupError(f"{self.path} exists: give another name, or remove it first.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.draft = Path(tempfile.mkdtemp(prefix=".new-", dir=self.path.parent))
        self.tar = tarfile.open(self.draft / "archive", "w", format=tarfile.PAX_FORMAT)
        return self

    def __exit__(self, *error: object) -> None:
        self.tar.close()
        shutil.rmtree(self.draft, ignore_errors=True)

    def has(self, sha256: str, size: int) -> bool:
        return False

    def put(self, name: str, file: IO[bytes], size: int) -> str:
        member = tarfile.TarInfo(f"files/{name}")
        member.size = size
        hashing = Hashing(file)
        self.tar.addfile(member, hashing)
        self.tar.members.clear()  # type: ignore[attr-defined]  # it would remember them all
        return hashing.digest.hexdigest()

    def finish(self, parts: Iterable[Path], manifest: dict[str, Any]) -> None:
        for part in parts:
            self.tar.add(part, part.name)
        said = json.dumps(manifest, indent=2).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(said)
        self.tar.addfile(member, io.BytesIO(said))
        self.tar.close()
        (self.draft / "archive").replace(self.path)

    def members(self) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
        with tarfile.open(self.path, "r:") as tar:
            while member := tar.next():
                yield member, tar
                tar.members.clear()  # type: ignore[attr-defined]

    def part(self, name: str) -> IO[bytes]:
        for member, tar in self.members():
            if member.name == name and (file := tar.extractfile(member)):
                copy = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
                shutil.copyfileobj(file, copy)
                copy.seek(0)
                return copy
        raise KeyError(name)

    def files(self, listed: str) -> Iterator[tuple[dict[str, Any], IO[bytes]]]:
        entries = self.listed(listed)
        for member, tar in self.members():
            if not member.name.startswith("files/"):
                continue
            entry = next(entries, None)
            file = tar.extractfile(member)
            if entry is None or file is None or member.name != f"files/{entry['name']}":
                raise Damaged(f"{self.path} is damaged: {member.name} is not what its list says.")
            yield entry, file
        if next(entries, None) is not None:
            raise Damaged(f"{self.path} is damaged: files are missing in it.")


class Hashing:
    """A file that knows the SHA-256 of what has been read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.digest.update(data)
        return data


def copied(file: IO[bytes], write: Callable[[bytes], object]) -> str:
    hashing = Hashing(file)
    while data := hashing.read(CHUNK):
        write(data)
    return hashing.digest.hexdigest()


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ours(name: str) -> bool:
    return name in {MANIFEST, "content"} or name.startswith((".new-", "database-", "files-"))
