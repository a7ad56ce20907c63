"""Settings of little sites behind the product's middleware; each names its own `ROOT_URLCONF` and `MIDDLEWARE`."""

from dam.settings import *  # noqa: F403

ALLOWED_HOSTS = ["*"]
INSTALLED_APPS: list[str] = []
PAGES = {"error.html": "<h1>{{ status }} {{ code }}</h1><p>{{ message }}</p>", "_error.html": "<p>{{ message }}</p>"}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", PAGES)]},
    }
]
