"""Stored files go when their row goes, once the deletion is committed.

While a backup copies the files that its dump names, they stay: what no row names any more, the sweep of `orphans`
removes later.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connection, models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dam.errors import Busy

FOLDERS = {"originals", "renditions", "parts", "exports"}  # of the store; what else lies there is not ours
BACKUP = 0x44414D_42  # the advisory lock that a backup holds while it copies files
LONGEST = timedelta(hours=6)  # between storing a file and committing its row


class TookTooLong(Busy):
    code = "took_too_long"
    message = _("Storing this took too long, so nothing was kept. Try again.")


@receiver(post_delete)
def delete_files(sender: type[models.Model], instance: models.Model, **kwargs: Any) -> None:
    for field in file_fields(sender):
        if name := getattr(instance, field.attname).name:
            transaction.on_commit(partial(remove, [name]), robust=True)


def file_fields(model: type[models.Model]) -> list[models.FileField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, models.FileField)]


class Column(NamedTuple):
    """Where rows name stored files."""

    model: type[models.Model]
    field: str
    table: str
    column: str

    def has(self, field: str) -> bool:
        return any(each.name == field for each in self.model._meta.concrete_fields)


def columns() -> Iterator[Column]:
    for model in apps.get_models():
        for field in file_fields(model):
            yield Column(model, field.name, model._meta.db_table, str(field.column))


def remove(names: Iterable[str]) -> None:
    """Of what had a row, once that is gone for good."""
    if not backup_is_running():
        delete(names)


def delete(names: Iterable[str]) -> None:
    """At once: of what never got a row."""
    for name in names:
        default_storage.delete(name)


def backup_is_running() -> bool:
    """One that begins after this has been asked does not name what was gone by then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [BACKUP])
        (free,) = cursor.fetchone() or (False,)
    return not free


def require_recent(since: datetime) -> None:
    """Before a row is committed for what was stored `since` then: the sweep takes older files for forgotten ones.

    Raises TookTooLong, as for a machine that was asleep meanwhile.
    """
    if timezone.now() - since > LONGEST:
        raise TookTooLong
