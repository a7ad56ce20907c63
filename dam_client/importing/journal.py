"""What has been sent to one library, so that a second run sends nothing twice, however the first one ended."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from platformdirs import user_state_path

from dam_client.errors import ApiError
from dam_client.importing.sources import Source

SENDING, SENT, DUPLICATE, FAILED = "sending", "sent", "duplicate", "failed"
SCHEMA = """
CREATE TABLE IF NOT EXISTS pictures (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL, sha256 TEXT NOT NULL,
    idempotency_key TEXT NOT NULL, state TEXT NOT NULL, asset TEXT NOT NULL, sentence TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS pictures_sha256 ON pictures (sha256);
"""


@dataclass(frozen=True)
class Entry:
    size: int
    mtime: int
    sha256: str
    idempotency_key: str
    state: str
    asset: str


class Journal:
    """A small database in the user's state folder, one for each library of a server. Threads may share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.Lock()
        with self._working():
            self._database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(SCHEMA)

    @classmethod
    def of(cls, url: str, library_id: object) -> "Journal":
        name = hashlib.sha256(f"{url} {library_id}".encode()).hexdigest()[:20]
        return cls(user_state_path("dam") / "imports" / f"{name}.sqlite3")

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def _working(self) -> Iterator[None]:
        """One at a time. Raises ApiError where the disk is full, or the file is no journal."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                sentence = f"The journal of imports {self.path} cannot be used: {error}."
                raise ApiError(sentence, code="journal") from error

    def of_path(self, source: Source) -> Entry | None:
        """What is known of a picture, if it has not been changed since."""
        row = self._row(
            "SELECT size, mtime, sha256, idempotency_key, state, asset FROM pictures WHERE path = ?", text(source.key)
        )
        entry = Entry(*row) if row else None
        return entry if entry and (entry.size, entry.mtime) == (source.size, source.mtime) else None

    def has_sent(self, sha256: str) -> str:
        """The id of the asset with these bytes, if they have been sent from any path; else nothing."""
        row = self._row(
            "SELECT asset FROM pictures WHERE sha256 = ? AND state IN (?, ?) LIMIT 1", sha256, SENT, DUPLICATE
        )
        return str(row[0]) if row else ""

    def begin(self, source: Source, sha256: str, *, anew: bool = False) -> str:
        """Note that it is about to be sent, and give its idempotency key: that of a sending that was cut off, so that
        the server knows it again, else, or `anew`, a new one."""
        before = None if anew else self.of_path(source)
        again = before is not None and before.state == SENDING and before.sha256 == sha256
        key = before.idempotency_key if before and again else str(uuid4())
        self._write(source, sha256, key, SENDING, "", "")
        return key

    def end(self, source: Source, sha256: str, state: str, asset: str = "", sentence: str = "") -> None:
        self._write(source, sha256, "", state, asset, sentence)

    def _write(self, source: Source, sha256: str, key: str, state: str, asset: str, sentence: str) -> None:
        row = (text(source.key), source.size, source.mtime, sha256, key, state, asset, sentence)
        with self._working():
            self._database.execute("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        with self._working():
            found: tuple[Any, ...] | None = self._database.execute(query, values).fetchone()
        return found


def text(path: str) -> str:
    """A path as the database holds it: a disk's names may hold bytes that are no text."""
    return path.encode("utf-8", "backslashreplace").decode()
