from collections.abc import Callable
from urllib.parse import quote

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import AppError, InvalidRequest, NotFound
from media_library import jobs
from media_library.api.base import PAGING, validated
from media_library.api.files import AnyType
from media_library.api.job_serializers import (
    JobChangeSerializer,
    JobDetailSerializer,
    JobFailureSerializer,
    JobSerializer,
)
from media_library.api.libraries import listing
from media_library.filters import one, uuid_of
from media_library.jobs import results
from media_library.models import Job
from media_library.paging import limit_of, page
from media_library.serving import serve_open

FAILURE = {
    "item": "2f1f0d5e-6a77-4e0f-9f5d-2d6d3d2b7c01", "code": "original_missing",
    "message": "The original of this picture is not in the store.", "created_at": "2026-03-01T10:00:05Z",
}  # fmt: skip
JOB_EXAMPLE = OpenApiExample(
    "A running export",
    response_only=True,
    status_codes=["200", "202"],
    value={
        "id": "0d9f6c1e-3a0c-4b7e-9a57-2f7c7c1b1f10", "kind": "export_zip",
        "library": "6b6c1c1a-7d6f-4f7e-8f57-0c9a7a2b9c11", "owner": 1, "state": "running", "priority": "normal",
        "progress": 42,
        "total": 1200, "done": 503, "failed": 1, "skipped": 0, "rate": 61.4, "seconds_left": 11.3,
        "parameters": {"query": {"tags": ["sea"]}, "folders": True, "name": "sea", "origin": "https://library.example"},
        "created_at": "2026-03-01T10:00:00Z", "started_at": "2026-03-01T10:00:00Z", "finished_at": None, "error": None,
        "result": None, "result_expires_at": None,
    },
)  # fmt: skip
WITH_FAILURES = OpenApiExample(
    "A running export, and what failed",
    response_only=True,
    value={**JOB_EXAMPLE.value, "failures": [FAILURE]},
)
JOB_LIST = OpenApiExample("One job", response_only=True, value={"results": [JOB_EXAMPLE.value], "next_cursor": None})
LOCATION = OpenApiParameter(
    "Location",
    {"type": "string", "format": "uri-reference"},
    OpenApiParameter.HEADER,
    description="Of the job.",
    response=[202],
)
FAILURE_LIST = OpenApiExample("One failure", response_only=True, value={"results": [FAILURE], "next_cursor": None})


class NoResult(AppError):
    code = "not_ready"
    status = 409
    message = _("This job has no result yet.")


class Expired(NotFound):
    code = "expired"
    message = _("The result of this job was kept for a day and is gone. Start it again.")


def accepted(job: Job) -> Response:
    """A job was begun."""
    return Response(JobSerializer(job).data, status.HTTP_202_ACCEPTED, headers={"Location": f"/api/v1/jobs/{job.pk}/"})


class Jobs(APIView):
    @extend_schema(
        operation_id="jobs_list",
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=Job.State.values),
            OpenApiParameter("kind", OpenApiTypes.STR),
            OpenApiParameter("library", OpenApiTypes.UUID),
            *PAGING,
        ],
        responses={200: listing("JobList", JobSerializer)},
        examples=[JOB_LIST],
    )
    def get(self, request: Request) -> Response:
        """The caller's jobs and, for managers, all of their libraries; newest first."""
        params = request.query_params
        found = Job.objects.visible_to(request.user).defer("items", "position")
        if state := one(params, "state"):
            if state not in Job.State.values:
                sentence = _("state must be one of: %(states)s.") % {"states": ", ".join(Job.State.values)}
                raise InvalidRequest(sentence, code="bad_state")
            found = found.filter(state=state)
        if kind := one(params, "kind"):
            found = found.filter(kind=kind)
        if library := one(params, "library"):
            found = found.filter(library=uuid_of(library, "library"))
        shown = page(found, limit=limit_of(params.get("limit")), cursor=params.get("cursor", ""))
        return Response({"results": JobSerializer(shown.items, many=True).data, "next_cursor": shown.next_cursor})


class JobView(APIView):
    """A view below `/jobs/{job_id}/`."""

    @cached_property
    def job(self) -> Job:
        found = Job.objects.visible_to(self.request.user).defer("items", "position")
        job = found.filter(pk=self.kwargs["job_id"]).first()
        if job is None:
            raise NotFound
        return job

    def changed(self, change: Callable[[], None]) -> Response:
        change()
        return Response(JobDetailSerializer(self.job).data)


class JobDetail(JobView):
    @extend_schema(responses={200: JobDetailSerializer}, examples=[WITH_FAILURES])
    def get(self, request: Request, job_id: str) -> Response:
        """How far it is, and what has failed."""
        return Response(JobDetailSerializer(self.job).data)

    @extend_schema(
        request=JobChangeSerializer,
        responses={200: JobDetailSerializer},
        examples=[OpenApiExample("Before others", request_only=True, value={"priority": "high"}), WITH_FAILURES],
    )
    def patch(self, request: Request, job_id: str) -> Response:
        """Have it done before others, or after them, from its next step on."""
        data = validated(JobChangeSerializer(data=request.data))
        priority = data.get("priority", self.job.priority)
        return self.changed(lambda: self.job.prioritise(priority))


class JobFailures(JobView):
    @extend_schema(
        operation_id="jobs_failures",
        parameters=PAGING,
        responses={
            200: listing("JobFailureList", JobFailureSerializer),
        },
        examples=[FAILURE_LIST],
    )  # fmt: skip
    def get(self, request: Request, job_id: str) -> Response:
        """What could not be done, one by one, in the order in which it came up."""
        params = request.query_params
        shown = page(
            self.job.failures.all(),
            sort="created_at",
            limit=limit_of(params.get("limit")),
            cursor=params.get("cursor", ""),
        )
        failures = JobFailureSerializer(shown.items, many=True).data
        return Response({"results": failures, "next_cursor": shown.next_cursor})


class JobCancel(JobView):
    @extend_schema(request=None, responses={200: JobDetailSerializer}, examples=[WITH_FAILURES])
    def post(self, request: Request, job_id: str) -> Response:
        """Stop it for good. What it has done stays."""
        return self.changed(self.job.cancel)


class JobPause(JobView):
    @extend_schema(request=None, responses={200: JobDetailSerializer}, examples=[WITH_FAILURES])
    def post(self, request: Request, job_id: str) -> Response:
        """Stop it until it is resumed."""
        return self.changed(self.job.pause)


class JobResume(JobView):
    @extend_schema(request=None, responses={200: JobDetailSerializer}, examples=[WITH_FAILURES])
    def post(self, request: Request, job_id: str) -> Response:
        """Go on where it was paused."""
        return self.changed(lambda: jobs.set_going(self.job, Job.resume))


class JobRetry(JobView):
    @extend_schema(request=None, responses={200: JobDetailSerializer}, examples=[WITH_FAILURES])
    def post(self, request: Request, job_id: str) -> Response:
        """Do again only what failed; a job that failed as a whole goes on where it broke off."""
        return self.changed(lambda: jobs.set_going(self.job, Job.retry))


class JobResult(JobView):
    content_negotiation_class = AnyType
    failures = {"GET": (409,)}

    @extend_schema(
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            416: OpenApiResponse(description="There is no such range; `Content-Range` says how large it is."),
        }
    )
    def get(self, request: Request, job_id: str) -> HttpResponseBase:
        """What it has made, as an attachment, for its owner. Honours `Range`."""
        job = self.job
        if job.owner_id != request.user.pk:
            raise NotFound
        if job.result_expires_at and job.result_expires_at <= timezone.now():
            raise Expired
        if not job.result or "file" not in job.result:
            raise NoResult
        joined = results.Joined(results.parts(job))
        disposition = f"attachment; filename*=UTF-8''{quote(job.result['file'], safe='')}"
        return serve_open(
            request._request, f"{job.pk}-{job.finished_at}", lambda: joined, job.result["mime_type"], disposition
        )
