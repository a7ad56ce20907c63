"""Who did what, when and from where: written where it is done, in the same transaction, and never changed.

`record` is called by the deed itself. Who does it is known from the request, or from the job that does it for somebody.
`media_library.audit_signals` records what has no single room of its own. The database refuses to change or remove
entries (migration 0025), except for `forget`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from media_library.lockout import address_of
from media_library.models import Asset, AuditEntry, Library, User

Event = AuditEntry.Event
BATCH = 500
# Whether the transaction that this statement is shall not wait for the disk.
SOON = """WITH soon AS (SELECT set_config(
    'synchronous_commit', CASE WHEN %s THEN 'off' ELSE current_setting('synchronous_commit') END, true
))"""


@dataclass(frozen=True)
class Origin:
    """On whose behalf this thread works. Of a request the user is asked late: REST signs them in after it began."""

    request: HttpRequest | None = None
    user: User | None = None
    via: str = ""

    @property
    def actor(self) -> User | None:
        user = getattr(self.request, "user", None) if self.request else self.user
        return user if user is not None and user.is_authenticated else None


COMMAND_LINE = Origin(via="command line")
_origin: ContextVar[Origin] = ContextVar("origin", default=COMMAND_LINE)


class OriginMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting(Origin(request)):
            return self.get_response(request)


@contextmanager
def acting(origin: Origin) -> Iterator[None]:
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def record(event: str, about: Any = None, *, library: Library | None = None, **more: Any) -> None:
    """One entry, about an object or none. `user`: who, where the request does not say. `name`, `data`: what else."""
    write([entry(event, about, library, **more)])


def record_assets(event: str, assets: Iterable[Asset]) -> None:
    """One entry for each. One query for the names of their libraries, if they are not known."""
    there = list(assets)
    names = dict(Library.objects.filter(pk__in={asset.library_id for asset in there}).values_list("pk", "name"))
    made = []
    for asset in there:
        row = entry(event, asset, None, name=asset.display_name)
        row.library_id, row.library = asset.library_id, names.get(asset.library_id, "")
        made.append(row)
    write(made)


def entry(
    event: str,
    about: Any,
    library: Library | None,
    *,
    user: User | None = None,
    name: str | None = None,
    via: str | None = None,
    data: dict[str, Any] | None = None,
) -> AuditEntry:
    origin = _origin.get()
    who = user or origin.actor
    return AuditEntry(
        event=event,
        user_id=who.pk if who else None,
        username=who.get_username() if who else "",
        via=(origin.via or getattr(who, "via", "") if via is None else via)[:200],
        address=address_of(origin.request),
        library_id=library.pk if library else None,
        library=library.name if library else "",
        kind=about._meta.model_name if about is not None else "",
        object_id=str(about.pk) if about is not None else "",
        name=(str(about) if name is None and about is not None else name or "").replace("\0", "")[:255],
        data=data or {},
    )


def write(rows: list[AuditEntry]) -> None:
    AuditEntry.objects.bulk_create(rows, batch_size=BATCH)


def searched(library: Library, params: Iterable[tuple[str, str]]) -> None:
    """`params`: those of the address of the search. By a setting: who looks for what may be nobody's business.

    One statement, for which a search does not wait for the disk: PostgreSQL writes the entry there a moment later, so
    that only a crash of the database loses the last of them. Within a transaction, its commit waits as it always does.
    """
    if not settings.AUDIT_SEARCHES:
        return
    made = entry(Event.SEARCHED, None, library, data={"params": [list(pair) for pair in params]})
    fields = [field for field in AuditEntry._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    values = [field.get_db_prep_save(getattr(made, field.attname), connection) for field in fields]
    places = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{SOON} INSERT INTO {AuditEntry._meta.db_table} ({columns}) SELECT {places} FROM soon",  # noqa: S608
            [not connection.in_atomic_block, *values],
        )


def forget() -> int:
    """What is older than settings.AUDIT_DAYS; 0: nothing ever is. Gives how many those were."""
    if not settings.AUDIT_DAYS:
        return 0
    old = AuditEntry.objects.filter(at__lt=timezone.now() - timedelta(days=settings.AUDIT_DAYS))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('media_library.audit_retention', 'on', true)")
        count, _models = old.delete()
        cursor.execute("SELECT set_config('media_library.audit_retention', '', true)")
    return count
