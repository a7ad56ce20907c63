"""Files without a row, which are removed, and rows without a file, which are told.

A process that is killed between storing a file and committing its row leaves the file behind. The sweep lists the store
into a temporary table and has the database compare, so that it takes the same memory however much there is. It removes
only what was old enough before any upload that may still be under way: see `stored_files.require_recent`.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library import listing, stored_files
from media_library.models import Asset, FileSweep

logger = logging.getLogger(__name__)

SAFE_AGE = timedelta(hours=24)
SWEEPING = 0x44414D_53  # the advisory lock of a sweep
AT_ONCE = 500
FEW = 1000  # files without a row that are removed whatever their share
SHARE = 20  # of all files, one in so many
TOLD = 200  # of each, by name

LISTED = "CREATE TEMPORARY TABLE listed_file (name text, modified timestamptz, bytes bigint)"
COPY = "COPY listed_file (name, modified, bytes) FROM STDIN"
OLD = "(modified IS NULL OR modified < %s)"


class NotNow(AppError):
    code = "not_now"
    status = 409


class TooMany(AppError):
    """More than a crash leaves: rather the wrong database, the wrong bucket, or a database restored from a backup."""

    code = "too_many_orphans"
    status = 409
    message = _("%(orphans)d of %(files)d files have no row. That is more than crashes leave, so none was removed.")


@dataclass(frozen=True)
class Missing:
    """A row whose file is not in the store."""

    name: str
    row: str  # media_library.rendition 12
    asset: str = ""  # the id of the asset that it belongs to, if it does


@dataclass
class Report:
    dry_run: bool
    files: int = 0
    orphans: int = 0  # old enough to be removed
    bytes: int = 0  # of the orphans, as far as the store tells
    removed: int = 0
    missing: int = 0
    orphans_told: list[str] = field(default_factory=list)  # the first of them
    missing_told: list[Missing] = field(default_factory=list)


def sweep(*, dry_run: bool = False, older_than: timedelta = SAFE_AGE, however_many: bool = False) -> Report:
    """Compare the store with the rows, remove files without one, and keep the report as a FileSweep.

    `older_than` below `stored_files.LONGEST` is for when nothing else runs. Raises NotNow while another sweep or a
    backup runs, and TooMany, unless `however_many`; then nothing was removed.
    """
    report, began = Report(dry_run), timezone.now()
    refused: TooMany | None = None
    with transaction.atomic():
        require_alone()
        list_store(report)
        for missing in find_missing():
            report.missing += 1
            if len(report.missing_told) < TOLD:
                report.missing_told.append(missing)
        forget_known()
        count_orphans(report, began - older_than)
        if report.orphans > max(FEW, report.files // SHARE) and not (however_many or dry_run):
            refused = TooMany(TooMany.message % {"orphans": report.orphans, "files": report.files})
        else:
            for name in orphans(began - older_than):
                if len(report.orphans_told) < TOLD:
                    report.orphans_told.append(name)
                if not dry_run:
                    report.removed += removed(name)
        connection.cursor().execute("DROP TABLE listed_file")
    FileSweep.note(report, began)
    if refused:
        raise refused
    return report


def sweep_and_tell() -> None:
    """Every night, to the log; the console keeps it."""
    try:
        report = sweep()
    except NotNow as error:
        logger.warning("The files were not swept: %s", error.message)
        return
    except TooMany as error:
        logger.error("%s `manage.py sweep_files --dry-run` lists them; docs/operations.md says more.", error.message)
        return
    if report.removed:
        logger.warning("%d of %d files had no row and were removed.", report.removed, report.files)
    for missing in report.missing_told:
        logger.error("%s is not in the store: %s, asset %s.", missing.name, missing.row, missing.asset or "none")
    if report.missing > len(report.missing_told):
        logger.error("%d rows name files that are not in the store.", report.missing)


def require_alone() -> None:
    """Until the end of the transaction no other sweep and no backup begins."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SWEEPING])
        if not cursor.fetchone()[0]:
            raise NotNow(_("Another sweep of the files is running."))
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [stored_files.BACKUP])
        if not cursor.fetchone()[0]:
            raise NotNow(_("A backup is copying the files. Sweep them when it is done."))


def list_store(report: Report) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LISTED)
        with cursor.copy(COPY) as copy:
            for folder in sorted(stored_files.FOLDERS):
                for found in listing.walk(folder):
                    if is_text(found.name):
                        copy.write_row((found.name, found.modified, found.bytes))
                        report.files += 1
        cursor.execute("ANALYZE listed_file")


def is_text(name: str) -> bool:
    """What a disk calls otherwise, nobody here has stored."""
    return "\0" not in name and name.encode("utf-8", "replace").decode() == name


def find_missing() -> Iterator[Missing]:
    """Rows whose file was not listed, and is not there now either, though they still name it."""
    for where in stored_files.columns():
        table, name, pk = quoted(where.table), quoted(where.column), quoted(str(where.model._meta.pk.column))
        owner = quoted("asset_id") if where.has("asset") else "NULL"
        sql = (
            f"SELECT {pk}, {name}, {owner} FROM {table} AS held WHERE {name} <> '' "  # noqa: S608
            f"AND NOT EXISTS (SELECT FROM listed_file WHERE listed_file.name = held.{name})"
        )
        with connection.chunked_cursor() as cursor:
            cursor.execute(sql)
            for key, file, asset in cursor:
                if not default_storage.exists(file) and names_it(where, key, file):
                    owned = key if where.model is Asset else asset
                    yield Missing(file, f"{where.model._meta.label_lower} {key}", str(owned or ""))


def names_it(where: stored_files.Column, key: Any, file: str) -> bool:
    return where.model._default_manager.filter(pk=key, **{where.field: file}).exists()


def forget_known() -> None:
    """Of what is listed, leave what no row names."""
    with connection.cursor() as cursor:
        for where in stored_files.columns():
            table, name = quoted(where.table), quoted(where.column)
            cursor.execute(f"DELETE FROM listed_file USING {table} AS held WHERE listed_file.name = held.{name}")  # noqa: S608


def count_orphans(report: Report, before: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM listed_file WHERE {OLD}", [before])  # noqa: S608
        report.orphans, report.bytes = cursor.fetchone()


def orphans(before: datetime) -> Iterator[str]:
    """Asked again for each page whether no row has come for one."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT name, modified FROM listed_file WHERE {OLD}", [before])  # noqa: S608
        rows = iter(cursor)
        while page := list(islice(rows, AT_ONCE)):
            known = named([name for name, _modified in page])
            for name, modified in page:
                if name not in known and (modified or age_of(name)) < before:
                    yield name


def named(names: list[str]) -> set[str]:
    """Those of these that a row names now."""
    found: set[str] = set()
    for where in stored_files.columns():
        rows = where.model._default_manager.filter(**{f"{where.field}__in": names})
        found.update(rows.values_list(where.field, flat=True))
    return found


def age_of(name: str) -> datetime:
    try:
        return default_storage.get_modified_time(name)
    except FileNotFoundError:  # it has gone meanwhile
        return timezone.now()


def removed(name: str) -> bool:
    """What each store raises is its own: the next sweep comes by again."""
    try:
        default_storage.delete(name)
    except Exception:
        logger.exception("%s has no row, and could not be removed.", name)
        return False
    return True


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)
