"""What `media_library.findable` asks of the search app."""

from search.duplicates.groups import lookalikes
from search.history import history, reindex
from search.indexing import indexed_ids, model_name, progress, standing
from search.saved_queries import ranked, saveable

__all__ = [
    "history",
    "indexed_ids",
    "lookalikes",
    "model_name",
    "progress",
    "ranked",
    "reindex",
    "saveable",
    "standing",
]
