from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.functional import cached_property
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import NotFound
from media_library.api.base import PAGING, LibraryView, caller, validated
from media_library.api.idempotency import idempotent
from media_library.api.job_serializers import ImportPicturesSerializer, ImportSourceSerializer, JobSerializer
from media_library.api.jobs import JOB_EXAMPLE, LOCATION, accepted
from media_library.api.libraries import listing
from media_library.imports import places
from media_library.imports.jobs import start_bucket, start_folder, start_import, start_urls
from media_library.imports.watching import make_sources
from media_library.models import ImportedFile, ImportSource, Library, Role
from media_library.paging import limit_of, page
from media_library.scopes import ADMINISTERED

SOURCE_EXAMPLE = OpenApiExample(
    "A watch folder",
    response_only=True,
    value={
        "id": "0d9f6c1e-3a0c-4b7e-9a57-2f7c7c1b1f10", "library": "6b6c1c1a-7d6f-4f7e-8f57-0c9a7a2b9c11",
        "kind": "folder", "address": "/srv/incoming", "folders_as": "folders", "watching": True,
        "look_at": "2026-03-01T10:01:00Z", "problem": "", "imported": 812, "refused": 3,
        "created_at": "2026-03-01T10:00:00Z",
    },
)  # fmt: skip
SOURCE_LIST = OpenApiExample(
    "One source", response_only=True, value={"results": [SOURCE_EXAMPLE.value], "next_cursor": None}
)
Outcome = ImportedFile.Outcome


def counted(sources: "QuerySet[ImportSource]") -> "QuerySet[Any]":
    imported, refused = Q(files__outcome=Outcome.IMPORTED), Q(files__outcome=Outcome.REFUSED)
    return sources.annotate(imported=Count("files", filter=imported), refused=Count("files", filter=refused))


class Imports(LibraryView):
    @extend_schema(
        operation_id="import_sources_list",
        parameters=PAGING,
        responses={200: listing("ImportSourceList", ImportSourceSerializer)},
        examples=[SOURCE_LIST],
    )
    def get(self, request: Request, library_id: str) -> Response:
        """The places that this library has imported from or watches (managers)."""
        self.library.require(request.user, Role.MANAGER)
        make_sources([self.library])
        params = request.query_params
        shown = page(
            counted(self.library.import_sources.all()),
            sort="created_at",
            limit=limit_of(params.get("limit")),
            cursor=params.get("cursor", ""),
        )
        sources = ImportSourceSerializer(shown.items, many=True).data
        return Response({"results": sources, "next_cursor": shown.next_cursor})

    @extend_schema(
        parameters=[LOCATION],
        request=ImportPicturesSerializer,
        responses={202: JobSerializer},
        examples=[
            OpenApiExample("URLs", request_only=True, value={"urls": ["https://example.org/a.jpg"], "tags": ["web"]}),
            OpenApiExample("A bucket", request_only=True, value={"s3_uri": "s3://press/2026/"}),
            OpenApiExample("A folder of the server", request_only=True, value={"path": "2026/summer"}),
            JOB_EXAMPLE,
        ],
    )
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Import pictures from URLs, from a bucket or from a folder of the server, as a job (contributors). What was
        imported from there before is passed over as long as it has not changed."""
        library, user = self.library, caller(request)
        library.require_somewhere(user, Role.CONTRIBUTOR)
        data = validated(ImportPicturesSerializer(data=request.data, context={"library": library, "user": user}))
        if "urls" in data:
            library.require_in(user, Role.CONTRIBUTOR, data["folder"].pk if data.get("folder") else None)
        else:  # what has come from there already is known to the whole library
            library.require(user, Role.CONTRIBUTOR)
        parameters: dict[str, Any] = {name: data[name] for name in ("tags", "folders_as") if name in data}
        if folder := data.get("folder"):
            parameters["folder"] = str(folder.pk)
        with transaction.atomic():  # so that no worker sees it before its priority
            if "urls" in data:
                job = start_urls(library, user, list(dict.fromkeys(data["urls"])), **parameters)
            elif "s3_uri" in data:
                job = start_bucket(library, user, data["s3_uri"], **parameters)
            else:
                job = start_folder(library, user, data["path"], **parameters)
            if "priority" in data:
                job.prioritise(data["priority"])
        return accepted(job)


class SourceView(APIView):
    """A view below `/import-sources/{source_id}/`, for managers of its library."""

    scopes = ADMINISTERED

    @cached_property
    def source(self) -> Any:
        visible = ImportSource.objects.filter(library__in=Library.objects.open_to(self.request.user))
        source = counted(visible).select_related("library").filter(pk=self.kwargs["source_id"]).first()
        if source is None:
            raise NotFound
        source.library.require(self.request.user, Role.MANAGER)
        return source


class ImportSourceDetail(SourceView):
    @extend_schema(responses={200: ImportSourceSerializer}, examples=[SOURCE_EXAMPLE])
    def get(self, request: Request, source_id: str) -> Response:
        """A place to import from, and what has come of it (managers)."""
        return Response(ImportSourceSerializer(self.source).data)

    @extend_schema(
        request=ImportSourceSerializer,
        responses={200: ImportSourceSerializer},
        examples=[
            OpenApiExample("Watch it", request_only=True, value={"watching": True, "folders_as": "tags"}),
            SOURCE_EXAMPLE,
        ],
    )
    def patch(self, request: Request, source_id: str) -> Response:
        """Whether it is watched, and what its folders become (managers)."""
        serializer = ImportSourceSerializer(self.source, data=request.data, partial=True)
        validated(serializer)
        serializer.save()
        return self.get(request, source_id)


class ImportSourceRun(SourceView):
    @extend_schema(parameters=[LOCATION], request=None, responses={202: JobSerializer}, examples=[JOB_EXAMPLE])
    @idempotent
    def post(self, request: Request, source_id: str) -> Response:
        """Look at it now, and import what is new (managers)."""
        source = self.source
        if not places.is_allowed(source):
            raise places.NoSuchPlace
        return accepted(start_import(source, caller(request), source.within))
