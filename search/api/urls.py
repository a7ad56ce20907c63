from django.urls import path

from search.api import clusters, duplicates, facets, regions, saved_searches, views

urlpatterns = [
    path("libraries/<uuid:library_id>/search/", views.Search.as_view(), name="search"),
    path("libraries/<uuid:library_id>/search/ids/", views.SearchIds.as_view(), name="search-ids"),
    path("libraries/<uuid:library_id>/search/facets/", facets.SearchFacets.as_view(), name="search-facets"),
    path("libraries/<uuid:library_id>/anchors/", views.Anchors.as_view(), name="anchors"),
    path("libraries/<uuid:library_id>/duplicates/", duplicates.Duplicates.as_view(), name="duplicates"),
    path(
        "libraries/<uuid:library_id>/duplicates/decisions/",
        duplicates.DuplicateDecisions.as_view(),
        name="duplicate-decisions",
    ),
    path("libraries/<uuid:library_id>/saved-searches/", saved_searches.SavedSearches.as_view(), name="saved-searches"),
    path(
        "libraries/<uuid:library_id>/saved-searches/<uuid:search_id>/",
        saved_searches.SavedSearchDetail.as_view(),
        name="saved-search",
    ),
    path("anchors/<uuid:anchor_id>/thumb/", views.AnchorThumb.as_view(), name="anchor-thumb"),
    path("assets/<uuid:asset_id>/similar/", views.Similar.as_view(), name="asset-similar"),
    path("assets/<uuid:asset_id>/regions/", regions.AssetRegions.as_view(), name="asset-regions"),
    path("regions/<uuid:region_id>/", regions.RegionDetail.as_view(), name="region"),
    path("libraries/<uuid:library_id>/regions/import/", regions.RegionImport.as_view(), name="region-import"),
    path("libraries/<uuid:library_id>/clusters/", clusters.Clusters.as_view(), name="clusters"),
    path("libraries/<uuid:library_id>/clusters/<uuid:cluster_id>/", clusters.ClusterDetail.as_view(), name="cluster"),
]
