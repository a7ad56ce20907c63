"""Every operation that there is, asked with tokens that may do less than their owner."""

import pytest

from media_library.models import Library, PersonalToken, User
from media_library.scopes import Grant
from tests.fuzz import walk
from tests.fuzz.walk import Operation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]

# Unsafe methods that only read.
READS = {
    "POST /api/v1/libraries/{library_id}/search/",
    "POST /api/v1/libraries/{library_id}/search/ids/",
    "POST /api/v1/libraries/{library_id}/anchors/",
    "POST /api/v1/libraries/{library_id}/export/",
    "POST /api/v1/dataset/{dataset_id}/search-image-similarity",
}
# Nouns whose POST, PUT and PATCH are writes and whose DELETE is a delete. Whatever has another noun has to say in the
# `scopes` of its view what it needs.
CONTENT = {
    *["assets", "folders", "tags", "collections", "saved-searches", "regions", "duplicates", "visual layer"],
    *["bulk", "export", "exports", "jobs", "imports", "search", "anchors", "clusters", "uploads"],
}


def secret(user: User, *scopes: str, **more: object) -> str:
    return PersonalToken.issue(user, "narrow", grant=Grant(frozenset(scopes), **more))[1]  # type: ignore[arg-type]


def test_reading_changes_nothing_anywhere(user: User, operations: list[Operation], known: dict[str, list[str]]) -> None:
    api, wrong = walk.client(secret(user, "read")), []
    for operation in operations:
        if operation.method == "get" or operation.name in READS or operation.path == "/api/v1/token/":
            continue
        kind, body = operation.body()
        answer = walk.send(api, operation.method, walk.filled(operation.path, known), body, kind)
        if answer.status_code != 403 or walk.problem(answer, operation):
            wrong.append((operation.name, answer.status_code))
    assert wrong == []


def test_without_any_scope_that_fits_nothing_is_read(
    user: User, operations: list[Operation], known: dict[str, list[str]]
) -> None:
    api = walk.client(secret(user, "admin"))
    wrong = [
        (operation.name, answer.status_code)
        for operation in operations
        if operation.needs_sign_in and (operation.method == "get" or operation.name in READS)
        if (answer := walk.send(api, operation.method, walk.filled(operation.path, known))).status_code != 403
    ]
    assert wrong == []


def test_what_is_outside_of_its_libraries_does_not_exist(
    user: User,
    library: Library,
    operations: list[Operation],
    known: dict[str, list[str]],
    foreign: dict[str, list[str]],
) -> None:
    """The owner sees both libraries; the token is for one of them."""
    hidden = Library.objects.get(pk=foreign["library_id"][0])
    hidden.memberships.create(user=user, role=4)
    scopes = ("read", "write", "delete", "admin")
    api = walk.client(secret(user, *scopes, libraries=frozenset({library.pk})))
    wrong = []
    for operation in operations:
        kind, body = operation.body()
        answer = walk.send(api, operation.method, walk.filled(operation.path, foreign), body, kind)
        if "{" in operation.path and operation.needs_sign_in and answer.status_code != 404:
            wrong.append((operation.name, answer.status_code))
        if not answer.streaming and foreign["library_id"][0] in answer.content.decode():
            wrong.append((operation.name, "names the other library"))
    assert wrong == []


def test_what_is_not_about_content_says_which_scope_it_needs(operations: list[Operation]) -> None:
    said = {path: getattr(view, "scopes", {}) for path, view in walk.views("/api/v1/")}
    missing = [
        operation.name
        for operation in operations
        if operation.method != "get" and operation.needs_sign_in
        and not set(operation.described["tags"]) <= CONTENT
        and operation.method.upper() not in said[operation.path]
    ]  # fmt: skip
    assert missing == []


def test_every_method_of_every_view_is_in_the_schema(operations: list[Operation]) -> None:
    there = {(method, path) for path, view in walk.views("/api/v1/") for method in walk.methods(view)}
    assert there == {(operation.method, operation.path) for operation in operations}
