from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Prefetch
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from dam.errors import InvalidRequest, NotFound
from media_library.api.base import FILTERS, PAGING, LibraryView, asset_context, caller
from media_library.api.serializers import AssetSerializer
from media_library.filters import AssetFilters, one
from media_library.models import Asset
from media_library.paging import Page, limit_of, page
from search import clusters, exploring, nearest, queries
from search.api.serializers import HitRegionSerializer
from search.api.views import AMONG
from search.models import Clustering, Region, RegionQuerySet
from search.models.cluster import LEVELS
from search.query import OBJECTS, Query, entity_type_of, labels_of

LEVEL = OpenApiParameter(
    "level",
    {"type": "integer", "minimum": 0, "maximum": LEVELS - 1},
    description="0 (finest, if absent) to 4 (coarsest).",
)


def either(name: str, of_images: Any, of_objects: Any) -> PolymorphicProxySerializer:
    """In the schema: what is answered depends on `entity_type`."""
    return PolymorphicProxySerializer(
        component_name=name, serializers=[of_images, of_objects], resource_type_field_name=None, many=False
    )


class ClusterSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    level = serializers.IntegerField()
    height = serializers.FloatField(help_text="Clusters of this level have at most this average cosine distance.")
    n_images = serializers.IntegerField(help_text="How many of its pictures the caller sees, within the filters.")
    n_objects = serializers.IntegerField(help_text="The same of a cluster of OBJECTS: how many of its regions.")


class ListedClusterSerializer(ClusterSerializer):
    previews = AssetSerializer(many=True, help_text="At most nine.")


class ObjectSerializer(serializers.Serializer[Region]):
    asset = AssetSerializer()
    region = HitRegionSerializer(source="*", help_text="The part of the asset that is the member.")


class ListedObjectClusterSerializer(ClusterSerializer):
    previews = ObjectSerializer(many=True, help_text="At most nine.")


class ClusterListSerializer(serializers.Serializer[Any]):
    """Biggest first, then by id."""

    results = ListedClusterSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)
    computed_at = serializers.DateTimeField(
        allow_null=True, help_text="When all clusters were last computed; newer pictures have joined them since."
    )


class ObjectClusterListSerializer(ClusterListSerializer):
    results = ListedObjectClusterSerializer(many=True)  # type: ignore[assignment]


class OpenedClusterSerializer(ClusterSerializer):
    """A cluster and a page of its pictures, newest first."""

    results = AssetSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class OpenedObjectClusterSerializer(OpenedClusterSerializer):
    """A cluster and a page of its regions, newest first."""

    results = ObjectSerializer(many=True)  # type: ignore[assignment]


class ClustersView(LibraryView):
    @cached_property
    def query(self) -> Query:
        params = self.request.query_params
        filters, among = (
            AssetFilters.from_params(self.library, params, caller(self.request)),
            entity_type_of(one(params, "entity_type")),
        )
        return Query(self.library, filters, entity_type=among, labels=labels_of(params))

    @property
    def of_objects(self) -> bool:
        return self.query.entity_type == OBJECTS

    @property
    def clustering(self) -> Clustering | None:
        return exploring.clustering_of(self.library, self.query.entity_type)

    @property
    def scope(self) -> nearest.Scope:
        scope = queries.seen(self.query, queries.named(self.query, caller(self.request)))
        if isinstance(scope, RegionQuerySet):
            return scope.prefetch_related(Prefetch("asset", Asset.objects.with_tag_names()))
        return scope.with_tag_names()

    def context(self, members: Sequence[Asset | Region]) -> dict[str, Any]:
        """What showing these needs: one query, however many they are."""
        assets = [member.asset if isinstance(member, Region) else member for member in members]
        return asset_context(self, assets)

    def facts(self, clustering: Clustering | None, level: int, cluster_id: UUID, size: int) -> dict[str, Any]:
        height = clustering.heights[level] if clustering else None
        counts = {"n_images": 0, "n_objects": size} if self.of_objects else {"n_images": size, "n_objects": 0}
        return {"id": cluster_id, "level": level, "height": height} | counts


class Clusters(ClustersView):
    @extend_schema(
        operation_id="clusters_list",
        parameters=[LEVEL, *AMONG, *FILTERS, *PAGING],
        responses=either("AnyClusterList", ClusterListSerializer, ObjectClusterListSerializer),
    )
    def get(self, request: Request, library_id: str) -> Response:
        """What looks alike in this library: its clusters at one level, the biggest first."""
        params = request.query_params
        level, limit = level_of(one(params, "level")), limit_of(params.get("limit"))
        after = parse_cursor(one(params, "cursor"), level)
        clustering = self.clustering
        found = clusters.browse(clustering, self.scope, level, limit=limit + 1, after=after)
        shown, more = found[:limit], len(found) > limit
        context = self.context([member for cluster in shown for member in cluster.previews])
        rows = [
            self.facts(clustering, level, cluster.id, cluster.size) | {"previews": cluster.previews}
            for cluster in shown
        ]
        serializer = ListedObjectClusterSerializer if self.of_objects else ListedClusterSerializer
        body = {
            "results": serializer(rows, many=True, context=context).data,
            "next_cursor": signing.dumps([level, shown[-1].size, str(shown[-1].id)]) if more else None,
            "computed_at": clustering and clustering.computed_at,
        }
        return Response(body)


class ClusterDetail(ClustersView):
    @extend_schema(
        operation_id="clusters_retrieve",
        parameters=[*AMONG, *FILTERS, *PAGING],
        responses=either("AnyOpenedCluster", OpenedClusterSerializer, OpenedObjectClusterSerializer),
    )
    def get(self, request: Request, library_id: str, cluster_id: UUID) -> Response:
        """The pictures or regions of one cluster, newest first."""
        clustering = self.clustering
        opened = clusters.opened(clustering, self.scope, cluster_id)
        if opened is None:
            raise NotFound
        level, held = opened
        params = request.query_params
        shown: Page[Any] = page(held, limit=limit_of(params.get("limit")), cursor=one(params, "cursor"))
        serializer: type[BaseSerializer[Any]] = ObjectSerializer if self.of_objects else AssetSerializer
        results = serializer(shown.items, many=True, context=self.context(shown.items)).data
        body = self.facts(clustering, level, cluster_id, held.count())
        return Response(body | {"results": results, "next_cursor": shown.next_cursor})


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
