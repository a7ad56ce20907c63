"""Keyset paging: a cursor names the last row shown, so pages stay stable while rows come and go."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest

SORTS = (
    "-created_at",
    "created_at",
    "display_name",
    "-display_name",
    "bytes",
    "-bytes",
    "taken_at",
    "-taken_at",
    "deleted_at",
    "-deleted_at",
)
COLUMNS = {"display_name": "natural_name"}  # where another one than that of its name is ordered by
DEFAULT_LIMIT, MAX_LIMIT = 50, 500
MANY, KEPT_SECONDS = 20_000, 60

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    items: list[Row]
    next_cursor: str | None


def page(
    rows: QuerySet[Row],
    *,
    sort: str = "-created_at",
    limit: int = DEFAULT_LIMIT,
    cursor: str = "",
    sorts: Sequence[str] = SORTS,
) -> Page[Row]:
    """One page of assets, or of what else has the field or annotation; `sorts` are those that are allowed.

    Pictures without a capture date are left out when sorting by it, and those that are not in the trash when sorting by
    when they went there.
    """
    if sort not in sorts:
        raise InvalidRequest(_("Sort by one of: %(sorts)s.") % {"sorts": ", ".join(sorts)}, code="bad_sort")
    field, descending = column(sort), sort.startswith("-")
    if field in {"taken_at", "deleted_at"}:
        rows = rows.exclude(**{field: None})
    if cursor:
        rows = rows.filter(after(field, *decode(cursor, rows.model, sort), descending=descending))
    items = list(rows.order_by(f"-{field}" if descending else field, "id")[: limit + 1])
    more = len(items) > limit
    items = items[:limit]
    return Page(items, encode(items[-1], sort) if more else None)


def total(rows: QuerySet[Any]) -> int:
    """How many rows there are. A million take a tenth of a second, so that of MANY what was counted is kept for a
    minute; fewer are always counted."""
    try:
        key = f"total:{digest(asked_for(rows))}"
    except EmptyResultSet:
        return 0
    kept: int | None = cache.get(key)
    if kept is not None:
        return kept
    counted = rows.count()
    if counted >= MANY:
        cache.set(key, counted, KEPT_SECONDS)
    return counted


def asked_for(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """These rows as a statement that gives their keys, and its parameters. Raises EmptyResultSet."""
    return rows.order_by().values("pk").query.sql_with_params()


def digest(asked: tuple[str, tuple[Any, ...]]) -> str:
    """What tells these rows from all others that could be asked for."""
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def column(sort: str) -> str:
    """Of what an order is."""
    field = sort.removeprefix("-")
    return COLUMNS.get(field, field)


def after(field: str, value: Any, pk: str, *, descending: bool) -> Q:
    beyond = Q((f"{field}__{'lt' if descending else 'gt'}", value))
    # The redundant first bound lets PostgreSQL start its index scan at the row.
    start = Q((f"{field}__{'lte' if descending else 'gte'}", value))
    return start & (beyond | Q((field, value), pk__gt=pk))


def encode(row: Model, sort: str) -> str:
    value = getattr(row, column(sort))
    value = value.isoformat() if isinstance(value, datetime) else value
    return signing.dumps([order(type(row), sort), value, str(row.pk)])


def order(model: type[Model], sort: str) -> str:
    """What a cursor belongs to: an order of one kind of rows."""
    return f"{model._meta.label_lower} {sort}"


def decode(cursor: str, model: type[Model], sort: str) -> tuple[Any, str]:
    try:
        of, value, pk = signing.loads(cursor)
    except (signing.BadSignature, ValueError):
        raise InvalidRequest(_("This cursor is not valid. Start again without one."), code="bad_cursor") from None
    if of != order(model, sort):
        raise InvalidRequest(_("This cursor belongs to another order."), code="bad_cursor")
    return (datetime.fromisoformat(value) if sort.endswith("_at") else value), pk


def limit_of(raw: Any, default: int = DEFAULT_LIMIT) -> int:
    """A page size between 1 and 500."""
    if raw in (None, ""):
        return default
    try:
        limit = int(raw)
    except (TypeError, ValueError, OverflowError):
        limit = 0
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequest(_("limit must be a whole number from 1 to 500."), code="bad_limit")
    return limit
