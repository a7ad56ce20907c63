import pytest
from django.test import Client
from rest_framework.test import APIClient

from media_library.models import Asset, Library
from search import rankings
from search.models import EmbeddingModel
from tests import factories
from tests.media_library.pages import cards_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued")]


@pytest.fixture
def pictures(library: Library, model: EmbeddingModel) -> list[Asset]:
    """Ten that turn away step by step, red and blue by turns; the last without a vector."""
    found = [
        factories.embedded(
            library,
            model,
            [1, step / 10] + [0] * 46,
            display_name=str(step),
            traits=[f"color:{['red', 'blue'][step % 2]}"],
        )
        for step in range(10)
    ]
    factories.asset(library, traits=["color:red"])
    return found


def colours_of(api: APIClient, library: Library, params: str) -> dict[str, int]:
    answer = api.get(f"/api/v1/libraries/{library.pk}/search/facets/?{params}").json()
    return {pair["value"]: pair["count"] for pair in answer["facets"]["colors"] if pair["count"]}


def test_only_what_the_search_ranks_is_counted(
    api: APIClient, library: Library, pictures: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    like = f"like={pictures[0].pk}"
    assert colours_of(api, library, like) == {"red": 5, "blue": 5}
    monkeypatch.setattr(rankings, "RANKING", 3)
    assert colours_of(api, library, like) == {"red": 2, "blue": 1}


def test_a_facet_that_is_filtered_by_is_counted_among_what_is_ranked_without_it(
    api: APIClient, library: Library, pictures: list[Asset]
) -> None:
    assert colours_of(api, library, f"like={pictures[0].pk}&colors=red") == {"red": 5, "blue": 5}


def test_a_search_is_narrowed_by_the_same_filters(api: APIClient, library: Library, pictures: list[Asset]) -> None:
    url = f"/api/v1/libraries/{library.pk}/search/"
    by_get = api.get(url, {"like": str(pictures[0].pk), "colors": "blue"}).json()
    by_post = api.post(url, {"like": [str(pictures[0].pk)], "filters": {"colors": ["blue"]}}, format="json").json()
    for answer in (by_get, by_post):
        assert [hit["asset"]["display_name"] for hit in answer["results"]] == ["1", "3", "5", "7", "9"]


def test_without_a_query_there_is_nothing_to_count(api: APIClient, library: Library, pictures: list[Asset]) -> None:
    answer = api.get(f"/api/v1/libraries/{library.pk}/search/facets/")
    assert (answer.status_code, answer.json()["code"]) == (400, "empty_query")


def test_a_strangers_example_is_not_found(api: APIClient, library: Library, pictures: list[Asset]) -> None:
    foreign = factories.asset(factories.library(factories.user()))
    assert api.get(f"/api/v1/libraries/{library.pk}/search/facets/?like={foreign.pk}").status_code == 404
    stranger = APIClient()
    stranger.force_login(factories.user())
    url = f"/api/v1/libraries/{library.pk}/search/facets/?like={pictures[0].pk}"
    assert stranger.get(url).status_code == 404


def test_the_page_of_results_has_the_panel_too(client: Client, library: Library, pictures: list[Asset]) -> None:
    like = f"like={pictures[0].pk}"
    assert cards_of(client.get(f"/l/studio/search/?{like}&colors=red")) == ["0", "2", "4", "6", "8"]
    panel = client.get(f"/l/studio/search/filters/?{like}&colors=red")
    assert "Red 5 Blue 5" in text_of(panel)
    assert f'name="like" value="{pictures[0].pk}"' in panel.content.decode()
