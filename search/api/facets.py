from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import facets
from media_library.api.base import FILTERS, LibraryView, caller
from media_library.api.facets import FacetsSerializer, body
from search.api.views import PARTS
from search.facets import of_search
from search.query import Query


class SearchFacets(LibraryView):
    failures = {"GET": (409, 503)}

    @extend_schema(operation_id="search_facets", parameters=[*PARTS, *FILTERS], responses=FacetsSerializer)
    def get(self, request: Request, library_id: str) -> Response:
        """The facets of a library, counted among the at most 1,000 assets that this search ranks."""
        query = Query.from_params(self.library, request.query_params, caller(request))
        return Response(body(facets.count(query.filters, of_search(query, caller(request)))))
