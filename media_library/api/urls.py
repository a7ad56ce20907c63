from django.urls import path

from media_library.api import assets, facets, files, libraries, sign_in, tokens

urlpatterns = [
    path("token/", sign_in.Token.as_view(), name="token"),
    path("tokens/", tokens.Tokens.as_view(), name="tokens"),
    path("tokens/<int:token_id>/", tokens.TokenDetail.as_view(), name="personal-token"),
    path("libraries/", libraries.Libraries.as_view(), name="libraries"),
    path("libraries/<uuid:library_id>/", libraries.LibraryDetail.as_view(), name="library"),
    path("libraries/<uuid:library_id>/folders/", libraries.Folders.as_view(), name="folders"),
    path("libraries/<uuid:library_id>/tags/", libraries.Tags.as_view(), name="tags"),
    path("libraries/<uuid:library_id>/assets/", assets.Assets.as_view(), name="assets"),
    path("libraries/<uuid:library_id>/assets/from-url/", assets.AssetsFromUrl.as_view(), name="assets-from-url"),
    path("libraries/<uuid:library_id>/facets/", facets.Facets.as_view(), name="facets"),
    path("assets/<uuid:asset_id>/", assets.AssetDetail.as_view(), name="asset"),
    path("assets/<uuid:asset_id>/restore/", assets.AssetRestore.as_view(), name="asset-restore"),
    path("assets/<uuid:asset_id>/file/", files.AssetFile.as_view(), name="asset-file"),
    path("assets/<uuid:asset_id>/thumb/", files.AssetThumb.as_view(), name="asset-thumb"),
    path("assets/<uuid:asset_id>/preview/", files.AssetPreview.as_view(), name="asset-preview"),
]
