"""Every URL that the resolver knows, asked with every method by everybody: who may gets an answer, and nobody else
learns anything. What the table in `rules` does not name fails here."""

import json
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction

from media_library.models import Library, User
from search.models import EmbeddingModel
from tests import factories
from tests.access import world
from tests.access.rules import ELSEWHERE, METHODS, PLACED, Route, routes
from tests.access.world import CALLED, ROLES, SECRET, Narrow, Person
from tests.fuzz import walk
from tests.fuzz.walk import Operation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]

FAMILIES = {
    "native": r"/api/v1/(?!dataset|image|explore|healthcheck).*",
    "visual layer": r"/api/v1/(dataset|image|explore|healthcheck).*",
    "cloudinary": r"/v1_1/.*|/\{cloud\}/.*",
    "administration": r"/admin/.*",
}
DENIED = {401, 403, 404}
NOT_SIGNED_IN = {"page": 302, "api": 401, "cloud": 401}


@pytest.fixture
def library(user: User) -> Library:
    return factories.library(user, name="Studio")


@pytest.fixture
def known(library: Library, user: User, model: EmbeddingModel, settings: Any) -> dict[str, list[str]]:
    settings.IMPORT_BUCKETS = [("s3://b/0", "")]
    settings.OIDC_ISSUER = "http://127.0.0.1:9"  # nobody there: 503
    return world.known(library, user, model)


@pytest.fixture
def people(library: Library, user: User, known: dict[str, list[str]]) -> list[Person]:
    return world.people(library, user, {"token": known["token"][0]})


@pytest.fixture
def bodies(operations: list[Operation]) -> dict[tuple[str, str], tuple[str, Any]]:
    """(content type, body) of each operation that the schema describes, by method and path."""
    return {(operation.method.upper(), operation.path): operation.body() for operation in operations}


def test_every_url_is_in_the_table() -> None:
    assert [route.path for route in routes() if not route.kind] == []


@pytest.mark.parametrize("family", [*FAMILIES, "pages"])
def test_who_may_and_nobody_else(
    family: str, people: list[Person], known: dict[str, list[str]], bodies: dict[tuple[str, str], tuple[str, Any]]
) -> None:
    asked, wrong = 0, []
    for route in routes_of(family):
        walked = Walk(route, known, bodies)
        for person, method in walked.turns(people):
            asked += 1
            wrong += walked.problems(person, method)
    assert not wrong, "\n".join(wrong)
    assert asked > 100


def routes_of(family: str) -> Iterator[Route]:
    for route in routes():
        inside = next((name for name, path in FAMILIES.items() if re.fullmatch(path, route.path)), "pages")
        if inside == family:
            yield route


class Walk:
    """One URL. The manager is asked first: with the ETag of what they got, others ask whether they have it already."""

    def __init__(self, route: Route, known: dict[str, list[str]], bodies: dict[tuple[str, str], tuple[str, Any]]):
        self.route, self.known, self.bodies = route, known, bodies
        self.address = walk.filled(route.path, known | known["of"].get(route.path, {}))
        self.address += known["queries"].get(route.path, "")
        self.etag = ""

    def turns(self, people: list[Person]) -> Iterator[tuple[Person, str]]:
        """Everybody with each method that there is. What there is not, and HEAD and OPTIONS, those ask who differ."""
        few = [person for person in people if person.name in {"manager", "stranger", "anonymous"}]
        if self.route.kind == "admin":
            few += [person for person in people if person.is_administrator]
            yield from ((person, method) for method in self.route.who for person in few)
            return
        everybody = [person for person in people if not person.is_administrator]
        for method in METHODS:
            yield from ((person, method) for person in (everybody if method in self.route.who else few))
        yield from ((person, method) for method in ("HEAD", "OPTIONS") for person in few)

    def problems(self, person: Person, method: str) -> Iterator[str]:
        answer = self.ask(person, method)
        status, content = answer.status_code, content_of(answer)
        name = f"{person.name}: {method} {self.route.path} {status}"
        if status >= 500 and status != 503:
            yield f"{name}: it breaks"
        if status not in self.expected(person, method):
            yield f"{name}: not one of {self.expected(person, method)} {content[:200]!r}"
        told = content + str(answer.headers).encode()
        if any(secret.encode() in told for secret in self.kept_from(person)):
            yield f"{name}: tells the secret"
        leads = answer.get("Location", "")
        asks = self.route.kind in {"page", "admin"} and status == 302 and not person.is_signed_in
        if asks and not leads.startswith(("/accounts/login/?next=", "/admin/")):
            yield f"{name}: leads to {leads}"

    def kept_from(self, person: Person) -> list[str]:
        if person.role is not None or person.is_administrator or person.granted:
            return []
        return [SECRET] if person.is_guest else [SECRET, CALLED]

    def expected_of_guest(self, person: Person, method: str, fine: set[int]) -> set[int]:
        letter, cloud = self.letter(method), self.route.path.startswith(("/v1_1/", "/{cloud}/"))
        if cloud or re.fullmatch(FAMILIES["visual layer"], self.route.path):
            return {404}
        if PLACED.search(self.route.path):
            if person.granted is None:
                return {404}
            if "{folder_id}" in self.route.path:  # whether it may be moved and removed is tested elsewhere
                return fine | {403} if letter in {"v", "c", "e"} else {403}
            return fine if ROLES.get(letter, 9) <= person.granted else {403, 404}
        if letter == "v":  # what it names in its path or body need not be there for them
            return fine | (
                {404} if method == "POST" or "_id}" in self.route.path.replace("{library_id}", "") else set()
            )
        return fine | {403, 404} if ELSEWHERE.fullmatch(self.route.path) else {403, 404}

    def expected(self, person: Person, method: str) -> set[int]:
        """The statuses that are right."""
        if self.route.kind == "admin" and person.is_administrator:
            return {*range(200, 500)}  # how the administration is operated is Django's
        may, fine = self.may(person, method), {200, 201, 202, 204, 206, 302, 304, 400, 409, 410, 412, 415, 422, 503}
        if method == "OPTIONS" or may is None:
            return {200, 204, 302, 405} | DENIED if method == "OPTIONS" else {302, 405} | DENIED
        if self.route.kind == "gone":
            return {404}
        if person.is_guest and not may and self.route.kind != "admin":
            return self.expected_of_guest(person, method, fine)
        if may:
            return fine | ({401} if person.has_bad_token else set())
        if self.route.kind == "admin":
            return {302, 403} if person.is_signed_in else {302}
        if not person.is_signed_in:
            return {403 if isinstance(person, Narrow) and self.route.kind != "page" else NOT_SIGNED_IN[self.route.kind]}
        if person.role is None:
            return {404}
        return {404, 403} if self.letter(method) in {"o", "E", "M"} else {403}

    def letter(self, method: str) -> str:
        return self.route.who.get("GET" if method == "HEAD" else method, "")

    def may(self, person: Person, method: str) -> bool | None:
        """None: nobody, because there is no such method."""
        letter = self.letter(method)
        if not letter:
            return None
        if letter == "p" or (letter == "l" and self.route.kind == "link"):
            return True
        if letter == "s":
            return person.is_signed_in
        if letter == "a":
            return False
        if letter == "o":
            return person.name == "manager"
        return person.role is not None and person.role >= world.ROLES.get(letter.lower(), 9)

    def ask(self, person: Person, method: str) -> Any:
        client = person.asking(self.route, method) if isinstance(person, Narrow) else person.ask(self.route)
        written = "application/json" if self.route.kind == "cloud" else "multipart/form-data"
        otherwise = (written, world.FORMS.get(self.route.path, world.FORM))
        kind, body = self.bodies.get((method, self.route.path), otherwise)
        headers = world.HEADERS.get(self.route.path, {})
        if self.etag and method in {"GET", "HEAD"}:
            headers = headers | {"If-None-Match": self.etag}
        body = world.fitted(body, self.known)
        signed_in = SimpleCookie(client.cookies)
        with transaction.atomic():
            if method in {"GET", "HEAD", "OPTIONS"}:
                answer = getattr(client, method.lower())(self.address, headers=headers)
            elif kind == "application/json":
                answer = client.generic(method, self.address, json.dumps(body), content_type=kind, headers=headers)
            elif isinstance(body, bytes | str):
                answer = client.generic(method, self.address, body, content_type=kind, headers=headers)
            else:
                form = {name: walk.as_field(value) for name, value in body.items()}
                answer = getattr(client, method.lower())(self.address, form, format="multipart", headers=headers)
            content_of(answer)
            transaction.set_rollback(True)
        client.cookies = signed_in  # also after signing out
        if person.name == "manager" and method == "GET":
            self.etag = answer.get("ETag", "")
        return answer


def content_of(answer: Any) -> bytes:
    """Read once, and kept: a stream can be read no more than that."""
    if not hasattr(answer, "read_content"):
        answer.read_content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.read_content
