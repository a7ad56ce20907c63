from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from dam import health
from dam.console import views as console
from dam.contracts.visual_layer.urls import urlpatterns as visual_layer
from dam.metrics import exposition
from media_library.api.urls import urlpatterns as media_library_api
from media_library.views import signing_in
from search.api.urls import urlpatterns as search_api

urlpatterns = [
    # Browsers ask for it by itself where a page was left before its own icon had arrived.
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("img/favicon.svg"))),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", exposition.view, name="metrics"),
    path("admin/health/", admin.site.admin_view(console.health), name="health"),
    path("admin/login/", signing_in.administration),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password", http_method_names=["get", "head"])),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", http_method_names=["get", "head"]),
        name="docs",
    ),
    path("api/v1/", include((media_library_api + search_api, "api"))),
    path("api/v1/", include((visual_layer, "visual-layer"))),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("dam.contracts.cloudinary.urls")),
    path("", include("search.urls")),
    path("", include("media_library.urls")),
]

handler400 = "dam.failures.bad_request"
handler404 = "dam.failures.not_found"
handler500 = "dam.failures.server_error"
