from typing import Any
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dam.errors import InvalidRequest, NotFound
from media_library.api.base import FILTERS, PAGING, LibraryView, asset_context, assets_json, caller
from media_library.api.serializers import AssetSerializer
from media_library.filters import AssetFilters, one
from media_library.models import AssetQuerySet
from media_library.paging import limit_of, page
from search import clusters, queries
from search.models import Clustering
from search.models.cluster import LEVELS
from search.query import Query

LEVEL = OpenApiParameter("level", OpenApiTypes.INT, description="0 (finest, if absent) to 4 (coarsest).")


class ClusterSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    level = serializers.IntegerField()
    height = serializers.FloatField(help_text="Clusters of this level have at most this average cosine distance.")
    n_images = serializers.IntegerField(help_text="How many of its pictures the caller sees, within the filters.")


class ListedClusterSerializer(ClusterSerializer):
    previews = AssetSerializer(many=True, help_text="At most nine.")


class ClusterListSerializer(serializers.Serializer[Any]):
    """Biggest first, then by id."""

    results = ListedClusterSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)
    computed_at = serializers.DateTimeField(
        allow_null=True, help_text="When all clusters were last computed; newer pictures have joined them since."
    )


class OpenedClusterSerializer(ClusterSerializer):
    """A cluster and a page of its pictures, newest first."""

    results = AssetSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class ClustersView(LibraryView):
    @property
    def scope(self) -> AssetQuerySet:
        filters = AssetFilters.from_params(self.library, self.request.query_params)
        return queries.assets_in_scope(Query(self.library, filters), caller(self.request)).with_tag_names()


class Clusters(ClustersView):
    @extend_schema(operation_id="clusters_list", parameters=[LEVEL, *FILTERS, *PAGING], responses=ClusterListSerializer)
    def get(self, request: Request, library_id: str) -> Response:
        """What looks alike in this library: its clusters at one level, the biggest first."""
        params = request.query_params
        level, limit = level_of(one(params, "level")), limit_of(params.get("limit"))
        after = parse_cursor(one(params, "cursor"), level)
        clustering = clusters.current(self.library)
        found = clusters.browse(clustering, self.scope, level, limit=limit + 1, after=after)
        shown, more = found[:limit], len(found) > limit
        previews = [asset for cluster in shown for asset in cluster.previews]
        rows = [
            facts(clustering, level, cluster.id, cluster.size) | {"previews": cluster.previews} for cluster in shown
        ]
        context = asset_context(self, previews)
        body = {
            "results": ListedClusterSerializer(rows, many=True, context=context).data,
            "next_cursor": signing.dumps([level, shown[-1].size, str(shown[-1].id)]) if more else None,
            "computed_at": clustering and clustering.computed_at,
        }
        return Response(body)


class ClusterDetail(ClustersView):
    @extend_schema(operation_id="clusters_retrieve", parameters=[*FILTERS, *PAGING], responses=OpenedClusterSerializer)
    def get(self, request: Request, library_id: str, cluster_id: UUID) -> Response:
        """The pictures of one cluster, newest first."""
        clustering = clusters.current(self.library)
        opened = clusters.opened(clustering, self.scope, cluster_id)
        if opened is None:
            raise NotFound
        level, assets = opened
        params = request.query_params
        shown = page(assets, limit=limit_of(params.get("limit")), cursor=one(params, "cursor"))
        body = facts(clustering, level, cluster_id, assets.count())
        return Response(body | {"results": assets_json(self, shown.items), "next_cursor": shown.next_cursor})


def facts(clustering: Clustering | None, level: int, cluster_id: UUID, size: int) -> dict[str, Any]:
    height = clustering.heights[level] if clustering else None
    return {"id": cluster_id, "level": level, "height": height, "n_images": size}


def level_of(text: str) -> int:
    if text and text not in map(str, range(LEVELS)):
        raise InvalidRequest(_("level must be a whole number from 0 (finest) to 4 (coarsest)."), code="bad_level")
    return int(text or 0)


def parse_cursor(cursor: str, level: int) -> tuple[int, UUID] | None:
    if not cursor:
        return None
    try:
        of_level, size, pk = signing.loads(cursor)
        position = int(size), UUID(pk)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        raise InvalidRequest(_("This cursor is not valid. Start again without one."), code="bad_cursor") from None
    if of_level != level:
        raise InvalidRequest(_("This cursor belongs to another level."), code="bad_cursor")
    return position
