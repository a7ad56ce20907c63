"""Pages in any order: a cursor names the last row, so that nothing is skipped or repeated while rows come and go."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from dam.errors import InvalidRequest

SALT = "cloudinary-cursor"

Row = TypeVar("Row", bound=Model)


class Key(NamedTuple):
    """A column or annotation that is never null."""

    column: str
    descending: bool = False


def page(rows: QuerySet[Row], keys: Sequence[Key], limit: int, cursor: str) -> tuple[list[Row], str | None]:
    """One page by these keys and then by id, and where the next one begins. Raises InvalidRequest."""
    keys = [*keys, Key("pk")]
    shape = [list(key) for key in keys]
    if cursor:
        rows = rows.filter(after(keys, decode(cursor, shape)))
    found = list(rows.order_by(*(f"-{column}" if descending else column for column, descending in keys))[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = [encoded(getattr(found[limit - 1], column)) for column, _descending in keys]
    return found[:limit], signing.dumps([shape, last], salt=SALT, compress=True)


def after(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Rows behind these values: those that differ first in the n-th key, for every n."""
    found, same = Q(pk__in=[]), Q()
    for (column, descending), value in zip(keys, values, strict=True):
        found |= same & Q((f"{column}__{'lt' if descending else 'gt'}", value))
        same &= Q((column, value))
    return found


def encoded(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.astimezone(UTC).isoformat()}
    return value if isinstance(value, int | float | str) else str(value)


def decode(cursor: str, shape: list[list[Any]]) -> list[Any]:
    try:
        of, values = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError):
        raise InvalidRequest(_("Invalid value for parameter next_cursor")) from None
    if of != shape:
        raise InvalidRequest(_("This next_cursor belongs to another order."))
    return [datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value for value in values]
