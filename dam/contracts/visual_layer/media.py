"""Media into a dataset, and what is known of one image."""

from collections.abc import Iterable, Iterator
from typing import IO, Any, BinaryIO, cast

from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.visual_layer import schemas
from dam.contracts.visual_layer.base import DatasetView, DialectView, given, uuid_or_none
from dam.contracts.visual_layer.explore import media_json, object_json, origin_of
from dam.errors import AppError, InvalidRequest, NotFound
from media_library import archives, ingest
from media_library.archives import BadArchive
from media_library.imports.jobs import start_bucket
from media_library.models import Asset, Library, Role, User
from media_library.uploads import ArchiveUploadHandler
from search.models import Region

Content = tuple[str, IO[bytes] | AppError]


class AddMedia(DatasetView):
    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        request.upload_handlers = [ArchiveUploadHandler(request)]
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        request={"multipart/form-data": schemas.MediaRequestSerializer}, responses={202: schemas.AddedMediaSerializer}
    )
    def post(self, request: Request, dataset_id: str) -> Response:
        """Add media: exactly one of `files`, `archive` and `s3_uri` (contributors).

        What is no picture is told in `refused`; of a bucket, by the job.
        """
        self.library.require(self.user, Role.CONTRIBUTOR)
        params = given(request)
        require_one_source(request, params)
        if params.get("s3_uri"):
            job = start_bucket(self.library, self.user, str(params["s3_uri"]))
            body = {"dataset_id": str(self.library.pk), "media": [], "refused": [], "job_id": str(job.pk)}
            return Response(body, status.HTTP_202_ACCEPTED)
        outcome = Outcome(self.library, self.user)
        outcome.take(contents(request))
        if not outcome.media and outcome.failure:
            raise outcome.failure
        return Response(outcome.body, status.HTTP_202_ACCEPTED)


def require_one_source(request: Request, params: dict[str, Any]) -> None:
    if sum(map(bool, (files_of(request), "archive" in request.FILES, params.get("s3_uri")))) != 1:
        raise InvalidRequest(_("Give exactly one of files, archive and s3_uri."))


def files_of(request: Request) -> list[UploadedFile]:
    return request.FILES.getlist("files") + request.FILES.getlist("files[]")


def contents(request: Request) -> Iterator[Content]:
    archive = request.FILES.get("archive")
    return archives.pictures(cast(BinaryIO, archive)) if archive is not None else uploaded(files_of(request))


def uploaded(files: Iterable[UploadedFile]) -> Iterator[Content]:
    for file in files:
        yield file.name or "", cast(IO[bytes], file)


class Outcome:
    """What has become of each file."""

    def __init__(self, library: Library, user: User) -> None:
        self.library, self.user = library, user
        self.media: list[dict[str, str]] = []
        self.refused: list[dict[str, str]] = []
        self.failure: AppError | None = None  # the first that is no duplicate

    def take(self, contents: Iterator[Content]) -> None:
        try:
            for name, content in contents:
                self.take_one(ingest.clean_name(name), content)
        except BadArchive as error:  # in the midst of it; what came before is kept
            self.refuse("", error)

    def take_one(self, name: str, content: IO[bytes] | AppError) -> None:
        try:
            if isinstance(content, AppError):
                raise content
            file = content if isinstance(content, File) else File(content, name=name)
            asset = ingest.store_upload(library=self.library, user=self.user, file=file, name=name)
        except AppError as error:
            self.refuse(name, error)
        else:
            self.media.append({"media_id": str(asset.pk), "file_name": name})

    def refuse(self, name: str, error: AppError) -> None:
        self.refused.append({"file_name": name, "detail": str(error.message)})
        if not isinstance(error, ingest.DuplicateAsset):
            self.failure = self.failure or error

    @property
    def body(self) -> dict[str, Any]:
        return {"dataset_id": str(self.library.pk), "media": self.media, "refused": self.refused}


class ImageDetail(DialectView):
    @extend_schema(responses=schemas.ImageSerializer)
    def get(self, request: Request, media_id: str) -> Response:
        """What is known of one image."""
        seen = Asset.objects.visible_to(self.user).live().filter(library__in=Library.objects.open_to(self.user))
        assets = seen.prefetch_related("tags")
        pk = uuid_or_none(media_id)
        asset = assets.filter(pk=pk).first() if pk else None
        if asset is None:
            raise NotFound(_("There is no such image, or you may not see it."))
        regions = list(Region.objects.filter(asset=asset))
        body = {
            "type": "IMAGE",
            "media_id": str(asset.pk),
            "dataset_id": str(asset.library_id),
            **media_json(asset, origin_of(request)),
            "created_at": asset.created_at,
            "size_bytes": asset.bytes,
            "labels": sorted({region.label for region in regions} - {""}),
            "user_tags": [tag.name for tag in asset.tags.all()],
            "objects": [object_json(region) for region in regions],
            "metadata": asset.metadata,
        }
        return Response(body)
