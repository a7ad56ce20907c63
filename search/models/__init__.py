from search.models.anchor import QueryAnchor
from search.models.embedding import Embedding, IndexEntry
from search.models.embedding_model import EmbeddingModel
from search.models.isolation import Isolation
from search.models.recall import RecallMeasurement

__all__ = [
    "Embedding",
    "EmbeddingModel",
    "IndexEntry",
    "Isolation",
    "QueryAnchor",
    "RecallMeasurement",
]
