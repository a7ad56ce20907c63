from django.urls import path

from media_library.api import assets, bulk, exports, facets, files, imports, jobs, libraries, tokens

urlpatterns = [
    path("token/", tokens.Token.as_view(), name="token"),
    path("libraries/", libraries.Libraries.as_view(), name="libraries"),
    path("libraries/<uuid:library_id>/", libraries.LibraryDetail.as_view(), name="library"),
    path("libraries/<uuid:library_id>/folders/", libraries.Folders.as_view(), name="folders"),
    path("libraries/<uuid:library_id>/tags/", libraries.Tags.as_view(), name="tags"),
    path("libraries/<uuid:library_id>/assets/", assets.Assets.as_view(), name="assets"),
    path("libraries/<uuid:library_id>/assets/from-url/", assets.AssetsFromUrl.as_view(), name="assets-from-url"),
    path("libraries/<uuid:library_id>/facets/", facets.Facets.as_view(), name="facets"),
    path("libraries/<uuid:library_id>/bulk/", bulk.Bulk.as_view(), name="bulk"),
    path("libraries/<uuid:library_id>/export/", exports.Exports.as_view(), name="export"),
    path("libraries/<uuid:library_id>/imports/", imports.Imports.as_view(), name="imports"),
    path("import-sources/<uuid:source_id>/", imports.ImportSourceDetail.as_view(), name="import-source"),
    path("import-sources/<uuid:source_id>/run/", imports.ImportSourceRun.as_view(), name="import-source-run"),
    path("jobs/", jobs.Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:job_id>/", jobs.JobDetail.as_view(), name="job"),
    path("jobs/<uuid:job_id>/failures/", jobs.JobFailures.as_view(), name="job-failures"),
    path("jobs/<uuid:job_id>/cancel/", jobs.JobCancel.as_view(), name="job-cancel"),
    path("jobs/<uuid:job_id>/pause/", jobs.JobPause.as_view(), name="job-pause"),
    path("jobs/<uuid:job_id>/resume/", jobs.JobResume.as_view(), name="job-resume"),
    path("jobs/<uuid:job_id>/retry/", jobs.JobRetry.as_view(), name="job-retry"),
    path("jobs/<uuid:job_id>/result/", jobs.JobResult.as_view(), name="job-result"),
    path("assets/<uuid:asset_id>/", assets.AssetDetail.as_view(), name="asset"),
    path("assets/<uuid:asset_id>/restore/", assets.AssetRestore.as_view(), name="asset-restore"),
    path("assets/<uuid:asset_id>/file/", files.AssetFile.as_view(), name="asset-file"),
    path("assets/<uuid:asset_id>/thumb/", files.AssetThumb.as_view(), name="asset-thumb"),
    path("assets/<uuid:asset_id>/preview/", files.AssetPreview.as_view(), name="asset-preview"),
]
