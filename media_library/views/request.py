from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from media_library.models import User


class PageRequest(HttpRequest):
    """A request as views get it: by somebody who is signed in, with htmx's headers read."""

    user: User  # login_required has turned everybody else away
    htmx: HtmxDetails
