"""Restoring a backup: everything, or nothing."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote, urlencode

import psycopg
from django.core.cache import cache
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql
from redis.exceptions import RedisError

from dam.backup import FORMAT, BackupError, containers, making, store_said, tools
from dam.backup.making import Say
from media_library import stored_files

PROJECT = Path(__file__).resolve().parents[2]
IN_MEMORY = 8 * 1024 * 1024
MAINTENANCE = "postgres"  # the database that every server has
HOLDS = "SELECT to_regclass('public.media_library_library') IS NOT NULL"
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


def restore(path: Path, say: Say, *, replace: bool = False) -> dict[str, Any]:
    """Put a backup in the place of the present database. Gives its manifest, with `notes`: what the person should know.

    Raises BackupError where it is damaged, of a newer version, or where there is something that `replace` has not been
    said of; then the library is as it was.
    """
    container = containers.at(path)
    manifest = container.manifest()
    require_known(manifest)
    require_room(replace=replace)
    say(f"The backup is of {manifest['made_at'][:19]} with {manifest['files']} files.")
    with tempfile.TemporaryDirectory(prefix="dam-restore-") as folder:
        dump = taken_out(container, manifest["dump"], Path(folder))
        taken_out(container, manifest["list"], Path(folder)).unlink()
        with Stored(Path(folder) / "stored") as stored, new_database() as database:
            say("Restoring the files.")
            renamed = put_files(container, manifest["list"]["file"], stored)
            say("Restoring the database.")
            tools.run(
                "pg_restore", ["--no-owner", "--no-privileges", "--exit-on-error", "--jobs=2", str(dump)], database
            )
            require_rows(database, manifest["rows"])
            migrate(database)
            rename(database, renamed)
            require_nobody()
            take_place(database)
            stored.keep()
    return manifest | {"notes": list(notes(manifest))}


def require_known(manifest: dict[str, Any]) -> None:
    newer = f"This backup was made by a newer version ({manifest.get('version')}). Restore it with that one."
    if manifest["format"] > FORMAT:
        raise BackupError(newer)
    known = set(MigrationLoader(None).disk_migrations)
    if any((app, name) not in known for app, names in manifest["migrations"].items() for name in names):
        raise BackupError(newer)
    with tools.connect(MAINTENANCE) as asked:
        server = asked.info.server_version // 10000
    if manifest["postgres"] > server:
        raise BackupError(f"This backup is of PostgreSQL {manifest['postgres']}, and this server is version {server}.")
    tools.found("pg_restore", MAINTENANCE)


def require_room(*, replace: bool) -> None:
    """Nothing is restored over a library unless that is said, and never under the hands of one that runs."""
    require_nobody()
    try:
        asked = tools.connect()
    except BackupError:
        return  # there is no such database yet
    with asked:
        (migrated,) = asked.execute(HOLDS).fetchone() or (False,)
        holds = migrated and asked.execute("SELECT FROM media_library_library LIMIT 1").fetchone() is not None
    if holds and not replace:
        raise BackupError("There is a library here already. With --replace the backup takes its place.")


def require_nobody() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL's
    with tools.connect(MAINTENANCE) as asked:
        (others,) = asked.execute(CONNECTED, [tools.libpq()["dbname"]]).fetchone() or (0,)
    if others:
        raise BackupError(f"The library is running ({others} connections to its database): stop web and workers first.")


def taken_out(container: containers.Container, part: dict[str, str], folder: Path) -> Path:
    """Raises Damaged where it is not what it was."""
    place = folder / part["file"]
    try:
        with container.part(part["file"]) as file, place.open("wb") as copy:
            seen = containers.copied(file, copy.write)
    except (FileNotFoundError, KeyError):
        raise containers.Damaged(f"The backup is damaged: {part['file']} is missing.") from None
    if seen != part["sha256"]:
        raise containers.Damaged(f"The backup is damaged: {part['file']} is not what it was.")
    return place


class Stored:
    """What has been put into the store, to be taken out again if it comes to nothing."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self.kept = False

    def __enter__(self) -> "Stored":
        self.file = self.journal.open("w")
        return self

    def add(self, name: str) -> None:
        self.file.write(f"{name}\n")

    def keep(self) -> None:
        self.kept = True

    def __exit__(self, *error: object) -> None:
        self.file.close()
        if not self.kept:
            with self.journal.open() as names:
                stored_files.delete(name.rstrip("\n") for name in names)


def put_files(container: containers.Container, listed: str, stored: Stored) -> dict[str, str]:
    """Store all of them, each compared with its SHA-256. Gives the names that had to be others, because the store
    holds something else under them."""
    renamed = {}
    for entry, file in container.files(listed):
        name = entry["name"]
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
            if containers.copied(file, copy.write) != entry["sha256"]:
                raise containers.Damaged(f"The backup is damaged: the content of {name} is not what it was.")
            copy.seek(0)
            with store_said(name):
                if is_there(name, entry["sha256"]):
                    continue
                put = default_storage.save(name, File(cast(IO[Any], copy), name))
            stored.add(put)
        if put != name:
            renamed[name] = put
    return renamed


def is_there(name: str, sha256: str) -> bool:
    if not default_storage.exists(name):
        return False
    with default_storage.open(name) as file:
        return containers.copied(cast(IO[bytes], file), len) == sha256


@contextmanager
def new_database() -> Iterator[str]:
    """The name of an empty database beside the present one, which goes unless it has taken that one's place."""
    name = f"{tools.libpq()['dbname']}_restoring"
    made, gone = (
        sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)),
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)),
    )
    with tools.connect(MAINTENANCE) as server:
        try:
            server.execute(gone)  # of a restore that was killed
            server.execute(made)
        except psycopg.errors.InsufficientPrivilege as error:
            user = tools.libpq().get("user", "")
            raise BackupError(
                f"The database user {user} may not create databases, and a backup is restored into a new one: "
                f"`ALTER ROLE {user} CREATEDB` lets it, or DATABASE_URL names another user for this command."
            ) from error
    try:
        yield name
    finally:
        with tools.connect(MAINTENANCE) as server:
            server.execute(gone)


def require_rows(database: str, wanted: dict[str, int]) -> None:
    with tools.connect(database) as restored:
        found = making.counts(restored)
    if found != wanted:
        table = next(table for table in {**found, **wanted} if found.get(table) != wanted.get(table))
        raise BackupError(f"{table} has {found.get(table)} rows and had {wanted.get(table)}: the restore was given up.")


def migrate(database: str) -> None:
    """From the version that made the backup to this one."""
    environment = os.environ | {"DATABASE_URL": url(database), "DJANGO_SETTINGS_MODULE": "dam.settings"}
    command = [sys.executable, "-m", "django", "migrate", "--no-input", "--verbosity", "0"]
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["it says nothing"]
        raise BackupError(f"The backup's database could not be brought up to this version: {said[0]}")


def url(database: str) -> str:
    where = tools.libpq(database)
    user, password = quote(where.pop("user", ""), safe=""), quote(where.pop("password", ""), safe="")
    host, port, name = where.pop("host", ""), where.pop("port", ""), quote(where.pop("dbname"), safe="")
    options = {"host": host} | where if "/" in host else where
    place = "" if "/" in host else f"{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
    return f"postgres://{user}{f':{password}' if password else ''}@{place}/{name}?{urlencode(options)}"


def rename(database: str, renamed: dict[str, str]) -> None:
    """Rows name their files as they are called now."""
    with tools.connect(database) as restored, restored.transaction():
        for where in stored_files.columns():
            query = sql.SQL("UPDATE {table} SET {name} = %s WHERE {name} = %s").format(
                table=sql.Identifier(where.table), name=sql.Identifier(where.column)
            )
            for before, now in renamed.items():
                restored.execute(query, [now, before])


def take_place(database: str) -> None:
    """In one transaction; then the former database goes."""
    name = tools.libpq()["dbname"]
    former = f"{name}_former"
    swap = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    gone = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(former))
    with tools.connect(MAINTENANCE) as server:
        server.execute(gone)
        with server.transaction():
            if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                server.execute(swap.format(sql.Identifier(name), sql.Identifier(former)))
            server.execute(swap.format(sql.Identifier(database), sql.Identifier(name)))
        server.execute(gone)


def notes(manifest: dict[str, Any]) -> Iterator[str]:
    if manifest["key"] != making.key_fingerprint():
        yield (
            "This server has another DAM_SECRET_KEY than the one that the backup was made on: everybody signs in anew, "
            "and API keys and webhooks cannot be used until it is the same again."
        )
    if manifest["missing"]:
        some = ", ".join(manifest["missing_told"][:5])
        yield f"{manifest['missing']} files were missing already when the backup was made: {some}."
    try:
        cache.clear()
    except RedisError:
        yield "Redis cannot be reached: empty it before the library starts, it remembers the former one."
