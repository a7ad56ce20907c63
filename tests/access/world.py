"""A library that is full of a secret word, everybody who might ask for it, and what they send."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core import signing
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from rest_framework.test import APIClient

from dam.contracts.visual_layer import exports
from media_library import collections, second_factor, sharing
from media_library.bulk import undo
from media_library.models import (
    ApiKey,
    Asset,
    Library,
    PartialUpload,
    PersonalToken,
    Rendition,
    Role,
    SecondFactor,
    Session,
    UploadPreset,
    User,
)
from media_library.scopes import Grant, Scope, scope_of
from media_library.sealing import seal
from search.clusters import joining
from search.duplicates import decisions
from search.models import DuplicatePair, EmbeddingModel, QueryAnchor, SavedSearch, SavedView
from tests import factories
from tests.access.rules import Route
from tests.fuzz import walk

SECRET = "quokka"  # in names, tags, descriptions, file names and metadata; in no address
CALLED = "wombat"  # the library and its fields, of which everybody knows who was granted a folder in it
ROLES = {"v": Role.VIEWER, "c": Role.CONTRIBUTOR, "e": Role.EDITOR, "m": Role.MANAGER}
ALL = frozenset(Scope.values)


@dataclass
class Person:
    """`role`: in the secret library. `pages`: a browser, in which they may be signed in. `programs`: by header."""

    name: str
    role: Role | None = None
    user: User | None = None
    pages: APIClient = field(default_factory=lambda: APIClient(raise_request_exception=False))
    programs: APIClient = field(default_factory=lambda: APIClient(raise_request_exception=False))
    has_link: bool = False
    granted: Role | None = None  # where the secret things lie; `is_guest` alone: in another folder of the library
    is_guest: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.user is not None

    @property
    def has_bad_token(self) -> bool:
        """Which is refused even where none is needed."""
        return self.name in {"expired token", "revoked token"}

    @property
    def is_administrator(self) -> bool:
        return self.user is not None and self.user.is_superuser

    def ask(self, route: Route) -> APIClient:
        return self.programs if route.kind in {"api", "cloud"} else self.pages


class Narrow(Person):
    """A manager's token for everything but what is asked: one for each scope that it may lack."""

    def __init__(self, owner: User) -> None:
        super().__init__("narrow token")
        self.without = {scope: walk.client(token(owner, scopes=ALL - {scope})) for scope in Scope.values}

    def asking(self, route: Route, method: str) -> APIClient:
        return self.without[scope_of(route.view, "GET" if method in {"HEAD", "OPTIONS"} else method)]


def token(owner: User, scopes: frozenset[str] = ALL) -> str:
    return PersonalToken.issue(owner, "walk", grant=Grant(scopes))[1]


def people(library: Library, manager: User, links: dict[str, str]) -> list[Person]:
    expired, late = PersonalToken.issue(manager, "expired", timezone.now() + timedelta(days=1))
    PersonalToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    revoked, gone = PersonalToken.issue(manager, "revoked")
    revoked.delete()
    visitor = Person("share link's visitor", has_link=True)
    visitor.pages.get(f"/s/{links['token']}/")
    visitor.programs = visitor.pages
    stranger = factories.user("stranger")
    factories.library(stranger, name="Elsewhere")
    return [
        signed_in(Person("manager", Role.MANAGER, manager)),
        *(signed_in(Person(role.label, role, member(library, role))) for role in list(Role)[:-1]),
        signed_in(Person("stranger", None, stranger)),
        *map(signed_in, guests(library)),
        Person("anonymous"),
        Person("expired token", pages=walk.client(late), programs=walk.client(late)),
        Person("revoked token", pages=walk.client(gone), programs=walk.client(gone)),
        Narrow(manager),
        visitor,
        signed_in(Person("administrator", Role.MANAGER, factories.user("root", is_superuser=True, is_staff=True))),
    ]


def guests(library: Library) -> list[Person]:
    """Who edits the secret folders, and who manages another one."""
    inside, outside = factories.user("guest inside"), factories.user("guest outside")
    for folder in library.folders.filter(name__contains=SECRET):
        folder.grants.create(user=inside, role=Role.EDITOR)
    theirs = library.folders.create(name="Theirs")
    theirs.grants.create(user=outside, role=Role.MANAGER)
    factories.asset(library, folder=theirs, display_name="Theirs")
    return [
        Person("guest inside", None, inside, granted=Role.EDITOR, is_guest=True),
        Person("guest outside", None, outside, is_guest=True),
    ]


def member(library: Library, role: Role) -> User:
    made = factories.user(f"the {role.label}")
    library.memberships.create(user=made, role=role)
    return made


def signed_in(person: Person) -> Person:
    assert person.user
    person.pages.force_login(person.user)
    person.programs = walk.client(token(person.user))
    return person


def known(library: Library, manager: User, model: EmbeddingModel) -> dict[str, Any]:
    """Something of everything in the library, called by the secret word, by the name of the place that takes it."""
    made = walk.things(library, manager, model, many=2)
    first, second = library.assets.order_by("created_at")
    name_all(library, manager)
    Asset.objects.filter(pk=first.pk).update(display_name="Shared.png", alt_text="Shared")  # what links may tell
    for asset in (first, second):
        with_files(asset)
    Asset.objects.filter(pk=second.pk).update(deleted_at=timezone.now())
    joining.join(model, [first.pk])
    library.folders.create(name="plain")  # as addresses name them
    first.tags.add(library.tags.create(name="plain"))
    thumb = default_storage.save("queries/thumb.webp", ContentFile(SECRET.encode()))
    QueryAnchor.objects.filter(owner=manager).update(thumb=thumb, name=SECRET, model=model, vector=[0.1] * 48)
    shared = sharing.make(manager, first)[1]
    together = collections.make(library, manager, "Shared")
    collections.add(together, manager, [first.pk])
    alike = [factories.embedded(library, model, [1.0] * 48, display_name=SECRET) for _ in range(4)]
    for one, other in (alike[:2], alike[2:]):  # one pair is decided, the other one suggested
        DuplicatePair.of(one, other, kind="near", score=0.9, found_at=one.created_at).save()
    decision = decisions.decide(library, manager, "keep_all", [asset.pk for asset in alike[:2]])
    job = library.jobs.first()
    assert job
    job.failures.create(item=SECRET, message=SECRET)
    preset = UploadPreset.objects.create(library=library, owner=manager, name="preset", settings={"tags": [SECRET]})
    field_ids = {name: made[name] for name in ("field", "field_id", "choice")}
    return made | field_ids | {
        "slug": [library.slug], "cloud": [library.slug], "token": [shared], "job_id": [str(job.pk)],
        "other_id": [str(second.pk)], "deed": ["pause"], "decision_id": [str(decision.pk)],
        "key": [undo.keep(manager, library, [])  or str(uuid.uuid4())],
        "resource_type": ["image"], "type": ["upload"], "public_id": [first.public_id], "path": ["plain"],
        "date": ["1-1-2026"], "external_id": ["field0"], "name": [preset.name], "tag": ["plain"],
        "rest": [first.public_id],
        "trigger_id": [str(factories.webhook(library, dialect="cloudinary").pk)],
        "assets": [str(asset.pk) for asset in alike[2:]], "keep": [str(alike[2].pk)], "libraries": [str(library.pk)],
        "password": ["secret"], "public_ids": [first.public_id], "asset_ids": [str(first.pk)],
        "from_public_id": [first.public_id], "cluster_id": [cluster_of(library, manager)],
        "of": {  # that route alone
            "/account/security/sessions/{handle}/end/": {"handle": [session_of(manager)]},
            "/account/keys/{slug}/revoke/": {"slug": [ApiKey.issue(manager, SECRET)[0].key]},
            "/s/{token}/download/": {"token": [sharing.make(manager, together)[1]]},
            "/l/{slug}/upload/{upload_id}/": {"upload_id": [made["upload_id"][1]]},
        },
        "content_type_id": ["1"], "object_id": [str(first.pk)], "id": ["1"], "pk": ["1"], "app_label": ["search"],
        "url": ["nowhere"],
        "form": ["csv"],
        "queries": {"/api/v1/dataset/{dataset_id}/export_status": f"?export_task_id={export_of(library, manager)}"},
    }  # fmt: skip


def cluster_of(library: Library, manager: User) -> str:
    listed = walk.client(token(manager)).get(f"/api/v1/libraries/{library.pk}/clusters/").json()
    return str(listed["results"][0]["id"])


def export_of(library: Library, manager: User) -> str:
    return signing.dumps(exports.Export(str(library.pk), manager.pk, SECRET, images=True), salt=exports.SALT)


def session_of(manager: User) -> str:
    """Another browser of theirs; and a second factor."""
    SecondFactor.objects.create(user=manager, sealed_secret=seal(second_factor.new_secret()))
    browser = APIClient()
    browser.force_login(manager)
    return str(Session.objects.get(session_key=browser.session.session_key).handle)


def name_all(library: Library, manager: User) -> None:
    words = {"description": SECRET, "alt_text": SECRET, "camera": SECRET, "exif": {"Artist": SECRET, SECRET: SECRET}}
    called = Concat(Value(f"{SECRET} "), Cast("pk", TextField()))
    searches = SavedSearch.objects.filter(owner=manager)
    for rows in (library.folders, library.tags, library.collections, searches, SavedView.objects.all()):
        rows.update(name=called)
    library.collections.update(description=SECRET)
    library.metadata_fields.update(label=CALLED)
    library.assets.update(
        display_name=f"{SECRET}.png",
        folder=library.folders.first(),
        metadata={SECRET: SECRET, "field0": ["choice0"]},
        **words,
    )
    for position, asset in enumerate(library.assets.all()):
        asset.tags.add(library.tags.first())
        asset.regions.update(label=SECRET)
        library.collections.first().items.create(asset=asset, position=position)
    library.partial_uploads.update(details={"name": f"{SECRET}.png"})
    done = library.partial_uploads.order_by("created_at").last()
    library.partial_uploads.filter(pk=done.pk).update(state=PartialUpload.State.STORED, asset=library.assets.first())
    Library.objects.filter(pk=library.pk).update(name=CALLED)


def with_files(asset: Asset) -> None:
    """An original and its renditions, whose bytes hold the secret word as well."""
    original = default_storage.save(f"originals/{asset.pk}.png", ContentFile(factories.picture() + SECRET.encode()))
    Asset.objects.filter(pk=asset.pk).update(file=original)
    for name in Rendition.Name.values:
        file = default_storage.save(f"renditions/{asset.pk}-{name}.webp", ContentFile(b"RIFF" + SECRET.encode()))
        Rendition.objects.create(asset=asset, name=name, file=file, width=60, height=40, bytes=9)
    cache.clear()


# What is sent where the schema says nothing: pages and dialects take from it what they know.
FORM: dict[str, Any] = {
    "name": "given", "title": "given", "x": "10", "y": "10", "width": "20", "height": "20",
    "command": "add", "tag": "given", "context": "a=b", "metadata": "field0=choice0", "label": "given",
    "public_id": "", "public_ids": [], "asset_ids": [], "from_public_id": "", "to_public_id": "given",
    "external_ids": ["choice0"], "values": [{"external_id": "choice0", "value": "given"}], "to_folder": "given",
}  # fmt: skip
FORMS = {
    "/assets/{asset_id}/versions/": {"file": "(bytes)"},
    "/v1_1/{cloud}/metadata_fields": FORM | {"type": "string", "metadata": ""},
    "/v1_1/{cloud}/triggers": {"uri": "http://127.0.0.1:9/", "event_type": "upload"},
    "/v1_1/{cloud}/triggers/{trigger_id}": {"new_uri": "http://127.0.0.1:9/"},
}
# Of the examples of the schema these members name what is there.
NAMED = {
    "asset",
    "assets",
    "asset_ids",
    "collection",
    "folder",
    "from_public_id",
    "keep",
    "public_id",
    "public_ids",
    "libraries",
    "library",
    "parent",
    "password",
    "username",
}
HEADERS = {
    "/api/v1/libraries/{library_id}/uploads/": {"Tus-Resumable": "1.0.0", "Upload-Length": "9"},
    "/api/v1/uploads/{upload_id}/": {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
}


def fitted(body: Any, known: dict[str, Any]) -> Any:
    """The body, with the ids of what there is."""
    if not isinstance(body, dict):
        return body
    return {name: fitted_value(name, value, known) for name, value in body.items()}


def fitted_value(name: str, value: Any, known: dict[str, Any]) -> Any:
    if name not in NAMED or value is None:
        return fitted(value, known)
    return known[name] if isinstance(value, list) else known[name][0]
