from search.models.anchor import QueryAnchor
from search.models.cluster import Cluster, Clustering, ClusterMember
from search.models.embedding import Embedding, IndexEntry
from search.models.embedding_model import EmbeddingModel

__all__ = ["Cluster", "ClusterMember", "Clustering", "Embedding", "EmbeddingModel", "IndexEntry", "QueryAnchor"]
