"""What is away is told with a sentence, a code, and whether it may be sent again."""

import errno
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from django.db import InterfaceError, OperationalError, connection
from psycopg_pool import PoolTimeout
from redis.exceptions import ConnectionError as RedisAway

from dam.errors import as_app_error
from media_library.local_files import LocalFiles
from media_library.models import Asset, Library
from tests import factories


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (caused(OperationalError(), psycopg.OperationalError("server closed the connection")), 504, "cut_off"),
        (caused(OperationalError(), psycopg.errors.AdminShutdown()), 504, "cut_off"),
        (caused(OperationalError(), psycopg.errors.CrashShutdown()), 504, "cut_off"),
        (InterfaceError("the connection is closed"), 504, "cut_off"),
        (caused(OperationalError(), PoolTimeout()), 503, "unavailable"),
        (caused(OperationalError(), psycopg.errors.TooManyConnections()), 503, "unavailable"),
        (caused(OperationalError(), psycopg.errors.DiskFull()), 507, "disk_full"),
        (OSError(errno.ENOSPC, "No space left on device"), 507, "disk_full"),
        (RedisAway("refused"), 503, "unavailable"),
        (EndpointConnectionError(endpoint_url="http://s3"), 503, "store_unavailable"),
        (ClientError({"ResponseMetadata": {"HTTPStatusCode": 503}}, "PutObject"), 503, "store_unavailable"),
    ],
)
def test_each_is_told(error: Exception, status: int, code: str) -> None:
    known = as_app_error(error)
    assert known is not None
    assert (known.status, known.code) == (status, code)
    assert known.status == 507 or known.retry_after == 5


@pytest.mark.parametrize(
    "error",
    [
        caused(OperationalError(), psycopg.errors.LockNotAvailable()),
        FileNotFoundError(errno.ENOENT, "No such file"),
        ClientError({"ResponseMetadata": {"HTTPStatusCode": 404}}, "GetObject"),
        ValueError("a bug"),
    ],
)
def test_what_is_no_outage_is_not_told_as_one(error: Exception) -> None:
    assert as_app_error(error) is None


@pytest.mark.django_db
def test_an_upload_onto_a_full_disk_is_refused_with_a_sentence(
    api: Any, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: LocalFiles, name: str, content: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(LocalFiles, "_save", full)
    answer = api.post(f"/api/v1/libraries/{library.pk}/assets/", {"file": factories.file()})
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert not Asset.objects.exists()


@pytest.mark.django_db
def test_a_database_that_was_cut_off_is_told_to_programs(
    api: Any, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*args: Any, **options: Any) -> None:
        raise caused(OperationalError(), psycopg.OperationalError("server closed the connection unexpectedly"))

    monkeypatch.setattr(LocalFiles, "save", cut)
    answer = api.post(f"/api/v1/libraries/{library.pk}/assets/", {"file": factories.file()})
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (504, "cut_off", "5")
    assert connection.is_usable()
