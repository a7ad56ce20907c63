"""Calls that the SDKs have and this server does not: each says why."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary.errors import Unsupported
from dam.contracts.cloudinary.views import CloudView
from dam.errors import StrOrPromise

RULES = _("There are no conditional rules between metadata fields here; each field has its own validation.")
TRANSFORMATIONS = _("Pictures are not transformed here: there are the original, t_thumb and t_preview.")
RELATED = _("Assets are not related to each other here; visual search finds similar ones.")
OTHER = _("This call is not supported here. See docs/cloudinary.md.")

REASONS: dict[str, StrOrPromise] = {
    "metadata_rules": RULES,
    "transformations": TRANSFORMATIONS,
    "derived_resources": TRANSFORMATIONS,
    "resources/related_assets": RELATED,
    "resources/backup": _("There is one version of every asset."),
    "upload_mappings": OTHER,
    "streaming_profiles": _("This library holds images only."),
}
# Of the Upload API.
ACTIONS = dict.fromkeys(("sprite", "multi", "explode", "text", "create_slideshow"), TRANSFORMATIONS)


class NotHere(CloudView):
    reason: StrOrPromise = OTHER
    has_delivery_type = False

    def answer(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise Unsupported(self.reason)

    get = post = put = delete = answer
