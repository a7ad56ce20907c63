"""What administrators see of search. Vectors are counted here and never shown."""

from search.admin import anchors, clusters, duplicates, indexing, models, recall, regions, views

__all__ = ["anchors", "clusters", "duplicates", "indexing", "models", "recall", "regions", "views"]
