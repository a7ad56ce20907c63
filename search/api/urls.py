from django.urls import path

from search.api import duplicates, views

urlpatterns = [
    path("libraries/<uuid:library_id>/search/", views.Search.as_view(), name="search"),
    path("libraries/<uuid:library_id>/anchors/", views.Anchors.as_view(), name="anchors"),
    path("libraries/<uuid:library_id>/duplicates/", duplicates.Duplicates.as_view(), name="duplicates"),
    path(
        "libraries/<uuid:library_id>/duplicates/decisions/",
        duplicates.DuplicateDecisions.as_view(),
        name="duplicate-decisions",
    ),
    path("anchors/<uuid:anchor_id>/thumb/", views.AnchorThumb.as_view(), name="anchor-thumb"),
    path("assets/<uuid:asset_id>/similar/", views.Similar.as_view(), name="asset-similar"),
]
