"""NUL in any text parameter of REST, and in any field of an address or a form of the pages: a sentence, and no 500."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from dam.throttling import SignInThrottle
from dam.urls import urlpatterns
from media_library import resumable, sharing
from media_library.metadata import fields
from media_library.models import ImportSource, Job, Library, User
from search.models import EmbeddingModel
from tests import factories
from tests.media_library.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]

BAD = "red\0car"
NAMES = (
    "text",
    "q",
    "tags",
    "folder",
    "cursor",
    "sort",
    "seen",
    "scores",
    "metadata.a",
    "next",
    "display_name",
    "a\0b",
)


@pytest.fixture
def ids(library: Library, model: EmbeddingModel, user: User) -> dict[str, str]:
    """What the places in an address stand for."""
    asset = factories.embedded(library, model, [1.0] * 48)
    region = factories.embedded_region(asset, model, [1.0] * 48)
    some = str(asset.pk)
    field = fields.add(
        library, user, [{"id": "s", "value": "Summer"}], external_id="season", label="Season", type="choice"
    )
    known = {
        "library_id": str(library.pk),
        "asset_id": some,
        "picture_id": some,
        "other_id": some,
        "region_id": str(region.pk),
        "slug": library.slug,
    }
    trips = library.folders.create(name="Trips")
    known |= {"folder_id": str(trips.pk), "grant_id": str(trips.grants.create(user=user).pk), "username": user.username}
    known |= {"tag_id": str(library.tags.create(name="sea").pk)}
    known |= {"collection_id": str(library.collections.create(name="Best", owner=user).pk)}
    known |= {"search_id": str(library.saved_searches.create(name="Red", owner=user, params={"q": ["red"]}).pk)}
    known |= {
        "field_id": str(field.pk),
        "field": "season",
        "choice": "s",
        "token_id": "1",
        "deed": "pause",
        "key": some,
    }
    known |= {"number": "1", "token": "x" * 43}
    known |= {"link_id": str(sharing.make(user, asset)[0].pk)}
    job = Job.objects.create(kind="bulk", owner=user, library=library)
    source = ImportSource.objects.create(library=library, address="/srv/pictures")
    hook = factories.webhook(library)
    known |= {"job_id": str(job.pk), "source_id": str(source.pk), "webhook_id": str(hook.pk)}
    known |= {"delivery_id": str(factories.delivery(hook).pk)}
    known |= {"upload_id": str(resumable.begin(library, user, 9, {"name": "a.png"}).pk)}
    return known | dict.fromkeys(("cluster_id", "anchor_id", "decision_id", "object_id", "handle"), some)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def refused(answer: Any) -> bool:
    return answer.status_code == 400 and answer.json()["detail"].endswith(".")


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Of the native API; tests/fuzz/test_bad_input.py asks the dialect."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/api/v1/") and operation["tags"] != ["visual layer"]:
                yield path, method, operation


def test_every_parameter_of_every_endpoint(api: APIClient, schema: dict[str, Any], ids: dict[str, str]) -> None:
    tried, wrong = 0, []
    for path, method, operation in operations(schema):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                answer = getattr(api, method)(f"{path.format(**ids)}?{parameter['name'].strip('<>')}=red%00car")
                tried += 1
                if not refused(answer):
                    wrong.append((method, path, parameter["name"], answer.status_code))
    assert wrong == []
    assert tried > 200


EXAMPLES: dict[str, Any] = {  # so that nothing else is wrong with a body
    "name": "Trips", "username": "ann", "password": "secret", "text": "red", "action": "keep_all",
    "assets": [], "params": {"q": "red"}, "role": "viewer",
    "box": {"x": 0, "y": 0, "width": 1, "height": 1}, "url": "https://example.org/a.png",
}  # fmt: skip


def bodies(schema: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Each member of each body, binary ones left out: (path, method, content type, name)."""
    for path, method, operation in operations(schema):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if "$ref" not in content["schema"]:  # bytes
                continue
            body = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            for name, described in body["properties"].items():
                if described.get("format") != "binary":
                    yield path, method, kind, name


def test_every_member_of_every_body(
    api: APIClient, schema: dict[str, Any], ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SignInThrottle, "THROTTLE_RATES", {"sign_in": "1000/min"})
    tried, wrong = 0, []
    for (path, method, kind, name), bad in itertools.product(bodies(schema), (BAD, [BAD], {"a": BAD})):
        if isinstance(bad, dict) and kind != "application/json":
            continue
        answer = send(api, method, path.format(**ids), kind, EXAMPLES | {name: bad})
        tried += 1
        if not refused(answer):
            wrong.append((method, path, kind, name, bad, answer.status_code))
    assert wrong == []
    assert tried > 100


def send(api: APIClient, method: str, path: str, kind: str, body: dict[str, Any]) -> Any:
    if kind == "application/json":
        return getattr(api, method)(path, body, format="json")
    fields = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in body.items()}
    return getattr(api, method)(path, {"file": factories.file()} | fields, format="multipart")


def test_metadata_in_a_form_is_json_in_which_nul_is_written_otherwise(api: APIClient, ids: dict[str, str]) -> None:
    form = {"file": factories.file(), "metadata": json.dumps({"camera": BAD})}
    assert refused(api.post(f"/api/v1/libraries/{ids['library_id']}/assets/", form, format="multipart"))


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_metadata_that_postgresql_cannot_hold(api: APIClient, ids: dict[str, str], text: str) -> None:
    for metadata in ({"camera": text}, {text: 1}, {"deep": [{"er": [text]}]}):
        answer = api.generic("PATCH", f"/api/v1/assets/{ids['asset_id']}/", json.dumps({"metadata": metadata}),
                             content_type="application/json")  # fmt: skip
        assert refused(answer)
        assert answer.json() == {"detail": answer.json()["detail"], "code": "bad_parameter"}
        assert answer.json()["detail"].startswith("metadata must be text")


def pages(patterns: list[Any], before: str = "") -> Iterator[str]:
    """The addresses of all pages, the places in them as in a format string. Dialects refuse it in their own form."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if pattern.lookup_str.startswith("dam.contracts."):
                continue
            yield "/" + re.sub("<[a-z]+:", "{", route).replace(">", "}")
        elif not route.startswith(("api/", "admin/")):
            yield from pages(pattern.url_patterns, route)


def test_every_page_refuses_it_in_its_address_and_in_its_form(user: User, ids: dict[str, str]) -> None:
    addresses = [place.format(**ids) for place in pages(urlpatterns) if "api/" not in place]
    assert len(addresses) > 20
    client = signed_in(user)
    client.cookies[settings.CSRF_COOKIE_NAME] = "x" * 32
    for place, name in itertools.product(addresses, NAMES):
        for answer in (client.get(place, {name: BAD}), client.post(place, {name: BAD})):
            assert answer.status_code == 400, (place, name)
            assert "must be text without NUL" in text_of(answer), (place, name)


@pytest.mark.parametrize("place", ["/accounts/login/", "/admin/", "/healthz"])
def test_strangers_are_told_the_same(place: str) -> None:
    assert Client().get(place, {"next": BAD}).status_code == 400


def test_the_admin_refuses_it_in_its_search(library: Library) -> None:
    boss = signed_in(factories.user(is_staff=True, is_superuser=True))
    assert boss.get("/admin/media_library/asset/", {"q": BAD}).status_code == 400
