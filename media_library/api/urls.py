from django.urls import path

from media_library.api import assets, facets, files, libraries, tokens, webhooks

urlpatterns = [
    path("token/", tokens.Token.as_view(), name="token"),
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
    path("webhooks/", webhooks.Webhooks.as_view(), name="webhooks"),
    path("webhooks/<uuid:webhook_id>/", webhooks.WebhookDetail.as_view(), name="webhook"),
    path("webhooks/<uuid:webhook_id>/test/", webhooks.WebhookTest.as_view(), name="webhook-test"),
    path("webhooks/<uuid:webhook_id>/deliveries/", webhooks.Deliveries.as_view(), name="webhook-deliveries"),
    path(
        "webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/replay/",
        webhooks.DeliveryReplay.as_view(),
        name="webhook-delivery-replay",
    ),
]
