"""Who may call, how failures are told, and what every answer carries."""

import io
import time
from email.utils import parsedate
from typing import Any

import pytest
from django.conf import settings as site
from rest_framework.test import APIClient

from dam.contracts.cloudinary import parameters
from dam.contracts.cloudinary.auth import sign, string_to_sign
from dam.contracts.cloudinary.chunked import Dechunked
from dam.contracts.cloudinary.views import FeatureRateThrottle
from dam.errors import InvalidRequest
from dam.middleware import DATA_URI, FORM_OVERHEAD
from media_library.auth import issue_access
from media_library.models import Library
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud

pytestmark = pytest.mark.django_db


def message(answer: Any) -> str:
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["message"]
    return body["error"]["message"]


def test_basic_authentication_by_api_key(cloud: Cloud) -> None:
    answer = cloud.get("ping")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_every_answer_has_its_limits_and_its_id(cloud: Cloud) -> None:
    first, second = cloud.get("ping"), cloud.get("ping")
    assert int(first["X-FeatureRateLimit-Limit"]) == 6000
    assert int(first["X-FeatureRateLimit-Remaining"]) == int(second["X-FeatureRateLimit-Remaining"]) + 1
    assert parsedate(first["X-FeatureRateLimit-Reset"])
    assert len(first["X-Request-Id"]) == 32
    assert first["X-Request-Id"] != second["X-Request-Id"]


def test_too_many_requests_are_420(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FeatureRateThrottle, "THROTTLE_RATES", {"user": "1/min"})
    assert cloud.get("ping").status_code == 200
    answer = cloud.get("ping")
    assert answer.status_code == 420
    assert answer["X-FeatureRateLimit-Remaining"] == "0"
    assert "throttled" in message(answer)


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_wrong_secret_is_401(cloud: Cloud, secret: str) -> None:
    cloud.secret = secret
    answer = cloud.get("ping")
    assert answer.status_code == 401
    assert "not valid" in message(answer)


def test_nobody_is_401(cloud: Cloud) -> None:
    answer = APIClient().get(cloud.base + "ping")
    assert answer.status_code == 401
    assert message(answer)


def test_a_cookie_does_not_sign_in(api: APIClient, cloud: Cloud) -> None:
    assert api.get(cloud.base + "ping").status_code == 401


def test_a_foreign_cloud_is_404_like_one_that_is_not_there(cloud: Cloud) -> None:
    foreign = factories.library(factories.user(), name="Foreign")
    for slug in (foreign.slug, "nowhere"):
        cloud.base = f"/v1_1/{slug}/"
        answer = cloud.get("ping")
        assert answer.status_code == 404
        assert message(answer) == f"There is no cloud {slug}, or you may not see it."


@pytest.mark.parametrize("path", ["nonsense", "image/nonsense/", "resources/image/upload/a/b/c/nonsense?x=1"])
def test_what_is_not_there_is_404_in_the_same_shape(cloud: Cloud, path: str) -> None:
    for method in ("get", "post", "put", "delete"):
        answer = cloud.admin(method, path)
        assert answer.status_code in {404, 405}
        assert message(answer)


def test_a_wrong_method_is_405_in_the_same_shape(cloud: Cloud) -> None:
    answer = cloud.admin("put", "ping")
    assert answer.status_code == 405
    assert "PUT" in message(answer)


def test_what_is_refused_before_the_view_has_the_shape_too(cloud: Cloud) -> None:
    answer = cloud.client.get(cloud.base + "ping", headers={"content-length": str(10 * site.MAX_UPLOAD_BYTES)})
    assert answer.status_code == 400
    assert "larger than 40 MB" in message(answer)


@pytest.mark.parametrize("body", ["[1]", "{", '"text"', '{"x": "\\ud800"}', '{"x": ' + 5000 * "[" + 5000 * "]" + "}"])
def test_a_body_that_is_no_object_is_400(cloud: Cloud, body: str) -> None:
    cloud.client.credentials(HTTP_AUTHORIZATION=cloud.basic)
    answer = cloud.client.generic("GET", cloud.base + "ping", body, content_type="application/json")
    assert answer.status_code == 400
    assert message(answer)


@pytest.mark.parametrize("length", [40, 64])
def test_a_signature_signs_in(cloud: Cloud, length: int) -> None:
    assert cloud.client.get(cloud.base + "ping", cloud.signed({"x": "1&y=2"}, length)).status_code == 200


@pytest.mark.parametrize(
    "change", [{"x": "2"}, {"y": "1"}, {"signature": "0" * 40}, {"signature": "short"}, {"timestamp": "1"}]
)
def test_a_changed_form_is_401(cloud: Cloud, change: dict[str, str]) -> None:
    answer = cloud.client.get(cloud.base + "ping", cloud.signed({"x": "1"}) | change)
    assert answer.status_code == 401
    assert message(answer).startswith("Invalid Signature")
    assert cloud.secret not in message(answer)


def test_what_is_not_signed_may_differ(cloud: Cloud) -> None:
    form = cloud.signed({"x": "1"}) | {"cloud_name": "other", "resource_type": "image", "file": "x"}
    assert cloud.client.get(cloud.base + "ping", form).status_code == 200


def test_one_parameter_cannot_be_sent_as_two(cloud: Cloud) -> None:
    signed = cloud.signed({"public_id": "a&tags=b"})
    assert cloud.client.get(cloud.base + "ping", signed | {"public_id": "a", "tags": "b"}).status_code == 401


@pytest.mark.parametrize(("age", "status"), [(0, 200), (3590, 200), (3700, 401), (-3700, 401)])
def test_a_signature_is_valid_for_an_hour(cloud: Cloud, age: int, status: int) -> None:
    answer = cloud.client.get(cloud.base + "ping", cloud.signed({}, timestamp=time.time() - age))
    assert answer.status_code == status


def test_an_unknown_or_revoked_key_is_401(cloud: Cloud) -> None:
    form = cloud.signed({})
    assert cloud.client.get(cloud.base + "ping", form | {"api_key": "unknown"}).status_code == 401
    cloud.key.revoke()
    assert cloud.client.get(cloud.base + "ping", form).status_code == 401


def test_a_signature_needs_a_timestamp(cloud: Cloud) -> None:
    form = {"x": "1"}
    answer = cloud.client.get(
        cloud.base + "ping", form | {"signature": sign(form, cloud.secret), "api_key": cloud.key.key}
    )
    assert answer.status_code == 401


def test_only_images_of_the_type_upload(cloud: Cloud, library: Library) -> None:
    assert "only delivery type" in message(cloud.get("ping", {"type": "private"}))


def test_the_string_to_sign() -> None:
    params = {"b": ["x", "y"], "a": "1&2", "empty": "", "none": None, "yes": True}
    assert string_to_sign(params) == "a=1%262&b=x,y&yes=true"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ([("tags[]", ["a", "b"])], {"tags": ["a", "b"]}),
        ([("tags[0]", ["a"]), ("tags[1]", ["b"])], {"tags": ["a", "b"]}),
        ([("fields", ["a", "b"])], {"fields": ["a", "b"]}),
        ([("tags", ["a,b"])], {"tags": "a,b"}),
        ([("sort_by[0][bytes]", ["desc"])], {"sort_by": [{"bytes": "desc"}]}),
        ([("context[alt]", ["x"])], {"context": {"alt": "x"}}),
        ([("odd]name", ["x"])], {"odd]name": "x"}),
    ],
)
def test_nested_names(sent: Any, read: Any) -> None:
    assert parameters.nested(sent) == read


@pytest.mark.parametrize("sent", [[("a", ["1"]), ("a[b]", ["2"])], [("a[b]", ["1"]), ("a[b][c]", ["2"])]])
def test_a_name_is_not_both_a_text_and_a_list(sent: Any) -> None:
    with pytest.raises(InvalidRequest):
        parameters.nested(sent)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("a=1|b=2", {"a": "1", "b": "2"}),
        (r"a=1\|2|b=x\=y", {"a": "1|2", "b": "x=y"}),
        ('{"a": "1", "b": ["x"]}', {"a": "1", "b": '["x"]'}),
        ({"a": "1"}, {"a": "1"}),
        ("a=", {"a": ""}),
        ("", {}),
    ],
)
def test_pairs(sent: Any, read: dict[str, str]) -> None:
    assert parameters.pairs({"context": sent}, "context") == read


@pytest.mark.parametrize("sent", ["novalue", "{", "[1]", ["a"], "\\", '{"a": "\\u0000"}', '{"a": ["\\ud800"]}'])
def test_pairs_that_are_none(sent: Any) -> None:
    with pytest.raises(InvalidRequest):
        parameters.pairs({"context": sent}, "context")


def test_a_nul_is_refused(cloud: Cloud) -> None:
    assert "NUL" in message(cloud.get("ping", {"x": "a\0b"}))


def test_a_bearer_token_takes_the_place_of_a_signature(cloud: Cloud) -> None:
    token, _expires = issue_access(cloud.user, cloud.key)
    headers = {"authorization": f"Bearer {token}"}
    assert cloud.client.get(cloud.base + "ping", headers=headers).status_code == 200
    form = {"public_id": "missing"}
    answer = cloud.client.post(cloud.base + "image/destroy", form, format="multipart", headers=headers)
    assert answer.json() == {"result": "not found"}


def sent_chunked(body: bytes, path: str = "/v1_1/studio/image/upload") -> tuple[str, bytes]:
    """The length and the body that the application sees."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    environ = {"HTTP_TRANSFER_ENCODING": "Chunked", "PATH_INFO": path, "wsgi.input": io.BytesIO(body)}
    Dechunked(application)(environ, lambda *args: None)
    return seen.get("CONTENT_LENGTH", ""), seen["wsgi.input"].read()


def test_a_chunked_body_gets_a_length() -> None:
    assert sent_chunked(b"abc") == ("3", b"abc")
    assert sent_chunked(b"abc", "/api/v1/") == ("", b"abc")


def test_a_chunked_body_is_read_no_further_than_an_upload_may_go(settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 10
    length, _body = sent_chunked(b"x" * 3_000_000)
    assert int(length) == int(10 * DATA_URI) + FORM_OVERHEAD + 1
