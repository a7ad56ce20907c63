"""Every list by names: as many queries for many rows as for one, no gap and no repeat while
rows are added and removed, and no cursor serves another list."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from media_library import collections, ingest
from media_library.models import Folder, Library, Membership, Role, User
from search.models import SavedSearch
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

KINDS = ["folders", "tags", "collections", "saved-searches", "members", "libraries", "picked"]


def makers(library: Library, user: User) -> dict[str, tuple[str, Callable[[str], Any]]]:
    """For each list its address, and what makes a row of this name."""
    base = f"/api/v1/libraries/{library.pk}/"
    best = collections.make(library, user, "best") if not library.collections.filter(name="best") else None

    def picked(name: str) -> Any:
        asset = factories.asset(library, display_name=name)
        collections.add(library.collections.get(name="best"), user, [asset.pk])
        return asset

    return {
        "folders": (f"{base}folders/", lambda name: library.folders.create(name=name)),
        "tags": (f"{base}tags/", lambda name: ingest.tags_named(library, [name])[0]),
        "collections": (f"{base}collections/", lambda name: collections.make(library, user, name)),
        "saved-searches": (
            f"{base}saved-searches/",
            lambda name: SavedSearch.objects.create(library=library, owner=user, name=name, params={"q": ["a"]}),
        ),
        "members": (
            f"{base}members/",
            lambda name: Membership.objects.create(library=library, user=factories.user(name), role=Role.VIEWER),
        ),
        "libraries": ("/api/v1/libraries/", lambda name: factories.library(user, name=name)),
        "picked": (f"{base}collections/{best.pk if best else ''}/assets/", picked),
    }


def name_of(row: dict[str, Any]) -> str:
    return row.get("display_name") or row.get("username") or row["name"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_goes_on_where_it_was(api: APIClient, library: Library, user: User, kind: str) -> None:
    url, make = makers(library, user)[kind]
    rows = {name: make(name) for name in ("r1", "r2", "r3", "r4", "r5", "r6")}
    first = api.get(url, {"limit": 3}).json()
    shown = [name_of(row) for row in first["results"]]
    seen_last, following = shown[-1], sorted(set(rows) - set(shown))
    rows[seen_last].delete()
    rows[following[0]].delete()
    if kind != "picked":
        make("a0")  # before what has been shown
    make("r9")
    cursor = first["next_cursor"]
    while cursor:
        page = api.get(url, {"limit": 1, "cursor": cursor}).json()
        shown += [name_of(row) for row in page["results"]]
        cursor = page["next_cursor"]
    mine = [name for name in shown if name.startswith("r")]
    assert mine == sorted({*rows, "r9"} - {following[0]})


@pytest.mark.parametrize("kind", KINDS)
def test_a_cursor_of_another_list_is_refused(api: APIClient, library: Library, user: User, kind: str) -> None:
    places = makers(library, user)
    for name in ("r1", "r2", "r3"):
        for _url, make in places.values():
            make(name)
    cursors = {other: api.get(url, {"limit": 1}).json()["next_cursor"] for other, (url, _make) in places.items()}
    for other, cursor in cursors.items():
        answer = api.get(places[kind][0], {"cursor": cursor})
        assert answer.status_code == (200 if other == kind else 400), other
    for limit in ("0", "501", "x"):
        assert api.get(places[kind][0], {"limit": limit}).json()["code"] == "bad_limit"


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(
    api: APIClient, library: Library, user: User, kind: str
) -> None:
    url, make = makers(library, user)[kind]

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            api.get(url)
        return len(captured)

    make("r0")
    before = queries()
    for number in range(1, 12):
        factories.asset(library, folder=made if isinstance(made := make(f"r{number}"), Folder) else None)
    assert queries() == before
