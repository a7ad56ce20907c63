"""Whatever is sent to whichever operation: a failure as it is documented, never one of the server."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from media_library.models import PersonalToken, User
from tests.fuzz import walk
from tests.fuzz.walk import Operation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]

LONG = "a" * 100_000
DEEP = json.loads("[" * 500 + "]" * 500)
VALUES: list[Any] = [
    10**400, -1, 2**63, 2**31, 1.5, LONG, "", " ",
    "a\0b", "a\ud800b", "ä\u202e😀", [], {}, None, True, [None], {"a": None},
    [[]], DEEP, "../../etc/passwd", "%s%n", "' OR 1=1 --", "2026-13-45", "NaN",
]  # fmt: skip
SHARE = 3  # so many values are sent in one member or parameter by itself: each time others, in turn
BODIES = [
    b"{", b"nul", b"", b"[1]", b'"text"', b"null", b"1e999", b'{"a": NaN}', b'{"a": Infinity}', b"\xff\xfe{}", b"\0",
    b'{"name": "a\\u0000b"}', b'{"name": "a\\ud800b"}', b"[" * 20_000, b'{"a":' * 20_000, b"9" * 100_000,
]  # fmt: skip
KINDS = [
    "text/plain", "application/xml", "nonsense", "multipart/form-data", "multipart/form-data; boundary=\"\"",
    "application/json; charset=nowhere", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
]  # fmt: skip
IN_ADDRESS = ["x", "0", "-1", "9" * 400, "%00", "..%2f..", "a%ed%a0%80b", "%ff", quote("' OR 1=1 --"), LONG[:4000]]


@pytest.fixture
def api(user: User) -> Any:
    return walk.client(PersonalToken.issue(user, "walk")[1])


def asked(api: Any, operation: Operation, known: dict[str, list[str]], **what: Any) -> str:
    """What is wrong with the answer."""
    path = what.pop("path", None) or walk.filled(operation.path, known)
    problem = walk.problem(walk.send(api, operation.method, path, **what), operation)
    return f"{operation.name} {str(what)[:90]} {path[-60:]}: {problem}" if problem else ""


def found(problems: Iterator[str]) -> list[str]:
    return [problem for problem in problems if problem]


def test_every_body_that_is_none(api: Any, operations: list[Operation], known: dict[str, list[str]]) -> None:
    assert found(
        asked(api, operation, known, body=body, kind=kind)
        for operation in operations
        for body in BODIES
        for kind in {"application/json", *operation.contents}
        if operation.method != "get" and kind != "multipart/form-data"
    ) == []  # fmt: skip


def test_every_content_type_that_is_wrong(api: Any, operations: list[Operation], known: dict[str, list[str]]) -> None:
    bodies = cycle([b"{}", b"name=a%00b&a=%ff", b"--x\r\n\r\n--x--"])
    assert found(
        asked(api, operation, known, body=next(bodies), kind=kind)
        for operation in operations
        for kind in KINDS
        if operation.method != "get"
    ) == []  # fmt: skip


def test_every_member_of_every_body(
    api: Any, operations: list[Operation], known: dict[str, list[str]], described: dict[str, Any]
) -> None:
    def bodies() -> Iterator[str]:
        for operation in operations:
            for kind, content in operation.contents.items():
                if "$ref" not in content["schema"]:  # bytes
                    continue
                component = described["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
                names = [*component["properties"]]
                changes = [dict.fromkeys(names, value) for value in VALUES if fits(value, kind)]
                alone = (value for value in turns if fits(value, kind))
                changes += [{name: next(alone)} for name in names for _ in range(SHARE)]
                for change in changes:
                    yield asked(api, operation, known, body=walk.example(content) | change, kind=kind)

    turns = cycle(VALUES)
    assert found(bodies()) == []


def fits(value: Any, kind: str) -> bool:
    """A form holds text, in UTF-8, which has no halves of surrogate pairs."""
    return kind == "application/json" or (isinstance(value, str | int | float) and "\ud800" not in str(value))


def test_every_parameter(api: Any, operations: list[Operation], known: dict[str, list[str]]) -> None:
    values = cycle(IN_ADDRESS)

    def requests() -> Iterator[str]:
        for operation in operations:
            place = walk.filled(operation.path, known)
            for parameter in operation.described.get("parameters", []):
                if parameter["in"] == "query":
                    for value in islice(values, SHARE):
                        name = quote(parameter["name"])
                        yield asked(api, operation, known, path=f"{place}?{name}={value}&{name}={value}")

    assert found(requests()) == []


def test_every_place_in_a_path(api: Any, operations: list[Operation], known: dict[str, list[str]]) -> None:
    def requests() -> Iterator[str]:
        for operation in operations:
            for name in (part["name"] for part in operation.described.get("parameters", []) if part["in"] == "path"):
                for value in (*IN_ADDRESS, "00000000-0000-0000-0000-000000000000"):
                    if "%2f" in value:  # another path
                        continue
                    place = walk.filled(operation.path, known | {name: [value]})
                    answer = walk.send(api, operation.method, place, *reversed(operation.body()))
                    wrong = walk.problem(answer, operation)
                    if wrong or answer.status_code not in {400, 404}:
                        yield f"{operation.name} {value[:20]}: {answer.status_code} {wrong}"

    assert found(requests()) == []


def test_every_token_that_is_none(operations: list[Operation], known: dict[str, list[str]], user: User) -> None:
    expired, late = PersonalToken.issue(user, "expired", timezone.now() + timedelta(days=1))
    PersonalToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    revoked, gone = PersonalToken.issue(user, "revoked")
    revoked.delete()
    wrong = []
    for token in ("", late, gone, "dam_x", "a.b.c", "\xff", "x" * 10_000, "a b"):
        api = walk.client(token)
        for operation in operations:
            if not operation.needs_sign_in:
                continue
            kind, body = operation.body()
            answer = walk.send(api, operation.method, walk.filled(operation.path, known), body, kind)
            if answer.status_code != 401 or walk.problem(answer, operation) or "WWW-Authenticate" not in answer:
                wrong.append((operation.name, token[:20], answer.status_code))
    assert wrong == []


def test_what_is_somebody_elses_does_not_exist(
    api: Any, operations: list[Operation], foreign: dict[str, list[str]], known: dict[str, list[str]]
) -> None:
    wrong = []
    for operation in operations:
        if "{" not in operation.path or not operation.needs_sign_in:
            continue
        kind, body = operation.body()
        answer = walk.send(api, operation.method, walk.filled(operation.path, foreign), body, kind)
        if answer.status_code != 404 or walk.problem(answer, operation):
            wrong.append((operation.name, answer.status_code, answer.content[:80]))
    assert wrong == []
