from django.urls import path

from media_library.api import (
    assets,
    collections,
    facets,
    fields,
    files,
    folders,
    history,
    libraries,
    members,
    tags,
    tokens,
)

COLLECTION = "libraries/<uuid:library_id>/collections/<uuid:collection_id>/"

urlpatterns = [
    path("token/", tokens.Token.as_view(), name="token"),
    path("libraries/", libraries.Libraries.as_view(), name="libraries"),
    path("libraries/<uuid:library_id>/", libraries.LibraryDetail.as_view(), name="library"),
    path("libraries/<uuid:library_id>/members/", members.Members.as_view(), name="members"),
    path("libraries/<uuid:library_id>/members/<str:username>/", members.MemberDetail.as_view(), name="member"),
    path("libraries/<uuid:library_id>/folders/", folders.Folders.as_view(), name="folders"),
    path("libraries/<uuid:library_id>/folders/<uuid:folder_id>/", folders.FolderDetail.as_view(), name="folder"),
    path("libraries/<uuid:library_id>/tags/", tags.Tags.as_view(), name="tags"),
    path("libraries/<uuid:library_id>/tags/<int:tag_id>/", tags.TagDetail.as_view(), name="tag"),
    path("libraries/<uuid:library_id>/collections/", collections.Collections.as_view(), name="collections"),
    path(COLLECTION, collections.CollectionDetail.as_view(), name="collection"),
    path(f"{COLLECTION}assets/", collections.CollectionAssets.as_view(), name="collection-assets"),
    path(f"{COLLECTION}assets/remove/", collections.CollectionAssetsRemove.as_view(), name="collection-assets-remove"),
    path("libraries/<uuid:library_id>/assets/", assets.Assets.as_view(), name="assets"),
    path("libraries/<uuid:library_id>/assets/from-url/", assets.AssetsFromUrl.as_view(), name="assets-from-url"),
    path("libraries/<uuid:library_id>/fields/", fields.Fields.as_view(), name="fields"),
    path("libraries/<uuid:library_id>/fields/<str:field>/", fields.FieldDetail.as_view(), name="field"),
    path("libraries/<uuid:library_id>/fields/<str:field>/choices/", fields.Choices.as_view(), name="choices"),
    path(
        "libraries/<uuid:library_id>/fields/<str:field>/choices/<str:choice>/",
        fields.ChoiceDetail.as_view(),
        name="choice",
    ),
    path("libraries/<uuid:library_id>/facets/", facets.Facets.as_view(), name="facets"),
    path("assets/<uuid:asset_id>/", assets.AssetDetail.as_view(), name="asset"),
    path("assets/<uuid:asset_id>/restore/", assets.AssetRestore.as_view(), name="asset-restore"),
    path("assets/<uuid:asset_id>/history/", history.AssetHistory.as_view(), name="asset-history"),
    path("assets/<uuid:asset_id>/reindex/", history.AssetReindex.as_view(), name="asset-reindex"),
    path("assets/<uuid:asset_id>/file/", files.AssetFile.as_view(), name="asset-file"),
    path("assets/<uuid:asset_id>/thumb/", files.AssetThumb.as_view(), name="asset-thumb"),
    path("assets/<uuid:asset_id>/preview/", files.AssetPreview.as_view(), name="asset-preview"),
]
