"""Objects of a bucket that the settings let a library import from: listed in the order of their keys, so that one can
go on after any of them, and read one at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library.imports import Source, Unreadable, readable
from media_library.jobs import TryAgain
from media_library.refusals import too_large
from media_library.uploads import IN_MEMORY

AT_ONCE = 1000
PIECE = 256 * 1024
PATIENCE = {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 2}}


class StoreUnreachable(TryAgain):
    code = "store_unreachable"
    message = _("The store cannot be reached.")


class StoreRefused(AppError):
    code = "store_refused"
    status = 403
    message = _("The store does not let this bucket be listed, or there is no such bucket.")


@dataclass(frozen=True)
class S3Object(Source):
    bucket: str = ""
    key: str = ""
    etag: str = ""
    version: str = ""
    bytes: int = 0

    @property
    def item(self) -> str:
        return self.key

    @property
    def is_complete(self) -> bool:
        return True

    @property
    def is_unchanged(self) -> bool:
        """It was read under its ETag."""
        return True

    def open(self) -> File:
        if self.bytes > settings.MAX_UPLOAD_BYTES:
            raise too_large()
        file = SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
        with told(lambda code: Unreadable(_("The store does not hand it out (%s).") % code)):
            body = client().get_object(Bucket=self.bucket, Key=self.key, IfMatch=self.etag)["Body"]
            for piece in body.iter_chunks(PIECE):
                if file.tell() > settings.MAX_UPLOAD_BYTES:
                    raise too_large()
                file.write(piece)
        size = file.tell()
        file.seek(0)
        opened = File(cast("IO[Any]", file), name=readable(self.path.name))
        opened.size = size
        return opened


@lru_cache(maxsize=1)
def _client(**options: str | None) -> Any:
    import boto3  # only who imports from a bucket pays for it
    from botocore.config import Config

    return boto3.session.Session().client("s3", config=Config(**PATIENCE), **options)


def client() -> Any:
    return _client(**settings.IMPORT_S3)


@contextmanager
def told(refused: Callable[[str], AppError]) -> Iterator[None]:
    """What the store says, as StoreUnreachable, or where it refuses something, with its code, as `refused`."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise StoreUnreachable from error
        raise refused(error.response["Error"]["Code"]) from error
    except (BotoCoreError, HTTPClientError) as error:
        raise StoreUnreachable from error


def objects(bucket: str, prefix: str, after: str = "") -> Iterator[S3Object]:
    """Every object below a prefix but hidden ones, after this key. Raises StoreUnreachable and StoreRefused."""
    pages = client().get_paginator("list_objects_v2")
    within = {"StartAfter": after} if after else {}
    with told(lambda _code: StoreRefused()):
        for page in pages.paginate(Bucket=bucket, Prefix=prefix, **within, PaginationConfig={"PageSize": AT_ONCE}):
            for found in page.get("Contents", []):
                parts = found["Key"].removeprefix(folder_of(prefix)).split("/")
                if parts[-1] and not any(part.startswith(".") for part in parts):
                    yield object_of(bucket, prefix, found)


def folder_of(prefix: str) -> str:
    """Of a prefix that ends within a name: what of it are whole folders."""
    return prefix[: prefix.rfind("/") + 1]


def object_of(bucket: str, prefix: str, found: dict[str, Any]) -> S3Object:
    key, etag = found["Key"], found["ETag"]
    folders = tuple(part for part in key.removeprefix(folder_of(prefix)).split("/")[:-1] if part)
    return S3Object(
        Path(key),
        folders,
        bucket=bucket,
        key=key,
        etag=etag,
        version=f"{found['Size']}-{etag}-{found['LastModified'].isoformat()}"[:200],
        bytes=found["Size"],
    )


def one(bucket: str, prefix: str, key: str) -> S3Object:
    """This object as it is now. Raises Unreadable, StoreUnreachable."""
    with told(lambda _code: Unreadable(_("It is not there any more."))):
        is_ = client().head_object(Bucket=bucket, Key=key)
    found = {"Key": key, "ETag": is_["ETag"], "Size": is_["ContentLength"], "LastModified": is_["LastModified"]}
    return object_of(bucket, prefix, found)
