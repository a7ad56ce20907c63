"""The records behind the library, for administrators. Files and vectors are never edited here."""

from media_library.admin import (
    assets,
    audit,
    file_sweeps,
    imports,
    jobs,
    keys,
    organising,
    people,
    signing_in,
    webhooks,
)

__all__ = [
    "assets",
    "audit",
    "file_sweeps",
    "imports",
    "jobs",
    "keys",
    "organising",
    "people",
    "signing_in",
    "webhooks",
]
