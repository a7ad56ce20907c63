from search.models.anchor import QueryAnchor
from search.models.cluster import Cluster, Clustering, ClusterMember, RegionClusterMember
from search.models.duplicate import DuplicateDecision, DuplicatePair, Fingerprint
from search.models.embedding import Embedding, IndexEntry
from search.models.embedding_model import EmbeddingModel
from search.models.indexed_library import IndexedLibrary
from search.models.isolation import Isolation
from search.models.recall import RecallMeasurement
from search.models.region import DetectorRun, Region, RegionEmbedding, RegionQuerySet
from search.models.saved_search import SavedSearch, SavedSearchQuerySet
from search.models.saved_view import SavedView

__all__ = [
    "Cluster",
    "ClusterMember",
    "Clustering",
    "DetectorRun",
    "DuplicateDecision",
    "DuplicatePair",
    "Embedding",
    "EmbeddingModel",
    "Fingerprint",
    "IndexEntry",
    "IndexedLibrary",
    "Isolation",
    "QueryAnchor",
    "RecallMeasurement",
    "Region",
    "RegionClusterMember",
    "RegionEmbedding",
    "RegionQuerySet",
    "SavedSearch",
    "SavedSearchQuerySet",
    "SavedView",
]
