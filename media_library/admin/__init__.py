"""The records behind the library, for administrators. Files and vectors are never edited here."""

from media_library.admin import assets, file_sweeps, imports, jobs, keys, organising, people, webhooks

__all__ = ["assets", "file_sweeps", "imports", "jobs", "keys", "organising", "people", "webhooks"]
