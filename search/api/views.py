from collections.abc import Mapping
from typing import Any

from django.db.models import prefetch_related_objects
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import NotFound
from media_library.api.base import FILTERS, PAGING, AssetView, LibraryView, caller, validated
from media_library.api.files import AnyType
from media_library.filters import one, uuid_of
from media_library.models import Asset
from media_library.paging import limit_of
from media_library.renditions import Box
from media_library.serving import serve
from search import anchors, queries
from search.api.serializers import (
    AnchorRequestSerializer,
    AnchorSerializer,
    HitSerializer,
    SearchAnswerSerializer,
    SearchRequestSerializer,
)
from search.models import QueryAnchor
from search.queries import Query

EXAMPLES = [
    OpenApiParameter("text", OpenApiTypes.STR),
    OpenApiParameter("like", OpenApiTypes.UUID, many=True, description="Ids of example assets."),
    OpenApiParameter("anchor", OpenApiTypes.UUID, many=True, description="Ids of anchors."),
]


def answer(view: APIView, query: Query, params: Mapping[str, Any]) -> Response:
    """Run the search and shape the answer that every search endpoint gives."""
    results = queries.run(
        query, caller(view.request), limit=limit_of(params.get("limit")), cursor=one(params, "cursor")
    )
    assets = [hit.asset for hit in results.hits]
    prefetch_related_objects(assets, "tags")
    context = {"request": view.request, "indexed": {asset.pk for asset in assets}}  # or they would not be hits
    hits = [
        {"asset": hit.asset, "distance": hit.distance, "score": hit.score, "reasons": ["visual"]}
        for hit in results.hits
    ]
    body = {
        "results": HitSerializer(hits, many=True, context=context).data,
        "next_cursor": results.next_cursor,
        "total": results.total,
        "query": {
            "text": query.text,
            "like": query.like,
            "anchors": query.anchors,
            "model": results.model.name,
        },
        "plan": results.plan,
        "took_ms": {name: round(value, 2) for name, value in results.took_ms.items()},
    }
    return Response(body, headers={"Server-Timing": results.server_timing})


class Search(LibraryView):
    @extend_schema(parameters=[*EXAMPLES, *FILTERS, *PAGING], responses=SearchAnswerSerializer)
    def get(self, request: Request, library_id: str) -> Response:
        """Search by text, by example, or both; most similar first."""
        return answer(self, Query.from_params(self.library, request.query_params), request.query_params)

    @extend_schema(request=SearchRequestSerializer, responses=SearchAnswerSerializer)
    def post(self, request: Request, library_id: str) -> Response:
        """Search by text, by example, or both; most similar first."""
        data = validated(SearchRequestSerializer(data=request.data))
        examples = {name: [str(pk) for pk in data.get(name, [])] for name in ("like", "anchor")}
        params = {**data.get("filters", {}), **examples, "text": data.get("text", "")}
        return answer(self, Query.from_params(self.library, params), data)


class Similar(AssetView):
    @extend_schema(parameters=[*FILTERS, *PAGING], responses=SearchAnswerSerializer)
    def get(self, request: Request, asset_id: str) -> Response:
        """Find similar: the library's pictures by their likeness to this one, itself first."""
        params = request.query_params.copy()
        params.setlist("like", [str(self.asset.pk)])
        params.pop("text", None)
        params.pop("anchor", None)
        return answer(self, Query.from_params(self.asset.library, params), params)


class Anchors(LibraryView):
    @extend_schema(
        request={"multipart/form-data": AnchorRequestSerializer, "application/json": AnchorRequestSerializer},
        responses={201: AnchorSerializer},
    )
    def post(self, request: Request, library_id: str) -> Response:
        """Register a query picture (upload, URL, or part of an asset) for 24 hours; then search with its id."""
        data = validated(AnchorRequestSerializer(data=request.data))
        box = Box.parse(data["box"]) if data.get("box") else None
        anchor = self.make(data, box)
        return Response(AnchorSerializer(anchor, context={"request": request}).data, status.HTTP_201_CREATED)

    def make(self, data: dict[str, Any], box: Box | None) -> QueryAnchor:
        user = caller(self.request)
        if (file := data.get("file")) is not None:
            return anchors.from_file(user=user, library=self.library, file=file, name=file.name, box=box)
        if "image_url" in data:
            return anchors.from_url(user=user, library=self.library, url=data["image_url"], box=box)
        assets = Asset.objects.visible_to(user).live().filter(library=self.library)
        asset = assets.filter(pk=uuid_of(str(data["asset"]), "asset")).first()
        if asset is None:
            raise NotFound
        return anchors.from_asset(user=user, asset=asset, box=box)


class AnchorThumb(APIView):
    throttle_classes: list = []
    content_negotiation_class = AnyType

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY})
    def get(self, request: Request, anchor_id: str) -> HttpResponseBase:
        """The query picture, at most 512 px on the longer side."""
        anchor = QueryAnchor.objects.visible_to(request.user).filter(pk=anchor_id).first()
        if anchor is None:
            raise NotFound
        return serve(request._request, anchor.thumb, "image/webp")
