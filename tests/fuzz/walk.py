"""Every operation of the API, found in the schema and in the URL conf, and the things that their paths name."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.urls import URLPattern
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from dam.urls import urlpatterns
from media_library.models import Library, PersonalToken, Role, User
from search.models import EmbeddingModel
from tests import factories

PLACE = re.compile("<(?:[a-z]+:)?([a-z_]+)>")
FILTERS = {"entity_type": "IMAGES", "threshold": "0", "caption": None, "vql": []}
METHODS = ("get", "post", "put", "patch", "delete")


class Operation(NamedTuple):
    method: str
    path: str
    described: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def is_dialect(self) -> bool:
        return self.described["tags"] == ["visual layer"]

    @property
    def needs_sign_in(self) -> bool:
        return "401" in self.described["responses"] and self.path != "/api/v1/token/"

    @property
    def contents(self) -> dict[str, Any]:
        return self.described.get("requestBody", {}).get("content", {})

    def body(self) -> tuple[str, Any]:
        """Content type and example of a request."""
        for kind, content in self.contents.items():
            return kind, example(content)
        return "application/json", {}


def example(content: dict[str, Any]) -> Any:
    """The first one."""
    return content["example"] if "example" in content else next(iter(content["examples"].values()))["value"]


def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(described: dict[str, Any]) -> list[Operation]:
    return [
        Operation(method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/api/v1/")
    ]


def views(under: str, patterns: list[Any] | None = None, before: str = "/") -> Iterator[tuple[str, Any]]:
    """(path with {places}, view class) of each route of REST whose path begins so."""
    for pattern in urlpatterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if not isinstance(pattern, URLPattern):
            yield from views(under, pattern.url_patterns, route)
        elif route.startswith(under):
            yield PLACE.sub(r"{\1}", route), pattern.callback.view_class


def methods(view: Any) -> list[str]:
    """That the view has, in small letters."""
    return [method for method in METHODS if hasattr(view, method) and method in view.http_method_names]


def things(library: Library, user: User, model: EmbeddingModel, many: int = 1) -> dict[str, list[str]]:
    """Ids of what there is in a library, by the name of the place or parameter that takes them.

    Whoever adds an operation on something new makes some of it here.
    """
    from media_library import resumable, sharing
    from media_library.renditions import Box
    from search.models import QueryAnchor, SavedSearch, SavedView

    assets = [factories.embedded(library, model, [1.0, number, 1.0] + [0.5] * 45) for number in range(many)]
    regions = [factories.embedded_region(asset, model, [1.0] * 48) for asset in assets]
    anchors = [
        QueryAnchor.objects.create(library=library, owner=user, box=Box(0, 0, 1, 1).as_dict()) for _ in range(many)
    ]
    saved = [
        SavedView.objects.create(library=library, owner=user, name=f"View {number}", params=FILTERS)
        for number in range(many)
    ]
    folders = [library.folders.create(name=f"Folder {number}") for number in range(many)]
    collections = [library.collections.create(name=f"Collection {number}") for number in range(many)]
    searches = [
        SavedSearch.objects.create(library=library, owner=user, name=f"Search {number}", params={"text": ["red"]})
        for number in range(many)
    ]
    links = [sharing.make(user, asset)[0] for asset in assets]
    webhooks = [factories.webhook(library) for _ in range(min(many, 20))]
    return {
        "library_id": [str(library.pk)],
        "dataset_id": [str(library.pk)],
        "folder_id": ids(folders),
        "grant_id": ids(folder.grants.create(user=factories.user()) for folder in folders),
        "tag_id": ids(library.tags.create(name=f"tag {number}") for number in range(many)),
        "collection_id": ids(collections),
        "search_id": ids(searches),
        "username": [member(library) for _ in range(many)],
        "job_id": ids(library.jobs.create(kind="export_jsonl", owner=user, state="paused") for _ in range(many)),
        "source_id": ids(library.import_sources.create(address=f"s3://b/{number}") for number in range(many)),
        "webhook_id": ids(webhooks),
        "delivery_id": ids(factories.delivery(webhooks[0]) for _ in range(many)),
        "link_id": ids(links),
        "token": [sharing.make(user, assets[0])[1]],
        "number": ["1"],  # of a version: each asset has a first one
        **fields(library, many),
        "asset_id": ids(assets),
        "other_id": ids(assets[1:] or assets),
        "picture_id": ids(assets),  # of a part to search with: of an asset here, of an anchor elsewhere
        "media_id": ids(assets),
        "region_id": ids(regions),
        "upload_id": ids(resumable.begin(library, user, 9, {"name": "a.png"}) for _ in range(many)),
        "cluster_id": ids(assets),  # a cluster has no row that could be made by itself
        "anchor_id": ids(anchors),
        "view_id": ids(saved),
        "token_id": ids(PersonalToken.issue(user, "spare")[0] for _ in range(many)),
        "folder": ids(folders),
        "parent": ids(folders),
        "collection": ids(collections),
        "asset": ids(assets),
        "library": [str(library.pk)],
    }


def member(library: Library) -> str:
    made = factories.user()
    library.memberships.create(user=made, role=Role.VIEWER)
    return made.username


def fields(library: Library, many: int) -> dict[str, list[str]]:
    """Fields of choices, all of which have choices of the same ids."""
    from media_library.models import MetadataChoice

    choices = [f"choice{number}" for number in range(many)]
    made = [
        library.metadata_fields.create(external_id=f"field{number}", label=f"Field {number}", type="choices")
        for number in range(many)
    ]
    MetadataChoice.objects.bulk_create(
        MetadataChoice(field=field, external_id=choice, value=choice) for field in made for choice in choices
    )
    return {"field": [field.external_id for field in made], "field_id": ids(made), "choice": choices}


def ids(rows: Any) -> list[str]:
    return [str(row.pk) for row in rows]


def filled(path: str, known: dict[str, list[str]]) -> str:
    """The path with its places filled. Fails for a place that `things` does not know."""
    for name in re.findall("{([a-z_]+)}", path):
        if name not in known:
            pytest.fail(f"tests/fuzz/walk.py: `things` has to make something for {{{name}}} of {path}.")
        path = path.replace(f"{{{name}}}", known[name][0])
    return path


def client(secret: str = "", **headers: str) -> APIClient:
    """A program that goes on after a failure of the server."""
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    return APIClient(raise_request_exception=False, headers=headers)


def send(api: APIClient, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
    """As text that is JSON, or a form with a picture; whatever it does is undone."""
    with transaction.atomic():
        if isinstance(body, bytes):
            answer = api.generic(method.upper(), path, body, content_type=kind)
        elif kind == "multipart/form-data":
            form = {name: as_field(value) for name, value in (body or {}).items()}
            answer = getattr(api, method)(path, form, format="multipart")
        else:
            answer = api.generic(method.upper(), path, b"" if body is None else json.dumps(body), content_type=kind)
        transaction.set_rollback(True)
    return answer


def as_field(value: Any) -> Any:
    if value in ("(bytes)", ["(bytes)"]):
        return factories.file()
    return json.dumps(value) if isinstance(value, dict) else value


def problem(answer: Any, operation: Operation) -> str:
    """What is wrong with how a failure is told; empty if nothing is."""
    if answer.status_code < 400:
        return ""
    if answer.status_code >= 500 and answer.status_code != 503:
        return f"{answer.status_code}"
    try:
        told = json.loads(answer.content)
    except ValueError:
        return f"{answer.status_code} is not JSON: {answer.content[:80]!r}"
    members = {"detail"} if operation.is_dialect else {"detail", "code"}
    if not (isinstance(told, dict) and members <= told.keys() and all(isinstance(told[name], str) for name in members)):
        return f"{answer.status_code} is not told as documented: {answer.content[:80]!r}"
    if operation.is_dialect and told.keys() != members:
        return f"{answer.status_code} has more members than documented"
    if "Traceback" in answer.content.decode() or "django." in answer.content.decode():
        return "it shows the server's inside"
    if str(answer.status_code) not in operation.described["responses"]:
        return f"{answer.status_code} is not documented"
    return ""
