from search.models.anchor import QueryAnchor
from search.models.duplicate import DuplicateDecision, DuplicatePair, Fingerprint
from search.models.embedding import Embedding, IndexEntry
from search.models.embedding_model import EmbeddingModel

__all__ = [
    "DuplicateDecision",
    "DuplicatePair",
    "Embedding",
    "EmbeddingModel",
    "Fingerprint",
    "IndexEntry",
    "QueryAnchor",
]
