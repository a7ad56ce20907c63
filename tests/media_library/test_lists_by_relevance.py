from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library.models import Asset, Library
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def url(library: Library) -> str:
    return f"/api/v1/libraries/{library.pk}/assets/"


@pytest.fixture
def pictures(library: Library) -> list[Asset]:
    """In the name, in the description, in the metadata, within a word of the name, and not at all."""
    return [
        factories.asset(library, display_name="aurora"),
        factories.asset(library, display_name="one", description="the aurora"),
        factories.asset(library, display_name="two", metadata={"client": "aurora"}),
        factories.asset(library, display_name="southauroras"),
        factories.asset(library, display_name="three"),
    ]


def names(answer: Any) -> list[str]:
    return [asset["display_name"] for asset in answer.json()["results"]]


def test_the_best_place_of_a_word_comes_first(api: APIClient, url: str, pictures: list[Asset]) -> None:
    answer = api.get(url, {"q": "aurora", "sort": "relevance"})
    assert names(answer) == ["aurora", "one", "two", "southauroras"]


def test_pages_skip_and_repeat_nothing_while_pictures_come_and_go(
    api: APIClient, url: str, library: Library, pictures: list[Asset]
) -> None:
    first = api.get(url, {"q": "aurora", "sort": "relevance", "limit": 1})
    factories.asset(library, display_name="aurora aurora")
    Asset.objects.filter(pk=pictures[1].pk).trash()
    rest = api.get(url, {"q": "aurora", "sort": "relevance", "cursor": first.json()["next_cursor"]})
    assert names(first) + names(rest) == ["aurora", "two", "southauroras"]
    assert rest.json()["next_cursor"] is None


def test_words_that_all_have_leave_the_newest_first(api: APIClient, url: str, library: Library) -> None:
    for number in range(3):
        factories.asset(library, display_name=f"the {number}")
    assert set(names(api.get(url, {"q": "the", "sort": "relevance"}))) == {"the 0", "the 1", "the 2"}


@pytest.mark.parametrize("params", [{}, {"min_width": "5"}])
def test_without_words_there_is_nothing_to_rank_by(api: APIClient, url: str, params: dict[str, str]) -> None:
    answer = api.get(url, params | {"sort": "relevance"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_sort")


@pytest.mark.parametrize("cursor", ["x", "x.", ".5", "x.-1", "x.99999999999999999999", "x.1", f"{'x' * 99}.1", "x.٣"])
def test_a_cursor_of_nothing_is_refused(api: APIClient, url: str, cursor: str) -> None:
    answer = api.get(url, {"q": "aurora", "sort": "relevance", "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")
