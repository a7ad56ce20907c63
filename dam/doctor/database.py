"""PostgreSQL: whether it answers, is new enough and migrated, and has the same time as this machine."""

import time
from collections.abc import Iterator

import psycopg
from django.db import DatabaseError, connection

from dam import health
from dam.backup import tools
from dam.doctor import Check, Finding, ok, problem, warning

NEEDED, PGVECTOR = 15, (0, 8, 4)
SKEW, MUCH_SKEW = 2.0, 30.0  # seconds


def database() -> Iterator[Finding]:
    try:
        psycopg.connect(**tools.libpq(), connect_timeout=5).close()  # the pool would try again for long
        version = asked("SHOW server_version")
    except (DatabaseError, psycopg.Error) as error:
        reason = " ".join(str(error).split())[:300]
        advice = "Start PostgreSQL, and see that DATABASE_URL names it; the embedded one runs with `make demo`."
        yield problem("database", f"PostgreSQL does not answer: {reason}", advice)
        return
    if int(version.split(".")[0]) < NEEDED:
        yield problem("database", f"PostgreSQL is of version {version}.", f"Version {NEEDED} or newer is needed.")
    else:
        yield ok("database", f"PostgreSQL {version} answers.")


def pgvector() -> Iterator[Finding]:
    version = asked("SELECT coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'), '')")
    if not version:
        yield problem("pgvector", "The extension is not there.", "Install pgvector, then run `manage.py migrate`.")
    elif tuple(int(part) for part in version.split(".")[:3]) < PGVECTOR:
        yield problem(
            "pgvector",
            f"Version {version} can corrupt its indexes while pictures come and go.",
            "Install pgvector 0.8.4 or newer, then `ALTER EXTENSION vector UPDATE` and `manage.py setup_model`.",
        )
    else:
        yield ok("pgvector", f"Version {version}.")


def migrations() -> Iterator[Finding]:
    if missing := health.unapplied():
        yield problem("migrations", f"{len(missing)} are not applied, first {missing[0]}.", "Run `manage.py migrate`.")
    else:
        yield ok("migrations", "All are applied.")


def indexes() -> Iterator[Finding]:
    invalid = asked(
        "SELECT coalesce(string_agg(relname, ', '), '') FROM pg_class JOIN pg_index ON indexrelid = oid "
        "WHERE NOT indisvalid AND indisready IS NOT NULL"
    )
    if invalid:
        yield problem(
            "indexes",
            f"Not valid: {invalid}. A build of them was cut short, or one is running now.",
            "If none is running: `REINDEX INDEX CONCURRENTLY <name>`; one that ends in _ccnew is dropped.",
        )
    else:
        yield ok("indexes", "All are valid.")


def connections() -> Iterator[Finding]:
    used, most = int(asked("SELECT count(*) FROM pg_stat_activity")), int(asked("SHOW max_connections"))
    if used > most * 0.9:
        advice = "Raise max_connections, or lower DAM_DB_POOL_SIZE or WEB_CONCURRENCY."
        yield warning("connections", f"{used} of {most} connections are used.", advice)
    else:
        yield ok("connections", f"{used} of {most} are used.")


def clock() -> Iterator[Finding]:
    before = time.time()
    there = float(asked("SELECT extract(epoch FROM clock_timestamp())"))
    skew = there - (before + time.time()) / 2
    sentence = f"The database's clock is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} this machine's."
    if abs(skew) > MUCH_SKEW:
        yield problem(
            "clock", sentence, "Have both set by NTP (`timedatectl set-ntp true`): leases and links go by it."
        )
    elif abs(skew) > SKEW:
        yield warning("clock", sentence, "Have both set by NTP (`timedatectl set-ntp true`).")
    else:
        yield ok("clock", "This machine and the database agree.")


def asked(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return str(cursor.fetchone()[0])


CHECKS = [
    Check("database", database),
    Check("pgvector", pgvector, ("database",)),
    Check("migrations", migrations, ("database",)),
    Check("indexes", indexes, ("database",)),
    Check("connections", connections, ("database",)),
    Check("clock", clock, ("database",)),
]
