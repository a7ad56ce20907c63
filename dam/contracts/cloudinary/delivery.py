"""What `build_url` names: the original, or one of the fixed sizes, for who may see it."""

import re

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from dam.contracts.cloudinary import resources
from dam.contracts.cloudinary.errors import Unsupported
from dam.contracts.cloudinary.views import CloudView
from dam.errors import NotFound
from media_library import ingest
from media_library.api.files import AnyType, NoRendition
from media_library.models import Asset, Rendition
from media_library.serving import serve

SIGNATURE = re.compile(r"s--[\w-]{8,32}--")
VERSION = re.compile(r"v\d{1,12}", re.ASCII)
# One part of a transformation, such as `c_fill,w_100`.
TRANSFORMATION = re.compile(r"[a-z]{1,3}_[^/,]+(,[a-z]{1,3}_[^/,]+)*")
MAX_PARTS = 50
SIZES = {
    "t_thumb": Rendition.Name.THUMB,
    "t_preview": Rendition.Name.PREVIEW,
    "c_limit,h_512,w_512": Rendition.Name.THUMB,
    "c_limit,h_2048,w_2048": Rendition.Name.PREVIEW,
}


class Delivery(CloudView):
    """A signature in the address opens nothing: who asks has to sign in, by session or key."""

    authentication_classes = [*CloudView.authentication_classes, SessionAuthentication]
    throttle_classes = []  # a page asks for dozens of pictures at once
    content_negotiation_class = AnyType

    def get(self, request: Request, cloud: str, rest: str) -> HttpResponseBase:
        parts = rest.split("/")
        if SIGNATURE.fullmatch(parts[0]):
            parts = parts[1:]
        asset, transformations, extension = self.find(parts)
        if transformations:
            return self.sized(asset, transformations, extension)
        if extension and extension not in resources.EXTENSIONS[asset.format]:
            raise Unsupported(
                _("Pictures are not converted here: this one is a %(format)s.") % {"format": resources.extension(asset)}
            )
        name = ingest.clean_name(f"{asset.display_name}.{resources.extension(asset)}")
        return serve(request._request, asset.file, asset.mime_type, download_as=name)

    def find(self, parts: list[str]) -> tuple[Asset, list[str], str]:
        """The asset, the transformations in front of its name, and the extension behind it: one query.

        The longest name that there is counts, because a public id may itself look like a transformation.
        """
        names: list[tuple[list[str], str]] = []
        for start in range(min(len(parts), MAX_PARTS)):
            before = parts[:start]
            if before and VERSION.fullmatch(before[-1]):
                before = before[:-1]
            if all(TRANSFORMATION.fullmatch(part) for part in before):
                names.append((before, "/".join(parts[start:])))
        wanted = [text for _before, name in names for text in (name, name.rpartition(".")[0])]
        found = {asset.public_id: asset for asset in self.assets.filter(public_id__in=wanted)}
        for before, name in names:
            stem, _dot, extension = name.rpartition(".")
            if stem in found:
                return found[stem], before, extension.lower()
            if name in found:
                return found[name], before, ""
        raise NotFound(_("Resource not found - %(id)s") % {"id": "/".join(parts)[:255]})

    def sized(self, asset: Asset, transformations: list[str], extension: str) -> HttpResponseBase:
        size = SIZES.get("/".join(transformations))
        if size is None:
            raise Unsupported(
                _("The transformation %(text)s is not offered here. There are the original, t_thumb and t_preview.")
                % {"text": "/".join(transformations)[:200]}
            )
        if extension not in {"", "webp"}:
            raise Unsupported(_("The sizes t_thumb and t_preview are WebP: ask for .webp, or for no extension."))
        rendition = asset.renditions.filter(name=size).first()
        if rendition is None:
            raise NoRendition
        return serve(self.request._request, rendition.file, "image/webp")
