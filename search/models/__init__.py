from search.models.anchor import QueryAnchor
from search.models.embedding import Embedding, IndexEntry
from search.models.embedding_model import EmbeddingModel

__all__ = ["Embedding", "EmbeddingModel", "IndexEntry", "QueryAnchor"]
