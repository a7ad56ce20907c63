"""Work on a model that only one process does at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from search.models import EmbeddingModel

LOCKS = 0x444D  # the first key of this project's advisory locks on models; the second is the model's


@contextmanager
def upkeep(model: EmbeddingModel) -> Iterator[bool]:
    """Whether this process may build or remove the model's index and vectors now; false while another one does.

    An advisory lock of the database session: a process that dies leaves none behind.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCKS, model.pk])
        (held,) = cursor.fetchone()
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCKS, model.pk])
