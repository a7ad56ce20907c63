"""Regions of an asset over REST, and their import into a library."""

from typing import Any

from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import InvalidRequest, NotFound
from media_library.api.base import AssetView, LibraryView, caller, validated
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.renditions import Box
from search import region_files, region_indexing, regions
from search.api.serializers import BoxField
from search.models import Region

SOURCE = OpenApiParameter("source", OpenApiTypes.STR, enum=Region.Source.values, description="Only these.")


class BoxSerializer(serializers.Serializer[Any]):
    x = serializers.FloatField()
    y = serializers.FloatField()
    width = serializers.FloatField()
    height = serializers.FloatField()


class RegionSerializer(serializers.ModelSerializer[Region]):
    """`context["indexed"]`: the ids of the regions shown that have a vector."""

    box = serializers.SerializerMethodField(help_text="Fractions of the upright picture.")
    indexed = serializers.SerializerMethodField(help_text="Whether it can be found.")

    class Meta:
        model = Region
        fields = ["id", "asset", "box", "label", "source", "confidence", "indexed", "created_by", "created_at"]
        read_only_fields = fields

    def get_box(self, region: Region) -> BoxSerializer:
        return region.box.as_dict()  # type: ignore[return-value]  # the hint is for the schema

    def get_indexed(self, region: Region) -> bool:
        return region.pk in self.context["indexed"]


class RegionChangesSerializer(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=100, required=False, allow_blank=True)  # type: ignore[assignment]
    box = BoxField(required=False, help_text="Fractions of the upright picture; at least 16 pixels of the original.")


class NewRegionSerializer(RegionChangesSerializer):
    box = BoxField(help_text="Fractions of the upright picture; at least 16 pixels of the original.")


class ImportSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True, help_text="COCO JSON, YOLO (.zip or .txt) or CSV, 20 MB.")
    format = serializers.ChoiceField(
        choices=list(region_files.FORMATS), required=False, help_text="By the file's name if absent."
    )
    names = serializers.CharField(
        required=False, max_length=100_000, help_text="YOLO's class names, one a line, where the file has none."
    )


class RefusedSerializer(serializers.Serializer[Any]):
    row = serializers.CharField(help_text="Where it stands in the file.")
    picture = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ImportOutcomeSerializer(serializers.Serializer[Any]):
    imported = serializers.IntegerField()
    already = serializers.IntegerField(help_text="Which an import had made before.")
    refused = serializers.IntegerField()
    refusals = RefusedSerializer(many=True, help_text="The first 1,000, with the reason.")


def region_json(region: Region) -> Any:
    return RegionSerializer(region, context={"indexed": region_indexing.indexed_ids([region])}).data


class AssetRegions(AssetView):
    @extend_schema(operation_id="asset_regions_list", responses=listing("RegionList", RegionSerializer))
    def get(self, request: Request, asset_id: str) -> Response:
        """The asset's regions, oldest first; at most 1,000 and never paged."""
        found = list(self.asset.regions.all())
        context = {"indexed": region_indexing.indexed_ids(found)}
        return Response({"results": RegionSerializer(found, many=True, context=context).data, "next_cursor": None})

    @extend_schema(request=NewRegionSerializer, responses={201: RegionSerializer})
    @idempotent
    def post(self, request: Request, asset_id: str) -> Response:
        """Draw a region: a box with a label. It can be found seconds later."""
        data = validated(NewRegionSerializer(data=request.data))
        region = regions.add(self.asset, caller(request), Box.parse(data["box"]), data.get("label", ""))
        return Response(region_json(region), status.HTTP_201_CREATED)

    @extend_schema(parameters=[SOURCE], responses={204: None})
    def delete(self, request: Request, asset_id: str) -> Response:
        """Remove all regions of the asset, or those of one source."""
        source = request.query_params.get("source")
        if source and source not in Region.Source.values:
            raise InvalidRequest("source must be drawn, imported or detected.", code="bad_source")
        regions.remove(self.asset, caller(request), **({"source": source} if source else {}))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RegionDetail(APIView):
    failures = {"PATCH": (422,)}

    @cached_property
    def region(self) -> Region:
        visible = Region.objects.visible_to(self.request.user).select_related("asset__library")
        region = visible.filter(pk=self.kwargs["region_id"]).first()
        if region is None:
            raise NotFound
        return region

    @extend_schema(responses=RegionSerializer)
    def get(self, request: Request, region_id: str) -> Response:
        """One region."""
        return Response(region_json(self.region))

    @extend_schema(request=RegionChangesSerializer, responses=RegionSerializer)
    def patch(self, request: Request, region_id: str) -> Response:
        """Another label or box. A changed box is embedded anew; a detected region counts as drawn from then on."""
        data = validated(RegionChangesSerializer(data=request.data))
        box = Box.parse(data["box"]) if "box" in data else None
        return Response(region_json(regions.change(self.region, caller(request), box=box, label=data.get("label"))))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, region_id: str) -> Response:
        """Remove a region."""
        regions.remove(self.region.asset, caller(request), pk=self.region.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RegionImport(LibraryView):
    parser_classes = [MultiPartParser, FormParser]

    @extend_schema(request={"multipart/form-data": ImportSerializer}, responses=ImportOutcomeSerializer)
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Import regions from COCO JSON, YOLO or CSV; importing twice makes nothing twice.

        A file that cannot be read as a whole changes nothing. Else each region is imported or refused with a reason.
        """
        data = validated(ImportSerializer(data=request.data))
        outcome = region_files.import_file(
            self.library,
            caller(request),
            data["file"],
            name=data["file"].name,
            format_=data.get("format", ""),
            names=data.get("names", "").splitlines(),
        )
        return Response(ImportOutcomeSerializer(outcome.as_dict()).data)
