from django.urls import path

from search.api import clusters, views

urlpatterns = [
    path("libraries/<uuid:library_id>/search/", views.Search.as_view(), name="search"),
    path("libraries/<uuid:library_id>/anchors/", views.Anchors.as_view(), name="anchors"),
    path("anchors/<uuid:anchor_id>/thumb/", views.AnchorThumb.as_view(), name="anchor-thumb"),
    path("assets/<uuid:asset_id>/similar/", views.Similar.as_view(), name="asset-similar"),
    path("libraries/<uuid:library_id>/clusters/", clusters.Clusters.as_view(), name="clusters"),
    path("libraries/<uuid:library_id>/clusters/<uuid:cluster_id>/", clusters.ClusterDetail.as_view(), name="cluster"),
]
