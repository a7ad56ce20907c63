"""Step 1 of a visual search: a query picture becomes an anchor."""

from typing import BinaryIO, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.visual_layer import schemas
from dam.contracts.visual_layer.base import DatasetView, given, level_or_none, required_entity_type
from dam.contracts.visual_layer.datasets import require_ready
from dam.errors import InvalidRequest
from media_library.renditions import Box
from media_library.scopes import Scope
from search import anchors

UPLOAD, MEDIA = "UPLOAD", "MEDIA"


class SearchImageSimilarity(DatasetView):
    parser_classes = [MultiPartParser, FormParser]
    scopes = {"POST": Scope.READ}

    failures = {"POST": (503,)}

    @extend_schema(
        parameters=[schemas.ENTITY_TYPE, schemas.LEVEL],
        request={"multipart/form-data": schemas.QueryPictureSerializer},
        responses={200: schemas.UploadedAnchorSerializer, 202: schemas.UploadedAnchorSerializer},
    )
    def post(self, request: Request, dataset_id: str) -> Response:
        """Step 1 of a visual search: a query picture becomes an anchor; 202 while it is not read yet."""
        library = self.library
        params = given(request)
        required_entity_type(params)
        level, box = level_or_none(params), box_or_none(params.get("bounding_box", ""))
        file = request.FILES.get("file")
        if file is None:
            raise InvalidRequest(_("file is required: the query picture, as a field of a multipart form."))
        require_ready(library)
        anchor = anchors.queue(
            user=self.user, library=library, file=cast(BinaryIO, file), name=file.name or "", box=box, level=level
        )
        body = {"anchor_media_id": str(anchor.pk), "anchor_type": UPLOAD}
        return Response(body, status.HTTP_200_OK if anchor.is_read else status.HTTP_202_ACCEPTED)


def box_or_none(text: str) -> Box | None:
    if not text:
        return None
    try:
        return Box.parse(text)
    except InvalidRequest:
        raise InvalidRequest(
            _(
                'bounding_box must be JSON such as {"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.6}: fractions of the '
                "upright picture, not pixels, of a box that lies inside it."
            )
        ) from None
