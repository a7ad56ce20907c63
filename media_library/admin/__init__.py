"""The records behind the library, for administrators. Files and vectors are never edited here."""

from media_library.admin import assets, imports, jobs, keys, organising, people, signing_in, webhooks

__all__ = ["assets", "imports", "jobs", "keys", "organising", "people", "signing_in", "webhooks"]
