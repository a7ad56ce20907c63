from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from media_library.views import (
    asset,
    bulk,
    cards,
    credentials,
    filters,
    issues,
    job,
    library,
    theme,
    trash,
    upload,
)

urlpatterns = [
    path("", library.home, name="home"),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("account/keys/", credentials.api_keys, name="api-keys"),
    path("account/keys/<slug:slug>/revoke/", credentials.revoke_key, name="api-key-revoke"),
    path("account/tokens/", credentials.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", credentials.revoke_token, name="token-revoke"),
    path("theme/", theme.theme, name="theme"),
    path("l/<slug:slug>/", library.library, name="library"),
    path("l/<slug:slug>/filters/", filters.filter_panel, name="filters"),
    path("l/<slug:slug>/issues/", issues.issues, name="issues"),
    path("l/<slug:slug>/upload/", upload.upload, name="upload"),
    path("l/<slug:slug>/trash/", trash.trash, name="trash"),
    path("l/<slug:slug>/bulk/", bulk.bulk, name="bulk"),
    path("undo/<uuid:key>/", bulk.undo, name="undo"),
    path("jobs/<uuid:job_id>/", job.job, name="job"),
    path("l/<slug:slug>/cards/", cards.cards, name="cards"),
    path("assets/<uuid:asset_id>/", asset.asset, name="asset"),
    path("assets/<uuid:asset_id>/edit/", asset.edit, name="asset-edit"),
    path("assets/<uuid:asset_id>/delete/", asset.delete, name="asset-delete"),
    path("assets/<uuid:asset_id>/restore/", asset.restore, name="asset-restore"),
]
