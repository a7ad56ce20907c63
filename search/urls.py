from django.urls import path

from search import example_views, region_views, saved_search_views, views
from search.duplicates import views as duplicates

urlpatterns = [
    path("l/<slug:slug>/search/", views.search, name="search"),
    path("l/<slug:slug>/search/filters/", views.filter_panel, name="search-filters"),
    path("l/<slug:slug>/search/by-image/", example_views.by_image, name="search-by-image"),
    path("l/<slug:slug>/search/part/<uuid:picture_id>/", example_views.part, name="search-part"),
    path("l/<slug:slug>/searches/", saved_search_views.all_searches, name="saved-searches"),
    path("l/<slug:slug>/searches/new/", saved_search_views.save, name="saved-search-new"),
    path("l/<slug:slug>/searches/<uuid:search_id>/", saved_search_views.run, name="saved-search"),
    path("l/<slug:slug>/searches/<uuid:search_id>/edit/", saved_search_views.edit, name="saved-search-edit"),
    path("l/<slug:slug>/searches/<uuid:search_id>/delete/", saved_search_views.delete, name="saved-search-delete"),
    path("l/<slug:slug>/indexing/", views.indexing, name="indexing"),
    path("assets/<uuid:asset_id>/similar/", views.similar, name="asset-similar"),
    path("assets/<uuid:asset_id>/regions/", region_views.of_asset, name="asset-regions"),
    path("regions/<uuid:region_id>/edit/", region_views.edit, name="region-edit"),
    path("regions/<uuid:region_id>/delete/", region_views.delete, name="region-delete"),
    path("l/<slug:slug>/duplicates/", duplicates.duplicates, name="duplicates"),
    path("l/<slug:slug>/duplicates/decide/", duplicates.decide, name="decide-duplicates"),
    path("duplicates/decisions/<uuid:decision_id>/undo/", duplicates.undo, name="undo-duplicates"),
    path("assets/<uuid:asset_id>/duplicates/", duplicates.of_asset, name="asset-duplicates"),
    path("notices/dismiss/", views.dismiss_notice, name="dismiss-notice"),
]
