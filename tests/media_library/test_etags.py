"""What has not changed is not sent again, and what has changed is not overwritten."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library import collections, ingest
from media_library.models import Library, Role, User
from search import saved_queries
from tests import factories
from tests.members import member, stranger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture(params=["asset", "folder", "tag", "collection", "saved search", "library"])
def thing(request: pytest.FixtureRequest, library: Library, user: User) -> tuple[str, str]:
    """The address of something that can be edited, and the name of a text in it."""
    base = f"/api/v1/libraries/{library.pk}/"
    made: dict[str, Any] = {
        "asset": lambda: (f"/api/v1/assets/{factories.asset(library).pk}/", "display_name"),
        "folder": lambda: (f"{base}folders/{library.folders.create(name='a').pk}/", "name"),
        "tag": lambda: (f"{base}tags/{ingest.tags_named(library, ['a'])[0].pk}/", "name"),
        "collection": lambda: (f"{base}collections/{collections.make(library, user, 'a').pk}/", "name"),
        "saved search": lambda: (
            f"{base}saved-searches/{saved_queries.save(library, user, 'a', {'q': 'a'}, shared=True).pk}/", "name",
        ),
        "library": lambda: (base, "name"),
    }  # fmt: skip
    return made[request.param]()


def change(api: APIClient, thing: tuple[str, str], text: str, etag: str) -> Any:
    url, name = thing
    return api.patch(url, {name: text}, format="json", headers={"If-Match": etag})


def test_what_the_caller_has_is_not_sent_again(api: APIClient, thing: tuple[str, str]) -> None:
    first = api.get(thing[0])
    etag = first["ETag"]
    assert etag.startswith('"')
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = api.get(thing[0], headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    for known in ('"other"', "nonsense", ""):
        assert api.get(thing[0], headers={"If-None-Match": known}).json() == first.json()


def test_a_change_gives_another_etag(api: APIClient, thing: tuple[str, str]) -> None:
    before = api.get(thing[0])["ETag"]
    changed = change(api, thing, "b", before)
    assert (changed.status_code, changed.json()[thing[1]]) == (200, "b")
    assert changed["ETag"] not in {before, ""}
    assert api.get(thing[0])["ETag"] == changed["ETag"]


def test_what_has_changed_meanwhile_is_not_overwritten(api: APIClient, thing: tuple[str, str]) -> None:
    etag = api.get(thing[0])["ETag"]
    api.patch(thing[0], {thing[1]: "theirs"}, format="json")
    for stale in (etag, "nonsense", f"W/{api.get(thing[0])['ETag']}"):  # a weak one says too little
        answer = change(api, thing, "mine", stale)
        assert (answer.status_code, answer.json()["code"]) == (412, "changed")
        assert answer.json()["detail"].endswith(".")
        assert api.delete(thing[0], headers={"If-Match": stale}).status_code == 412
    assert api.get(thing[0]).json()[thing[1]] == "theirs"


def test_with_a_current_etag_or_a_star_it_is_changed_and_removed(api: APIClient, thing: tuple[str, str]) -> None:
    assert change(api, thing, "b", "*").status_code == 200
    etag = f'"other", {api.get(thing[0])["ETag"]}'
    url = f"{thing[0]}?purge=true"
    assert api.delete(url, headers={"If-Match": etag}).status_code == 204
    assert api.get(thing[0]).status_code == 404


def test_etags_tell_strangers_nothing(api: APIClient, thing: tuple[str, str]) -> None:
    etag = api.get(thing[0])["ETag"]
    for known in (etag, "*", '"other"'):
        answers = [
            stranger().get(thing[0], headers={"If-None-Match": known}),
            change(stranger(), thing, "mine", known),
            stranger().delete(thing[0], headers={"If-Match": known}),
        ]
        assert [(answer.status_code, "ETag" in answer) for answer in answers] == [(404, False)] * 3


def test_a_current_etag_gives_nobody_a_right(api: APIClient, library: Library, thing: tuple[str, str]) -> None:
    viewer = member(library, Role.VIEWER)
    etag = viewer.get(thing[0])["ETag"]
    assert change(viewer, thing, "mine", etag).status_code == 403
    assert viewer.delete(thing[0], headers={"If-Match": etag}).status_code == 403


def test_tags_of_an_asset_change_its_etag(api: APIClient, library: Library) -> None:
    url = f"/api/v1/assets/{factories.asset(library).pk}/"
    before = api.get(url)["ETag"]
    api.patch(url, {"tags": ["sea"]}, format="json")
    assert change(api, (url, "display_name"), "mine", before).status_code == 412
