"""`migrate` on a database that is in use.

An ALTER TABLE waits for every query that reads its table, and whoever asks that table meanwhile waits behind it: one
long query would stop all traffic. So it waits for some seconds only, lets the others go on, and tries again.
"""

import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

LOCK_SECONDS, PAUSE_SECONDS, TRIES = 3, 5, 24


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        for tried in range(1, TRIES + 1):
            try:
                with connection.execute_wrapper(impatient):
                    super().handle(*args, **options)
                return
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                if tried == TRIES:
                    raise CommandError(
                        "The tables that are to be changed were in use all the time. What was applied is kept. Look "
                        "for long transactions in pg_stat_activity, and run this again."
                    ) from error
            self.stderr.write(f"A table is in use: others go on, and it is tried again in {PAUSE_SECONDS} s.")
            time.sleep(PAUSE_SECONDS)


def impatient(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  as Django has it
    """Statements that change tables wait no longer than that. What is done CONCURRENTLY stops nobody and may wait."""
    words = str(sql).upper()
    if not words.lstrip().startswith(("ALTER", "CREATE", "DROP", "LOCK", "COMMENT")):
        return execute(sql, params, many, context)
    limit = 0 if "CONCURRENTLY" in words else LOCK_SECONDS
    execute(f"SET lock_timeout = '{limit}s'", None, False, context)  # noqa: FBT003
    try:
        result = execute(sql, params, many, context)
    finally:
        reset(context)
    return result


def reset(context: Any) -> None:
    """Not in a transaction that has failed: its end undoes the setting as well."""
    raw = context["connection"].connection
    if raw is not None and raw.info.transaction_status.name != "INERROR":
        raw.execute("RESET lock_timeout")
