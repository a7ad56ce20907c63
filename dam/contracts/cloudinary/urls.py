from django.urls import path

from dam.contracts.cloudinary import (
    account,
    admin,
    archive,
    delivery,
    folders,
    many,
    metadata_fields,
    presets,
    search,
    triggers,
    unsupported,
    upload,
    views,
    visual_search,
)

API = "v1_1/<str:cloud>/"
UPLOAD = f"{API}<str:resource_type>/"
RESOURCES = f"{API}resources/"
OF_TYPE = f"{RESOURCES}<str:resource_type>/"

urlpatterns = [
    path(f"{API}ping", account.Ping.as_view()),
    path(f"{API}usage", account.Usage.as_view()),
    path(f"{API}usage/<str:date>", account.Usage.as_view()),
    path(f"{API}config", account.Config.as_view()),
    path(f"{API}tags/<str:resource_type>", account.Tags.as_view()),
    path(f"{API}folders", folders.RootFolders.as_view()),
    path(f"{API}folders/search", search.SearchFolders.as_view()),
    path(f"{API}folders/<path:path>", folders.FolderAt.as_view()),
    path(f"{API}metadata_fields", metadata_fields.MetadataFields.as_view()),
    path(f"{API}metadata_fields/order", metadata_fields.FieldsOrder.as_view()),
    path(f"{API}metadata_fields/<str:external_id>", metadata_fields.MetadataFieldAt.as_view()),
    path(f"{API}metadata_fields/<str:external_id>/datasource", metadata_fields.Datasource.as_view()),
    path(f"{API}metadata_fields/<str:external_id>/datasource_restore", metadata_fields.DatasourceRestore.as_view()),
    path(f"{API}metadata_fields/<str:external_id>/datasource/order", metadata_fields.DatasourceOrder.as_view()),
    path(f"{API}upload_presets", presets.Presets.as_view()),
    path(f"{API}upload_presets/<str:name>", presets.PresetAt.as_view()),
    path(f"{API}triggers", triggers.Triggers.as_view()),
    path(f"{API}triggers/<str:trigger_id>", triggers.Trigger.as_view()),
    path(f"{API}triggers/<str:trigger_id>/test", triggers.TriggerTest.as_view()),
    *(
        path(f"{API}{start}{rest}", unsupported.NotHere.as_view(reason=reason))
        for start, reason in unsupported.REASONS.items()
        for rest in ("", "/<path:rest>")
    ),
    path(f"{API}resources", admin.ResourceTypes.as_view()),
    path(f"{RESOURCES}search", search.Search.as_view()),
    path(f"{RESOURCES}visual_search", visual_search.VisualSearch.as_view()),
    path(f"{RESOURCES}by_asset_folder", admin.ByFolder.as_view()),
    path(f"{RESOURCES}by_asset_ids", admin.ByAssetIds.as_view()),
    path(f"{RESOURCES}restore", admin.Restore.as_view()),
    path(f"{RESOURCES}image", admin.Resources.as_view(), {"resource_type": "image"}),
    path(f"{RESOURCES}<str:asset_id>", admin.Resource.as_view()),
    path(f"{OF_TYPE}context", admin.ByContext.as_view()),
    path(f"{OF_TYPE}tags/<path:tag>", admin.ByTag.as_view()),
    path(f"{OF_TYPE}moderations/<path:rest>", unsupported.NotHere.as_view()),
    path(f"{OF_TYPE}publish_resources", unsupported.NotHere.as_view()),
    path(f"{OF_TYPE}update_access_mode", unsupported.NotHere.as_view()),
    path(f"{OF_TYPE}<str:type>", admin.Resources.as_view()),
    path(f"{OF_TYPE}<str:type>/restore", admin.Restore.as_view()),
    path(f"{OF_TYPE}<str:type>/<path:public_id>", admin.Resource.as_view()),
    path(f"{UPLOAD}upload", upload.Upload.as_view(), name="cloudinary-upload"),
    path(f"{UPLOAD}explicit", upload.Explicit.as_view()),
    path(f"{UPLOAD}destroy", upload.Destroy.as_view()),
    path(f"{UPLOAD}rename", upload.Rename.as_view()),
    path(f"{UPLOAD}tags", many.Tags.as_view()),
    path(f"{UPLOAD}context", many.Context.as_view()),
    path(f"{UPLOAD}metadata", many.Metadata.as_view()),
    path(f"{UPLOAD}generate_archive", archive.GenerateArchive.as_view()),
    *(
        path(f"{UPLOAD}{action}", unsupported.NotHere.as_view(reason=reason))
        for action, reason in unsupported.ACTIONS.items()
    ),
    path("v1_1/<path:rest>", views.NoSuchCall.as_view()),
    path("<slug:cloud>/image/upload/<path:rest>", delivery.Delivery.as_view()),
]
