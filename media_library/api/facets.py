from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import facets
from media_library.api.base import FILTERS, LibraryView, caller
from media_library.facets import FACETS, Counts
from media_library.filters import AssetFilters


class FacetValueSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(help_text="As the filter of the same name takes it; of `taken`, a year.")
    count = serializers.IntegerField()


class FacetsByNameSerializer(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {facet.name: FacetValueSerializer(many=True) for facet in FACETS}


class ChoiceCountSerializer(FacetValueSerializer):
    value = serializers.CharField(help_text="The id of the choice, as the filter takes it.")
    label = serializers.CharField(help_text="What people see.")  # type: ignore[assignment]


class FacetsSerializer(serializers.Serializer[Any]):
    """Each facet is counted under all filters but its own."""

    total = serializers.IntegerField(help_text="How many pass all filters.")
    facets = FacetsByNameSerializer()
    metadata = serializers.DictField(
        child=ChoiceCountSerializer(many=True),
        help_text="Of each field of choices, those that occur, most first; the filter is `metadata.<field>`.",
    )


def body(counts: Counts) -> dict[str, Any]:
    listed = {name: [{"value": value, "count": number} for value, number in of] for name, of in counts.of.items()}
    metadata = {
        name: [{"value": choice.external_id, "label": choice.value, "count": number} for choice, number in of]
        for name, of in counts.choices.items()
    }
    return {"total": counts.total, "facets": listed, "metadata": metadata}


class Facets(LibraryView):
    @extend_schema(operation_id="libraries_facets", parameters=FILTERS, responses=FacetsSerializer)
    def get(self, request: Request, library_id: str) -> Response:
        """How many assets have each colour, shape, size, format, issue, camera, year and choice of a field.

        Of those that the caller may see, under the filters; each facet without its own.
        """
        filters = AssetFilters.from_params(self.library, request.query_params, caller(request))
        return Response(body(facets.count(filters, facets.of_library(caller(request)))))
