"""The WSGI application. The web process loads the model in the background; `/readyz` says when it is there."""

import os
from threading import Thread

from django.conf import settings

from dam import garbage, traces

garbage.pause()

from django.core.wsgi import get_wsgi_application  # noqa: E402  the first of much

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dam.settings")

traces.begin("dam-web")
django = get_wsgi_application()

from dam.contracts.cloudinary.chunked import Dechunked  # noqa: E402  with all that Django has loaded

application = Dechunked(django)

garbage.settle()

if settings.MODEL_PRELOAD:
    from search.activation import keep_loaded

    Thread(target=keep_loaded, name="keep-model-loaded", daemon=True).start()
