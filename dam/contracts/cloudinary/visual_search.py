from typing import Any, BinaryIO, cast
from uuid import UUID

from django.core.files.base import File
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import parameters, resources
from dam.contracts.cloudinary.views import CloudView
from dam.errors import InvalidRequest, NotFound
from media_library.filters import AssetFilters
from media_library.scopes import Scope
from search import anchors, queries
from search.query import Query, sentence

SOURCES = ("image_url", "image_asset_id", "text", "image_file")
MAX_RESULTS = 50


class VisualSearch(CloudView):
    """Pictures by what they look like, the most similar first. Words, tags and the like do not count."""

    scopes = {"POST": Scope.READ}

    def get(self, request: Request, cloud: str) -> Response:
        limit = parameters.max_results(self.params, MAX_RESULTS)
        least = self.threshold
        query = self.query()
        results = queries.run(query, self.user, limit=limit, cursor=parameters.text(self.params, "next_cursor"))
        near = [hit for hit in results.hits if least is None or (hit.score or 0) >= least]
        ended = len(near) < len(results.hits)
        bodies = resources.resources([hit.asset for hit in near], request._request, self.library, self.params)
        body: dict[str, Any] = {
            "resources": [found | {"score": hit.score} for found, hit in zip(bodies, near, strict=True)],
            "total_count": results.total,
            "time": round(results.took_ms["total"]),
        }
        if results.next_cursor and not ended:
            body["next_cursor"] = results.next_cursor
        return Response(body)

    post = get

    @property
    def threshold(self) -> float | None:
        value = parameters.text(self.params, "threshold")
        if not value:
            return None
        try:
            least = float(value)
        except ValueError:
            least = -1
        if not 0 <= least <= 1:
            raise InvalidRequest(_("threshold has to be a number from 0 to 1."))
        return least

    def query(self) -> Query:
        given = [name for name in SOURCES if self.params.get(name)]
        if len(given) != 1:
            raise InvalidRequest(_("Give exactly one of image_url, image_asset_id, text and image_file."))
        query = Query(self.library, AssetFilters(self.library), keywords=False)
        if given == ["text"]:
            return query.changed(text=sentence(parameters.text(self.params, "text")))
        if given == ["image_asset_id"]:
            return query.changed(like=(self.example(parameters.text(self.params, "image_asset_id")),))
        file = self.params.get("image_file")
        if isinstance(file, File):
            # The SDKs name every file "file".
            anchor = anchors.from_file(user=self.user, library=self.library, file=cast(BinaryIO, file), name="")
        else:  # or send an address as if it were one
            url = parameters.text(self.params, given[0])
            anchor = anchors.from_url(user=self.user, library=self.library, url=url)
        return query.changed(anchors=(anchor.pk,))

    def example(self, asset_id: str) -> UUID:
        pk = resources.asset_id(asset_id)
        if pk is None or not self.assets.filter(pk=pk).exists():
            raise NotFound(_("Resource not found - %(id)s") % {"id": asset_id[:64]})
        return pk
