"""Datasets, which are libraries: list, make, look at, remove."""

from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.visual_layer import conditions, schemas
from dam.contracts.visual_layer.base import DatasetView, DialectView, NotReady, given, name_of, null
from dam.contracts.visual_layer.schemas import NULL
from media_library.imports.jobs import ImportFrom, start_bucket
from media_library.models import Asset, Job, Library, Role
from media_library.scopes import Scope
from search import readiness
from search.models import Region
from search.readiness import Readiness

DRAFT, INDEXING, READY, PARTIAL_INDEX, ERROR = "DRAFT", "INDEXING", "READY", "PARTIAL INDEX", "ERROR"
WAITING = {
    DRAFT: _("The dataset is not READY: it has no images yet. Add some."),
    INDEXING: _("The dataset is not READY: its images are being indexed for the first time."),
    PARTIAL_INDEX: _("The dataset is not READY: its images are being indexed for the first time."),
    ERROR: _("The dataset is not READY: none of its images could be indexed."),
}


def status_of(state: Readiness) -> str:
    if state.is_ready:
        return READY
    if state.indexed:
        return PARTIAL_INDEX
    if state.progress.pending:
        return INDEXING
    return ERROR if state.progress.failed or state.progress.total else DRAFT


def require_ready(library: Library) -> None:
    if not readiness.is_ready(library):
        raise NotReady(WAITING.get(status_of(readiness.of(library))))


def dataset_json(library: Library) -> dict[str, Any]:
    state = readiness.of(library)
    found = status_of(state)
    if found == DRAFT and Job.objects.active().filter(library=library, kind=ImportFrom.name).exists():
        found = INDEXING
    return {
        "id": str(library.pk),
        "display_name": library.name,
        "description": "",
        "owned_by": owner_of(library),
        "created_at": library.created_at,
        "status_new": found,
        "progress": 0 if not state.progress.total else state.progress.percent,
        "n_images": state.progress.total,
        "n_objects": Region.objects.filter(asset__library=library, asset__deleted_at=None).count(),
        "n_videos": 0,
        "fatal_error_msg": WAITING[ERROR] if found == ERROR else None,
    }


def owner_of(library: Library) -> str:
    """Whoever has managed it for longest."""
    managers = library.memberships.filter(role=Role.MANAGER).order_by("pk")
    return managers.values_list("user__username", flat=True).first() or ""


class Datasets(DialectView):
    @extend_schema(operation_id="datasets_list", responses=schemas.DatasetSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The datasets that the caller is a member of."""
        return Response([dataset_json(library) for library in Library.objects.open_to(self.user)])


class NewDataset(DialectView):
    scopes = {"POST": Scope.ADMIN}

    @extend_schema(request=schemas.NewDatasetRequestSerializer, responses={201: schemas.NewDatasetSerializer})
    def post(self, request: Request) -> Response:
        """A dataset that the caller manages: empty, or filled from a bucket. Media are added to it."""
        params = given(request)
        name = name_of(params, "dataset_name")
        with transaction.atomic():
            library = Library.found(self.user, name=name)
            job = start_bucket(library, self.user, str(path)) if (path := params.get("bucket_path")) else None
        body = {"dataset_id": str(library.pk), **dataset_json(library)}
        return Response(body | ({"job_id": str(job.pk)} if job else {}), status.HTTP_201_CREATED)


class Dataset(DatasetView):
    scopes = {"DELETE": Scope.ADMIN}

    @extend_schema(responses=schemas.DatasetSerializer)
    def get(self, request: Request, dataset_id: str) -> Response:
        """How far a dataset is indexed, and how much is in it."""
        return Response(dataset_json(self.library))

    @extend_schema(responses={200: NULL})
    def delete(self, request: Request, dataset_id: str) -> HttpResponse:
        """Remove a dataset with all its media, for good (managers)."""
        self.library.require(self.user, Role.MANAGER)
        self.user.grant.require(Scope.DELETE)
        self.library.purge()
        return null()


class Stats(DatasetView):
    @extend_schema(responses=schemas.StatsSerializer)
    def get(self, request: Request, dataset_id: str) -> Response:
        """How many images, objects and issues a dataset has."""
        library, user = self.library, self.user
        live = Asset.objects.visible_to(user).live().filter(library=library)
        state = readiness.of(library)
        issues = {
            name: live.filter(conditions.issue(library, user, {"value": name})).count()
            for name in (*conditions.KINDS, "duplicates")
        }
        body = {
            "dataset_id": str(library.pk),
            "n_images": state.progress.total,
            "n_objects": Region.objects.filter(asset__in=live.order_by().values("pk")).count(),
            "n_videos": 0,
            "n_indexed": state.progress.indexed,
            "n_pending": state.progress.pending,
            "n_failed": state.progress.failed,
            "size_bytes": live.aggregate(sum=Sum("bytes"))["sum"] or 0,
            "issues": issues,
        }
        return Response(body)


class HealthCheck(DialectView):
    authentication_classes: list[type] = []
    permission_classes = [AllowAny]

    @extend_schema(responses=schemas.HealthSerializer, auth=[])
    def get(self, request: Request) -> Response:
        """Whether the server answers."""
        return Response({"status": "ok"})
