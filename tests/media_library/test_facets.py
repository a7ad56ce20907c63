from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from media_library import facets
from media_library.facets import FACETS
from media_library.filters import AssetFilters
from media_library.models import Asset, Library, User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


def picture(library: Library, *traits: str, **fields: Any) -> Asset:
    return factories.asset(library, traits=list(traits), facts={}, **fields)


def counts(api: APIClient, library: Library, params: str = "") -> dict[str, Any]:
    answer = api.get(f"/api/v1/libraries/{library.pk}/facets/?{params}")
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    found = {
        name: {pair["value"]: pair["count"] for pair in of if pair["count"]} for name, of in body["facets"].items()
    }
    return found | {"total": body["total"]}


def test_every_facet_is_counted(api: APIClient, library: Library) -> None:
    picture(library, "color:red", "orientation:square", "size:small", "issue:dark", "grey", camera="Canon EOS 5D")
    picture(library, "color:red", "transparent", format="jpeg", taken_at=datetime(2024, 7, 1, tzinfo=UTC))
    factories.asset(library)  # not measured yet
    assert counts(api, library) == {
        "total": 3,
        "colors": {"red": 2},
        "orientation": {"square": 1},
        "size": {"small": 1},
        "formats": {"png": 2, "jpeg": 1},
        "issues": {"dark": 1},
        "grey": {"true": 1},
        "transparent": {"true": 1},
        "camera": {"Canon EOS 5D": 1},
        "taken": {"2024": 1},
    }


def test_a_facet_is_counted_without_its_own_filter_and_under_all_others(api: APIClient, library: Library) -> None:
    picture(library, "color:red", "orientation:square")
    picture(library, "color:blue", "orientation:square")
    picture(library, "color:blue", "orientation:portrait")
    found = counts(api, library, "colors=red&orientation=square")
    assert found["colors"] == {"red": 1, "blue": 1}
    assert found["orientation"] == {"square": 1}
    assert found["total"] == 1


def test_words_and_tags_narrow_the_counts(api: APIClient, library: Library) -> None:
    picture(library, "color:red", display_name="Harbour")
    picture(library, "color:red", display_name="Meadow")
    assert counts(api, library, "q=harbour")["colors"] == {"red": 1}


def test_only_what_the_caller_may_see_is_counted(api: APIClient, library: Library, user: User) -> None:
    picture(library, "color:red")
    picture(library, "color:red", deleted_at=timezone.now())
    picture(factories.library(factories.user()), "color:red")
    picture(factories.library(user), "color:red")
    assert counts(api, library)["colors"] == {"red": 1}


def test_a_stranger_learns_nothing_and_who_is_not_signed_in_neither(library: Library) -> None:
    stranger = APIClient()
    assert stranger.get(f"/api/v1/libraries/{library.pk}/facets/").status_code == 401
    stranger.force_login(factories.user())
    assert stranger.get(f"/api/v1/libraries/{library.pk}/facets/").status_code == 404


def test_nonsense_is_refused(api: APIClient, library: Library) -> None:
    assert api.get(f"/api/v1/libraries/{library.pk}/facets/?colors=mauve").status_code == 400


def test_an_empty_library_has_facets_without_counts(api: APIClient, library: Library) -> None:
    body = api.get(f"/api/v1/libraries/{library.pk}/facets/").json()
    assert body["total"] == 0
    assert [pair["count"] for pair in body["facets"]["colors"]] == [0] * 16
    assert set(body["facets"]) == {facet.name for facet in FACETS}


@pytest.mark.parametrize(("params", "queries"), [("", 4), ("colors=red&size=small", 6), ("camera=x", 5)])
def test_counting_takes_few_queries(
    library: Library, user: User, params: str, queries: int, django_assert_num_queries: Any
) -> None:
    from django.http import QueryDict

    filters = AssetFilters.from_params(library, QueryDict(params), None)
    for number in range(20):
        picture(library, "color:red", "size:small", camera=f"Camera {number}")
    with django_assert_num_queries(queries):
        facets.count(filters, facets.of_library(user))
