from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library.models import Asset, Library, Role
from tests import factories
from tests.members import member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def url(library: Library) -> str:
    return f"/api/v1/libraries/{library.pk}/assets/"


def trash(*assets: Asset) -> None:
    for asset in assets:
        Asset.objects.filter(pk=asset.pk).trash()


def names(answer: Any) -> list[str]:
    return [asset["display_name"] for asset in answer.json()["results"]]


def test_a_list_holds_either_what_is_live_or_what_is_in_the_trash(api: APIClient, library: Library, url: str) -> None:
    _kept, first, last = (factories.asset(library, display_name=name) for name in ("kept", "first", "last"))
    trash(last, first)
    assert names(api.get(url)) == ["kept"]
    assert names(api.get(url, {"deleted": "false"})) == ["kept"]
    assert names(api.get(url, {"deleted": "true"})) == ["first", "last"]
    assert names(api.get(url, {"deleted": "true", "sort": "deleted_at"})) == ["last", "first"]
    assert names(api.get(url, {"deleted": "true", "sort": "-created_at"})) == ["last", "first"]
    assert api.get(url, {"deleted": "true"}).json()["results"][0]["deleted_at"]
    assert names(api.get(url, {"sort": "deleted_at"})) == []
    assert api.get(url, {"deleted": "perhaps"}).json()["code"] == "bad_parameter"


def test_the_trash_takes_filters(api: APIClient, library: Library, url: str) -> None:
    wide, narrow = factories.asset(library, display_name="wide", width=900), factories.asset(library)
    trash(wide, narrow)
    assert names(api.get(url, {"deleted": "true", "min_width": 800})) == ["wide"]


def test_what_is_restored_while_the_trash_is_paged_through_leaves_no_gap(
    api: APIClient, library: Library, url: str
) -> None:
    assets = [factories.asset(library, display_name=str(number)) for number in range(6)]
    trash(*assets)
    first = api.get(url, {"deleted": "true", "limit": 2}).json()
    Asset.objects.filter(pk__in=[assets[5].pk, assets[2].pk]).update(deleted_at=None)
    trash(factories.asset(library, display_name="later"))
    rest = api.get(url, {"deleted": "true", "cursor": first["next_cursor"]})
    assert [asset["display_name"] for asset in first["results"]] + names(rest) == ["5", "4", "3", "1", "0"]


def test_viewers_see_it_and_strangers_do_not(library: Library, url: str) -> None:
    trash(factories.asset(library, display_name="gone"))
    assert names(member(library, Role.VIEWER).get(url, {"deleted": "true"})) == ["gone"]
    assert member(factories.library(), Role.MANAGER).get(url, {"deleted": "true"}).status_code == 404
