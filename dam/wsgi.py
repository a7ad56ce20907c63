"""The WSGI application. The web process loads the model in the background; `/readyz` says when it is there."""

import os
from threading import Thread

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from dam import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dam.settings")

application = get_wsgi_application()

garbage.settle()

if settings.MODEL_PRELOAD:
    from search.activation import preload_active

    Thread(target=preload_active, name="preload-model", daemon=True).start()
