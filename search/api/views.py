from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import NotFound
from dam.throttling import FileThrottle
from media_library import findable
from media_library.api.base import FILTERS, PAGING, AssetView, LibraryView, caller, validated
from media_library.api.files import AnyType
from media_library.filters import one, uuid_of
from media_library.models import Asset
from media_library.paging import limit_of
from media_library.renditions import Box
from media_library.scopes import Scope
from media_library.serving import serve
from search import anchors, queries, recent
from search.api.serializers import (
    COLLAPSE,
    KEYWORDS,
    AnchorRequestSerializer,
    AnchorSerializer,
    FoundAnswerSerializer,
    FoundSerializer,
    HitSerializer,
    JsonAnchorRequestSerializer,
    JsonSearchRequestSerializer,
    SearchAnswerSerializer,
    SearchRequestSerializer,
)
from search.models import QueryAnchor
from search.queries import AnyHit, Hit, Results
from search.query import IMAGES, MAX_EXAMPLES, MAX_LABELS, MAX_TEXT, Query

SENTENCE = {"type": "string", "maxLength": MAX_TEXT}
WEIGHT = {"type": "string", "pattern": "^.+:[0-9.]+$"}
ID = {"type": "string", "format": "uuid"}


def several(schema: dict[str, Any], most: int = MAX_EXAMPLES) -> dict[str, Any]:
    return {"type": "array", "items": schema, "maxItems": most}


AMONG = [
    OpenApiParameter("entity_type", OpenApiTypes.STR, enum=["IMAGES", "OBJECTS"], description="IMAGES if absent."),
    OpenApiParameter(
        "labels", several({"type": "string"}, MAX_LABELS), description="Only regions with one of these labels."
    ),
]
PARTS = [
    OpenApiParameter("text", SENTENCE),
    OpenApiParameter("not_text", several(SENTENCE), description="What they should not show."),
    OpenApiParameter("like", several(ID), description="Ids of example assets or regions."),
    OpenApiParameter("unlike", several(ID), description="Ids of assets they should not be like."),
    OpenApiParameter("anchor", several(ID), description="Ids of anchors."),
    OpenApiParameter(
        "weight",
        several(WEIGHT),
        description="`text:2`, `not_text:1`, `<id>:0.5`.",
    ),
    OpenApiParameter("keywords", OpenApiTypes.BOOL, description=KEYWORDS),
]
STACKS = [
    OpenApiParameter("collapse", OpenApiTypes.BOOL, description=COLLAPSE),
    OpenApiParameter(
        "stack", OpenApiTypes.UUID, description="With `collapse`: only the stack of this asset, unfolded."
    ),
]


def answer(view: APIView, query: Query, params: Mapping[str, Any]) -> Response:
    """Run the search and shape the answer that every search endpoint gives."""
    results = queries.run(query, caller(view.request), **page_of(params))
    context = {"request": view.request, "indexed": indexed(results.hits, query)}
    written = HitSerializer(context=context)  # not with many=True: see `assets_json`
    return answered(view, query, params, results, [written.to_representation(hit) for hit in results.hits])


def answer_with_ids(view: APIView, query: Query, params: Mapping[str, Any]) -> Response:
    """The same with ids alone."""
    results = queries.run_for_ids(query, caller(view.request), **page_of(params))
    written = FoundSerializer()
    return answered(view, query, params, results, [written.to_representation(found) for found in results.hits])


def page_of(params: Mapping[str, Any]) -> dict[str, Any]:
    return {"limit": limit_of(params.get("limit")), "cursor": one(params, "cursor")}


def answered(
    view: APIView, query: Query, params: Mapping[str, Any], results: Results[AnyHit], written: list[dict[str, Any]]
) -> Response:
    if not params.get("cursor"):
        recent.remember(query, caller(view.request))
    body = {
        "results": written,
        "next_cursor": results.next_cursor,
        "total": results.total,
        "strong": results.strong,
        "query": {
            "text": query.text,
            "not_text": query.not_text,
            "like": query.like,
            "unlike": query.unlike,
            "anchors": query.anchors,
            "weights": query.weights,
            "entity_type": query.entity_type,
            "labels": query.labels,
            "keywords": query.reads_words,
            "collapse": query.collapse,
            "model": results.model.name,
        },
        "plan": results.plan,
        "took_ms": {name: round(value, 2) for name, value in results.took_ms.items()},
    }
    return Response(body, headers={"Server-Timing": results.server_timing})


def indexed(hits: list[Hit], query: Query) -> set[UUID]:
    """Which of the found assets have a vector: among IMAGES all that have a distance."""
    if query.entity_type == IMAGES:
        return {hit.asset.pk for hit in hits if hit.distance is not None}
    return findable.index.indexed_ids([hit.asset for hit in hits])


class Search(LibraryView):
    scopes = {"POST": Scope.READ}
    failures = {"GET": (409, 503), "POST": (422, 503)}

    def answer(self, query: Query, params: Mapping[str, Any]) -> Response:
        return answer(self, query, params)

    @extend_schema(parameters=[*PARTS, *AMONG, *STACKS, *FILTERS, *PAGING], responses=SearchAnswerSerializer)
    def get(self, request: Request, library_id: str) -> Response:
        """Search by text, by example, or both; most similar first."""
        query = Query.from_params(self.library, request.query_params, caller(request))
        return self.answer(query, request.query_params)

    @extend_schema(
        request={"application/json": JsonSearchRequestSerializer, "multipart/form-data": SearchRequestSerializer},
        responses=SearchAnswerSerializer,
    )
    def post(self, request: Request, library_id: str) -> Response:
        """Search by any mix of texts and pictures, wanted and not wanted; most similar first.

        A picture that comes with the request becomes an anchor, whose id is in the answer's `query`.
        """
        data = validated(SearchRequestSerializer(data=request.data))
        params = dict(data.get("filters", {}))
        params |= {name: [str(pk) for pk in data.get(name, [])] for name in ("like", "unlike", "anchor")}
        params |= {"text": data.get("text", ""), "not_text": data.get("not_text", []), "weight": []}
        params["entity_type"] = data.get("entity_type", IMAGES)
        params |= {"keywords": data.get("keywords"), "collapse": data.get("collapse")}
        weights = data.get("weights", {})
        if {"file", "image_url", "box"} & data.keys():
            Query.from_params(
                self.library, params, caller(request)
            )  # nonsense is refused before a picture is decoded and kept
            weights = self.add_picture(params, weights, data)
        params["weight"] = [f"{name}:{weight}" for name, weight in weights.items()]
        return self.answer(Query.from_params(self.library, params, caller(request)), data)

    def add_picture(self, params: dict[str, Any], weights: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """Put the anchor of the request's own picture among the examples. Gives the weights with its id."""
        source: dict[str, Any] = {name: data[name] for name in ("file", "image_url", "box") if name in data}
        for name, kind in (("like", "asset"), ("anchor", "anchor")):
            if "box" in data and params[name]:  # then it is the one picture
                source[kind] = params[name].pop()
        anchor = str(make_anchor(self, source).pk)
        params["anchor"].append(anchor)
        replaced = {"picture", source.get("asset"), source.get("anchor")}
        return {anchor if name in replaced else name: weight for name, weight in weights.items()}


@extend_schema_view(
    get=extend_schema(operation_id="search_ids", responses=FoundAnswerSerializer),
    post=extend_schema(operation_id="search_ids_by_example", responses=FoundAnswerSerializer),
)
class SearchIds(Search):
    """The same searches, answered with ids and distances alone: for who has the assets already, or ranks them anew."""

    def answer(self, query: Query, params: Mapping[str, Any]) -> Response:
        return answer_with_ids(self, query, params)


def make_anchor(view: LibraryView, data: dict[str, Any]) -> QueryAnchor:
    """From `file`, `image_url`, `asset` or another `anchor`, or the `box` of it."""
    user, box = caller(view.request), Box.parse(data["box"]) if "box" in data else None
    if (file := data.get("file")) is not None:
        return anchors.from_file(user=user, library=view.library, file=file, name=file.name, box=box)
    if "image_url" in data:
        return anchors.from_url(user=user, library=view.library, url=data["image_url"], box=box)
    if "anchor" in data:
        anchor = QueryAnchor.objects.visible_to(user).filter(library=view.library, pk=data["anchor"]).first()
        if anchor is None:
            raise NotFound
        return anchors.from_anchor(user=user, anchor=anchor, box=box or Box(0, 0, 1, 1))
    assets = Asset.objects.visible_to(user).live().filter(library=view.library)
    asset = assets.filter(pk=uuid_of(str(data["asset"]), "asset")).first()
    if asset is None:
        raise NotFound
    return anchors.from_asset(user=user, asset=asset, box=box)


class Similar(AssetView):
    failures = {"GET": (409, 503)}

    @extend_schema(parameters=[*AMONG, *STACKS, *FILTERS, *PAGING], responses=SearchAnswerSerializer)
    def get(self, request: Request, asset_id: str) -> Response:
        """Find similar: the library's pictures by their likeness to this one, itself first."""
        params = request.query_params.copy()
        params.setlist("like", [str(self.asset.pk)])
        for other in ("text", "not_text", "unlike", "anchor", "weight", "keywords"):
            params.pop(other, None)
        return answer(self, Query.from_params(self.asset.library, params, caller(request)), params)


class Anchors(LibraryView):
    scopes = {"POST": Scope.READ}
    failures = {"POST": (422, 503)}

    @extend_schema(
        request={"multipart/form-data": AnchorRequestSerializer, "application/json": JsonAnchorRequestSerializer},
        responses={201: AnchorSerializer},
    )
    def post(self, request: Request, library_id: str) -> Response:
        """Register a query picture (upload, URL, or part of an asset) for 24 hours; then search with its id."""
        anchor = make_anchor(self, validated(AnchorRequestSerializer(data=request.data)))
        return Response(AnchorSerializer(anchor, context={"request": request}).data, status.HTTP_201_CREATED)


class AnchorThumb(APIView):
    throttle_classes = [FileThrottle]
    content_negotiation_class = AnyType

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY})
    def get(self, request: Request, anchor_id: str) -> HttpResponseBase:
        """The query picture, at most 512 px on the longer side."""
        anchor = QueryAnchor.objects.visible_to(request.user).filter(pk=anchor_id).first()
        if anchor is None or not anchor.is_read:
            raise NotFound
        return serve(request._request, anchor.thumb, "image/webp")
