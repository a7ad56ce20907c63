"""About the cloud as a whole: its tags, how much there is, how it is set up."""

from django.db.models import Sum
from django.utils import timezone
from django.utils.http import http_date
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import keyset, parameters, resources
from dam.contracts.cloudinary.keyset import Key
from dam.contracts.cloudinary.views import CloudView
from media_library.models import Rendition, Version


class Ping(CloudView):
    def get(self, request: Request, cloud: str) -> Response:
        return Response({"status": "ok"})


class Tags(CloudView):
    def get(self, request: Request, cloud: str, resource_type: str) -> Response:
        """Those that are used, in alphabetical order; `prefix` is about their beginning."""
        tags = self.library.tags.filter(assets__in=self.assets).distinct()
        tags = tags.filter(name__istartswith=parameters.text(self.params, "prefix"))
        limit = parameters.max_results(self.params)
        found, cursor = keyset.page(tags, [Key("name")], limit, parameters.text(self.params, "next_cursor"))
        return Response({"tags": [tag.name for tag in found]} | ({"next_cursor": cursor} if cursor else {}))


class Usage(CloudView):
    """What there is now, whatever day is asked for: no history is kept, and nothing here has a limit."""

    def get(self, request: Request, cloud: str, date: str = "") -> Response:
        renditions = Rendition.objects.filter(asset__in=self.assets)
        former = Version.objects.filter(asset__in=self.assets).exclude(state=Version.State.PRESENT)
        kept = (rows.aggregate(total=Sum("bytes"))["total"] or 0 for rows in (self.assets, renditions, former))
        return Response(
            {
                "plan": "self-hosted",
                "last_updated": timezone.now().date().isoformat(),
                "date_requested": http_date(timezone.now().timestamp()),
                "objects": {"usage": self.assets.count()},
                "storage": {"usage": sum(kept)},
                "resources": self.assets.count(),
                "derived_resources": renditions.count(),
            }
        )


class Config(CloudView):
    def get(self, request: Request, cloud: str) -> Response:
        body = {"cloud_name": self.library.slug, "created_at": resources.timestamp(self.library.created_at)}
        settings = {"settings": {"folder_mode": "dynamic"}} if parameters.flag(self.params, "settings") else {}
        return Response(body | settings)
