"""Step 2: clusters of what was found, or of all there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.visual_layer import schemas
from dam.contracts.visual_layer.base import DatasetView
from dam.contracts.visual_layer.datasets import require_ready
from dam.contracts.visual_layer.parameters import Exploration
from media_library import audit
from media_library.api.files import file_name
from media_library.models import Asset, User
from search import clusters, exploring
from search.anchors import NotRead
from search.models import Region
from search.nearest import Neighbour, Scope
from search.query import OBJECTS

PAGE = 100
RETRY_SECONDS = 2
COSINE = "cosine_distance"
DIGITS = 6  # of a score: what is left of a distance that halves of floats can tell


@dataclass(frozen=True)
class Shown:
    """A cluster of the answer: its first members, each with its distance from what was looked for, if anything was."""

    id: UUID
    size: int
    members: Sequence[tuple[Asset | Region, float | None]]
    distance: float | None = None


class Explore(DatasetView):
    failures = {"GET": (409, 422, 503)}

    @extend_schema(
        parameters=schemas.EXPLORE, responses={200: schemas.ExplorationSerializer, 202: schemas.DetailSerializer}
    )
    def get(self, request: Request, dataset_id: str) -> Response:
        """Step 2 of a visual search: clusters of what was found, or of all there is; 202 while the query picture is not
        read yet."""
        library, user = self.library, self.user
        wanted = Exploration.of(request.query_params, library, user)
        if wanted.by_picture:
            require_ready(library)
        scope = wanted.narrowing.scope(library, user, wanted.entity_type)
        try:
            total, shown = listed(wanted, scope) if wanted.query.is_empty else found(wanted, scope, user)
        except NotRead as waiting:
            headers = {"Retry-After": str(RETRY_SECONDS)}
            return Response({"detail": str(waiting.message)}, status.HTTP_202_ACCEPTED, headers=headers)
        origin = origin_of(request)
        body = {
            "clusters": [cluster_json(cluster, wanted, origin) for cluster in shown],
            "metadata": {"used_duckdb": False, "total_clusters": total, "page_number": wanted.page},
        }
        return Response(body)


def found(wanted: Exploration, scope: Scope, user: User) -> tuple[int, list[Shown]]:
    """How many clusters the hits fall into, and those of the page."""
    audit.searched(wanted.library, wanted.query.params())
    groups = exploring.ranked(wanted.query, user, scope, wanted.level, wanted.limits)
    page = groups[wanted.page * PAGE : (wanted.page + 1) * PAGE]
    there = exploring.loaded(scope, [hit.id for group in page for hit in group.hits[: clusters.PREVIEWS]])
    return len(groups), [
        Shown(group.id, len(group.hits), members(group.hits, there), score(group.distance)) for group in page
    ]


def members(hits: list[Neighbour], there: dict[UUID, Asset | Region]) -> list[tuple[Asset | Region, float | None]]:
    first = hits[: clusters.PREVIEWS]
    return [(there[hit.id], score(hit.distance)) for hit in first if hit.id in there]  # it may have gone since


def listed(wanted: Exploration, scope: Scope) -> tuple[int, list[Shown]]:
    clustering = exploring.clustering_of(wanted.library, wanted.entity_type)
    page = clusters.browse(clustering, scope, wanted.level, limit=PAGE, start=wanted.page * PAGE)
    shown = [Shown(row.id, row.size, [(member, None) for member in row.previews]) for row in page]
    return clusters.counted(clustering, scope, wanted.level).count(), shown


def score(distance: float) -> float:
    return round(max(0.0, distance), DIGITS)


# --- how it looks in JSON ---------------------------------------------------------------------------------------------


def origin_of(request: Request) -> str:
    """`https://library.example.org`, asked for once for all addresses of an answer."""
    return request.build_absolute_uri("/").rstrip("/")


def cluster_json(cluster: Shown, wanted: Exploration, origin: str) -> dict[str, Any]:
    of_objects = wanted.entity_type == OBJECTS
    labels = sorted({member.label for member, _score in cluster.members if isinstance(member, Region)} - {""})
    return {
        "cluster_id": str(cluster.id),
        "type": wanted.entity_type,
        "n_images": 0 if of_objects else cluster.size,
        "n_objects": cluster.size if of_objects else 0,
        "n_videos": 0,
        "similarity_threshold": str(wanted.level),
        **relevance(cluster.distance),
        "previews": [preview_json(member, distance, origin) for member, distance in cluster.members],
        "labels": labels or None,
        "user_tags": None,
        "captions": None,
    }


def preview_json(member: Asset | Region, distance: float | None, origin: str) -> dict[str, Any]:
    asset = member.asset if isinstance(member, Region) else member
    body = {
        "type": "IMAGE",
        "media_id": str(member.pk),
        **media_json(asset, origin),
        "bounding_box": None,
        **relevance(distance),
    }
    if isinstance(member, Region):
        body |= {"type": "OBJECT", "image_id": str(asset.pk), "bounding_box": member.box.as_dict()}
    return body


def media_json(asset: Asset, origin: str) -> dict[str, Any]:
    """What an answer says of an asset wherever it stands."""
    return {
        "media_uri": origin + asset.address("api:asset-file"),
        "media_thumb_uri": origin + asset.thumb_url,
        "caption": asset.description or None,
        "file_name": file_name(asset),
        "width": asset.width,
        "height": asset.height,
    }


def object_json(region: Region) -> dict[str, Any]:
    """A region where its asset is described."""
    return {"media_id": str(region.pk), "label": region.label, "bounding_box": region.box.as_dict()}


def relevance(distance: float | None) -> dict[str, Any]:
    return {"relevance_score": distance, "relevance_score_type": None if distance is None else COSINE}
