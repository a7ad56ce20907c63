"""The same for every call of the Cloudinary dialect: its own shape, and one of the statuses that the SDKs know."""

import base64
import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from django.utils import timezone

from dam.contracts.cloudinary import views as dialect
from dam.contracts.cloudinary.auth import sign
from media_library.models import ApiKey, Library, User
from tests import factories
from tests.fuzz import walk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager", "model")]

KNOWN = {200, 400, 401, 403, 404, 409, 420}
NAMES = {
    *[
        "public_id",
        "from_public_id",
        "to_public_id",
        "tags",
        "context",
        "metadata",
        "expression",
        "max_results",
        "file",
    ],
    *["next_cursor", "sort_by", "text", "image_asset_id", "prefix", "command", "to_folder", "timestamp", "signature"],
}
VALUES: list[Any] = [
    10**400, -1, 2**63, "a" * 20_000, "a\0b", "a\ud800b", [], {}, None, True, [None], {"a": {"b": []}}, "((((", "a:(",
    "a=b|c=d|=", "data:image/png;base64,!", "http://127.0.0.1:9/x.png", "../..", "' OR 1=1 --",
]  # fmt: skip
BODIES = [b"{", b"nul", b"", b"[1]", b'"x"', b"\xff\xfe", b"[" * 20_000, b'{"a":' * 20_000, b'{"expression": 1e999}']


@pytest.fixture
def calls(library: Library) -> list[tuple[str, str]]:
    """(method, path in the library's cloud) of each call."""
    places = {"cloud": library.slug, "resource_type": "image", "type": "upload"}
    found = []
    for path, view in walk.views("/v1_1/"):
        if view is dialect.NoSuchCall:
            continue
        for name in ("cloud", "resource_type", "type"):
            path = path.replace(f"{{{name}}}", places[name])
        path = re.sub("{[a-z_]+}", "x", path)
        found += [(method, path) for method in walk.methods(view) if method != "patch"]
    assert len(found) > 60
    return found


@pytest.fixture
def pair(user: User) -> tuple[ApiKey, str]:
    return ApiKey.issue(user, "walk")


def basic(key: ApiKey, secret: str) -> Any:
    pair = base64.b64encode(f"{key.key}:{secret}".encode()).decode()
    return walk.client(Authorization=f"Basic {pair}")


def problem(answer: Any, *statuses: int) -> str:
    """What is wrong with an answer that has to have one of these statuses."""
    if answer.status_code not in (statuses or KNOWN):
        return f"{answer.status_code} {b''.join(answer)[:80]!r}"
    if answer.status_code < 400:
        return ""
    told = json.loads(answer.content)
    as_documented = set(told) == {"error"} and isinstance(told["error"].get("message"), str)
    return "" if as_documented and "Traceback" not in told["error"]["message"] else str(told)[:100]


def found(problems: Iterator[tuple[Any, str]]) -> list[Any]:
    return [(what, problem) for what, problem in problems if problem]


def test_whoever_does_not_prove_who_they_are_gets_401(
    calls: list[tuple[str, str]], pair: tuple[ApiKey, str], user: User
) -> None:
    now = int(time.time())
    expired, _ = ApiKey.issue(user, "expired", timezone.now() + timedelta(days=1))
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    revoked, _ = ApiKey.issue(user, "revoked")
    revoked.revoke()

    def form(key: ApiKey, secret: str, **params: Any) -> dict[str, Any]:
        params = {"timestamp": now, **params}
        return params | {"api_key": key.key, "signature": sign(params, secret)}

    key, secret = pair
    forms: list[dict[str, Any]] = [
        {},
        form(key, "wrong"),
        form(key, secret) | {"signature": "x" * 40},
        form(key, secret) | {"public_id": "not signed"},
        form(key, secret, timestamp=now - 3700),
        form(key, secret, timestamp=now + 3700),
        form(key, secret, timestamp="soon"),
        form(expired, expired.secret),
        form(revoked, revoked.secret),
        {"api_key": "unknown", "timestamp": now, "signature": "0" * 40},
        {"api_key": "a\0b", "timestamp": now, "signature": "0" * 40},
    ]
    api = walk.client()
    assert found(
        ((method, path, sent), problem(getattr(api, method)(path, sent), 400 if sent.get("api_key") == "a\0b" else 401))
        for method, path in calls
        if method == "post"
        for sent in forms
        if sent or not path.endswith("/upload")  # an unsigned upload may go by a preset, which there is not
    ) == []  # fmt: skip


def test_the_cloud_of_somebody_else_does_not_exist(
    calls: list[tuple[str, str]], pair: tuple[ApiKey, str], library: Library
) -> None:
    hidden = factories.library(factories.user("bob"), name="Hidden")
    api = basic(*pair)
    assert found(
        ((method, path), problem(walk.send(api, method, path.replace(library.slug, hidden.slug), {}), 404))
        for method, path in calls
    ) == []  # fmt: skip


def test_a_key_that_may_only_read_changes_nothing(calls: list[tuple[str, str]], user: User) -> None:
    from media_library.scopes import Grant

    reads = ("/search", "/visual_search", "/generate_archive")
    api = basic(*ApiKey.issue(user, "narrow", grant=Grant(frozenset({"read"}))))
    assert found(
        ((method, path), problem(walk.send(api, method, path, {}), 403))
        for method, path in calls
        if method != "get" and not path.endswith(reads)
    ) == []  # fmt: skip


def test_every_body_that_is_none(calls: list[tuple[str, str]], pair: tuple[ApiKey, str]) -> None:
    api = basic(*pair)
    assert found(
        ((method, path, body[:20]), problem(walk.send(api, method, path, body)))
        for method, path in calls
        for body in BODIES
        if method != "get"
    ) == []  # fmt: skip


def test_every_value_that_is_none(calls: list[tuple[str, str]], pair: tuple[ApiKey, str]) -> None:
    api = basic(*pair)
    names, every_third = cycle(sorted(NAMES)), cycle(range(3))
    assert found(
        ((method, path, [*sent][:2], str(value)[:20]), problem(walk.send(api, method, path, sent)))
        for method, path in calls
        for value in VALUES
        for sent in ({next(names): value}, dict.fromkeys(NAMES, value))
        if method != "get" and (len(sent) == 1 or next(every_third) == 0)
    ) == []  # fmt: skip
