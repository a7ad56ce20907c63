from django.urls import path

from dam.contracts.cloudinary import many, search, upload, views, visual_search

API = "v1_1/<str:cloud>/"
UPLOAD = f"{API}<str:resource_type>/"

urlpatterns = [
    path(f"{API}ping", views.Ping.as_view()),
    path(f"{API}resources/search", search.Search.as_view()),
    path(f"{API}folders/search", search.SearchFolders.as_view()),
    path(f"{API}resources/visual_search", visual_search.VisualSearch.as_view()),
    path(f"{UPLOAD}upload", upload.Upload.as_view()),
    path(f"{UPLOAD}explicit", upload.Explicit.as_view()),
    path(f"{UPLOAD}destroy", upload.Destroy.as_view()),
    path(f"{UPLOAD}rename", upload.Rename.as_view()),
    path(f"{UPLOAD}tags", many.Tags.as_view()),
    path(f"{UPLOAD}context", many.Context.as_view()),
    path(f"{UPLOAD}metadata", many.Metadata.as_view()),
    path("v1_1/<path:rest>", views.NoSuchCall.as_view()),
]
