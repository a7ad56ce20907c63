from django.urls import path

from dam.contracts.cloudinary import views

API = "v1_1/<str:cloud>/"

urlpatterns = [
    path(f"{API}ping", views.Ping.as_view()),
    path("v1_1/<path:rest>", views.NoSuchCall.as_view()),
]
