from django.urls import path

from dam.contracts.visual_layer import anchors, datasets, explore

DATASET = "dataset/<str:dataset_id>"

urlpatterns = [
    path("healthcheck", datasets.HealthCheck.as_view(), name="healthcheck"),
    path("datasets", datasets.Datasets.as_view(), name="datasets"),
    path("dataset", datasets.NewDataset.as_view(), name="new-dataset"),
    path(DATASET, datasets.Dataset.as_view(), name="dataset"),
    path(f"{DATASET}/stats", datasets.Stats.as_view(), name="stats"),
    path(f"{DATASET}/search-image-similarity", anchors.SearchImageSimilarity.as_view(), name="search-image-similarity"),
    path("explore/<str:dataset_id>", explore.Explore.as_view(), name="explore"),
]
