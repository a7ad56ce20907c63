"""The WSGI application. The web process loads the model in the background; `/readyz` says when it is there."""

import gc
import os
from threading import Thread

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dam.settings")

application = get_wsgi_application()

# A full collection walks every object of every library that is loaded, in the middle of some request. What is there
# now stays for good, so it is left out, and what requests leave behind is collected less often.
gc.freeze()
gc.set_threshold(50_000, 20, 50)

if settings.MODEL_PRELOAD:
    from search.activation import preload_active

    Thread(target=preload_active, name="preload-model", daemon=True).start()
