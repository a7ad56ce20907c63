"""Named searches of a dataset, which all its members see."""

import json
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.visual_layer import schemas, vql
from dam.contracts.visual_layer.base import (
    DatasetView,
    given,
    level_or_none,
    name_of,
    null,
    required_entity_type,
    uuid_or_none,
)
from dam.contracts.visual_layer.schemas import NULL, text
from dam.errors import InvalidRequest, NotFound
from media_library.models import Role
from search.models import SavedView
from search.query import IMAGES, OBJECTS, sentence

UNCOUNTED = {"n_images": -1, "n_objects": -1, "n_video_frames": -1}


class Views(DatasetView):
    failures = {"POST": (422,)}

    @extend_schema(operation_id="dataset_views_list", responses=schemas.SavedViewSerializer(many=True))
    def get(self, request: Request, dataset_id: str) -> Response:
        """The saved views of a dataset."""
        views = SavedView.objects.filter(library=self.library).select_related("owner")
        return Response([view_json(view) for view in views])

    @extend_schema(
        parameters=[
            text("entity_type", "IMAGES if absent.", enum=[IMAGES, OBJECTS]), schemas.LEVEL,
            OpenApiParameter("caption", {"type": "string", "maxLength": 500}), text("vql", "A JSON array of filters."),
        ],
        request=schemas.SavedViewRequestSerializer,
        responses=schemas.SavedViewSerializer,
    )  # fmt: skip
    def post(self, request: Request, dataset_id: str) -> Response:
        """Keep the filters of this address under a `name` (contributors)."""
        self.library.require(self.user, Role.CONTRIBUTOR)
        params = given(request)
        name = name_of(params, "name")
        try:
            with transaction.atomic():
                view = SavedView.objects.create(
                    library=self.library, owner=self.user, name=name, params=filters_of(params)
                )
        except IntegrityError:
            raise InvalidRequest(_("There is already a view with this name.")) from None
        return Response(view_json(view))


class ViewDetail(DatasetView):
    @extend_schema(responses={200: NULL})
    def delete(self, request: Request, dataset_id: str, view_id: str) -> HttpResponse:
        """Remove a saved view: one's own, or any (editors)."""
        pk = uuid_or_none(view_id)
        view = SavedView.objects.filter(library=self.library, pk=pk).first() if pk else None
        if view is None:
            raise NotFound(_("There is no such view here."))
        self.library.require(self.user, Role.CONTRIBUTOR if view.owner_id == self.user.pk else Role.EDITOR)
        view.delete()
        return null()


def filters_of(params: dict[str, Any]) -> dict[str, Any]:
    """Checked as Explore would, and kept as it was given."""
    text = params.get("vql") or "[]"
    vql.parse(text)
    return {
        "entity_type": required_entity_type({"entity_type": params.get("entity_type") or IMAGES}),
        "threshold": str(level_or_none(params) or 0),
        "caption": sentence(params.get("caption") or "") or None,
        "vql": json.loads(text),
    }


def view_json(view: SavedView) -> dict[str, Any]:
    owner = view.owner
    return {
        "id": str(view.pk),
        "dataset_id": str(view.library_id),
        "name": view.name,
        "created_at": view.created_at,
        "created_by": {"user_id": str(owner.pk), "name": owner.get_full_name() or owner.username} if owner else None,
        "filters": view.params,
        "stats": UNCOUNTED,
        "total_results": 0,
        "monitoring_enabled": False,
        "alerting_enabled": False,
    }
