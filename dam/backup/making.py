"""Making a backup of a library that may be running."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.crypto import salted_hmac
from psycopg import IsolationLevel, sql

from dam import health
from dam.backup import FORMAT, BackupError, containers, last, store_said, tools
from media_library import stored_files

TOLD = 200  # names of each
SAY_SECONDS = 5
SECRET = ("SECRET", "PASSWORD", "KEY", "TOKEN")  # in names of variables
OTHERS = ("PORT", "HOST", "WEB_CONCURRENCY")

Say = Callable[[str], None]


@dataclass
class Copied:
    files: int = 0
    bytes: int = 0
    new: int = 0  # were not in the folder yet
    missing: int = 0  # rows name them, and the store does not have them
    damaged: int = 0  # originals whose content is not what was uploaded
    missing_told: list[str] = field(default_factory=list)
    damaged_told: list[str] = field(default_factory=list)


def make(path: Path, say: Say) -> dict[str, Any]:
    """Gives the manifest. Raises BackupError; then an older backup in that place is as it was."""
    require_migrated()
    tools.found("pg_dump")
    stamp = timezone.now().strftime("%Y%m%dT%H%M%SZ")
    with containers.at(path) as container, tools.connect() as held:
        hold_files(held)
        dump, listed = container.draft / f"database-{stamp}.dump", container.draft / f"files-{stamp}.jsonl"
        named = container.draft / "named"
        say("Dumping the database.")
        rows = dump_database(held, dump, named)
        copied = copy_files(container, named, listed, say)
        require_held(held)
        manifest = {
            "format": FORMAT,
            "made_at": timezone.now().isoformat(),
            "version": package_version(),
            "postgres": held.info.server_version // 10000,
            "migrations": migrations(),
            "rows": rows,
            "dump": {"file": dump.name, "sha256": containers.sha256(dump)},
            "list": {"file": listed.name, "sha256": containers.sha256(listed)},
            **copied.__dict__,
            "settings": open_settings(),
            "key": key_fingerprint(),
        }
        container.finish([dump, listed], manifest)
    last.note(manifest)
    return manifest


def require_migrated() -> None:
    tools.connect().close()
    if health.unapplied():
        raise BackupError("The database is not migrated: run `manage.py migrate` first.")


def hold_files(held: "psycopg.Connection[tuple[Any, ...]]") -> None:
    """From now on no file is removed from the store until this connection is closed."""
    (free,) = held.execute("SELECT pg_try_advisory_lock(%s)", [stored_files.BACKUP]).fetchone() or (False,)
    if not free:
        raise BackupError("Another backup, or the sweep of the files, is running. Try again when it is done.")


def require_held(held: "psycopg.Connection[tuple[Any, ...]]") -> None:
    try:
        held.execute("SELECT 1")
    except psycopg.OperationalError as error:
        raise BackupError("The database was restarted while files were copied. Make the backup again.") from error


def dump_database(held: "psycopg.Connection[tuple[Any, ...]]", dump: Path, named: Path) -> dict[str, int]:
    """The dump, the names of the files in it, and how many rows each table has: of one and the same moment."""
    held.isolation_level, held.read_only = IsolationLevel.REPEATABLE_READ, True
    with held.transaction():
        (snapshot,) = held.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={dump}"]
        tools.run("pg_dump", options)
        with named.open("w") as file:
            for name, digest in names(held):
                file.write(json.dumps([name, digest]) + "\n")
        return counts(held)


def names(held: "psycopg.Connection[tuple[Any, ...]]") -> Iterator[tuple[str, str]]:
    """Each file that a row names, with the SHA-256 that the row says it has, if it says so."""
    for where in stored_files.columns():
        known = where.field == "file" and where.has("sha256")
        query = sql.SQL("SELECT {name}, {digest} FROM {table} WHERE {name} <> ''").format(
            name=sql.Identifier(where.column),
            digest=sql.Identifier("sha256") if known else sql.Literal(""),
            table=sql.Identifier(where.table),
        )
        with held.cursor(name="names") as cursor:
            yield from cursor.execute(query)


def counts(held: "psycopg.Connection[tuple[Any, ...]]") -> dict[str, int]:
    """Of every table."""
    tables = held.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename").fetchall()
    found = {}
    for (table,) in tables:
        (count,) = held.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone() or (0,)
        found[table] = count
    return found


def copy_files(container: containers.Container, named: Path, listed: Path, say: Say) -> Copied:
    copied, told = Copied(), time.monotonic()
    with named.open() as wanted, listed.open("w") as written:
        for line in wanted:
            name, digest = json.loads(line)
            if entry := copy(container, name, digest, copied):
                written.write(json.dumps(entry) + "\n")
            if time.monotonic() - told > SAY_SECONDS:
                told = time.monotonic()
                say(f"{copied.files} files, {copied.bytes / 1e9:.2f} GB.")
    return copied


def copy(container: containers.Container, name: str, digest: str, copied: Copied) -> dict[str, Any] | None:
    """None where the store does not have it."""
    try:
        with store_said(name):
            size = default_storage.size(name)
            known = digest or container.digest_of(name)
            if known and container.has(known, size):
                seen = known
            else:
                with default_storage.open(name) as file:
                    seen = container.put(name, cast(IO[bytes], file), size)
                copied.new += 1
    except FileNotFoundError:
        note(name, "missing", copied)
        return None
    if digest and seen != digest:
        note(name, "damaged", copied)
    copied.files += 1
    copied.bytes += size
    return {"name": name, "sha256": seen, "bytes": size}


def note(name: str, what: str, copied: Copied) -> None:
    setattr(copied, what, getattr(copied, what) + 1)
    if len(told := getattr(copied, f"{what}_told")) < TOLD:
        told.append(name)


def migrations() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationExecutor(connection).loader.applied_migrations):
        found.setdefault(app, []).append(name)
    return found


def open_settings() -> dict[str, str]:
    """What was set in the environment and is no secret, to be looked at: restoring does not apply it."""
    named = {name: value for name, value in os.environ.items() if name.startswith("DAM_") or name in OTHERS}
    return {name: value for name, value in sorted(named.items()) if not any(word in name for word in SECRET)}


def key_fingerprint() -> str:
    """Of the secret key, which is not in the backup: whether a server has the same one can be told by it."""
    return salted_hmac("dam.backup", "which secret key", settings.SECRET_KEY, algorithm="sha256").hexdigest()[:16]


def package_version() -> str:
    try:
        return version("dam")
    except PackageNotFoundError:
        return ""
