from django.urls import path

from dam.contracts.visual_layer import anchors, datasets, explore, exports, media, saved_views

DATASET = "dataset/<str:dataset_id>"

urlpatterns = [
    path("healthcheck", datasets.HealthCheck.as_view(), name="healthcheck"),
    path("datasets", datasets.Datasets.as_view(), name="datasets"),
    path("dataset", datasets.NewDataset.as_view(), name="new-dataset"),
    path(DATASET, datasets.Dataset.as_view(), name="dataset"),
    path(f"{DATASET}/stats", datasets.Stats.as_view(), name="stats"),
    path(f"{DATASET}/search-image-similarity", anchors.SearchImageSimilarity.as_view(), name="search-image-similarity"),
    path(f"{DATASET}/add_media", media.AddMedia.as_view(), name="add-media"),
    path(f"{DATASET}/views", saved_views.Views.as_view(), name="views"),
    path(f"{DATASET}/views/<str:view_id>", saved_views.ViewDetail.as_view(), name="view"),
    path(f"{DATASET}/export_context_async", exports.ExportContext.as_view(), name="export-context"),
    path(f"{DATASET}/export_status", exports.ExportStatus.as_view(), name="export-status"),
    path(f"{DATASET}/export", exports.Download.as_view(), name="export"),
    path("image/<str:media_id>", media.ImageDetail.as_view(), name="image"),
    path("explore/<str:dataset_id>", explore.Explore.as_view(), name="explore"),
]
