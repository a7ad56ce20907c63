"""Races that the database settles, as failures that can be told."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from dam.errors import AppError


@contextmanager
def refusing(constraint: str, failure: type[AppError]) -> Iterator[None]:
    """What is written here and breaks the constraint of this name is undone, and told as this failure."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if constraint in str(error):
            raise failure from None
        raise
