"""Work on a model that only one process does at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections

from search.models import EmbeddingModel

LOCKS = 0x444D  # the first key of this project's advisory locks on models; the second is the model's


@contextmanager
def upkeep(model: EmbeddingModel) -> Iterator[bool]:
    """Whether this process may build or remove the model's index and vectors now; false while another one does.

    An advisory lock of a transaction on a connection of its own, which does nothing else: a process that dies leaves
    none behind, and PgBouncer, which lends a session for one transaction, lends it to nobody else meanwhile. It has no
    snapshot, so that `CREATE INDEX CONCURRENTLY` does not wait for it.
    """
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCKS, model.pk])
            (held,) = cursor.fetchone()
        yield held
    finally:
        own.rollback()
        own.close()
