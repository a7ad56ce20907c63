"""Stored files go when their row goes, once the deletion is committed."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver


@receiver(post_delete)
def delete_files(sender: type[models.Model], instance: models.Model, **kwargs: Any) -> None:
    for field in sender._meta.concrete_fields:
        if isinstance(field, models.FileField) and (name := getattr(instance, field.attname).name):
            transaction.on_commit(partial(default_storage.delete, name), robust=True)


def delete(names: Iterable[str]) -> None:
    """At once: of what never got a row."""
    for name in names:
        default_storage.delete(name)
