"""Results of a visual search by name, date and size: of what fits, without what is only weak."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media_library.models import Asset, Library, User
from search import queries
from search.models import EmbeddingModel
from search.query import Query
from tests import factories
from tests.media_library.pages import cards_of, links_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

SEARCH = "/l/studio/search/"


@pytest.fixture
def similar(library: Library, model: EmbeddingModel) -> list[Asset]:
    """Three that look more and less like the first, and one that looks like nothing of it."""
    made = []
    for at, (name, size, angle) in enumerate([("b", 30, 0.0), ("c", 10, 0.1), ("a", 20, 0.2), ("other", 40, 50.0)]):
        vector = [1.0, angle, *[0.0] * (model.dimensions - 2)]
        asset = factories.embedded(library, model, vector, display_name=name, bytes=size)
        Asset.objects.filter(pk=asset.pk).update(created_at=timezone.now() - timedelta(days=at))
        made.append(asset)
    return made


def found(client: Client, asset: Asset, sort: str) -> list[str]:
    return [name for name in cards_of(client.get(SEARCH, {"like": str(asset.pk), "sort": sort})) if name != "other"]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("relevance", ["b", "c", "a"]),
        ("", ["b", "c", "a"]),
        ("display_name", ["a", "b", "c"]),
        ("-display_name", ["c", "b", "a"]),
        ("bytes", ["c", "a", "b"]),
        ("-bytes", ["b", "a", "c"]),
        ("created_at", ["a", "c", "b"]),
        ("-created_at", ["b", "c", "a"]),
    ],
)
def test_results_are_sorted_both_ways(client: Client, similar: list[Asset], sort: str, names: list[str]) -> None:
    assert found(client, similar[0], sort) == names


def test_what_is_weak_is_left_out_where_there_is_something_better(
    library: Library, user: User, similar: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_library.filters import AssetFilters
    from search.relevance import Bands

    monkeypatch.setattr(Bands, "weak_from", lambda self, distances: 3)
    query = Query(library, AssetFilters(library), like=(similar[0].pk,))
    names = [hit.asset.display_name for hit in queries.run(query, user, sort="display_name").hits]
    assert names == ["a", "b", "c"]
    monkeypatch.setattr(Bands, "weak_from", lambda self, distances: 0)
    assert len(queries.run(query, user, sort="display_name").hits) == 4


def test_pages_of_sorted_results_follow_each_other(client: Client, library: Library, model: EmbeddingModel) -> None:
    assets = [factories.embedded(library, model, [1.0] * model.dimensions, display_name=f"{n:03}") for n in range(70)]
    page = client.get(SEARCH, {"like": str(assets[0].pk), "sort": "display_name"})
    more = next(link for link in links_of(page) if "cursor=" in link)
    assert "sort=display_name" in more
    names = cards_of(page) + cards_of(client.get(more, headers={"HX-Request": "true"}))
    assert names == [f"{n:03}" for n in range(70)]


def test_the_order_is_kept_beside_scores_and_said(client: Client, similar: list[Asset]) -> None:
    page = client.get(SEARCH, {"like": str(similar[0].pk), "sort": "bytes", "scores": "1"})
    assert "most similar first" not in text_of(page).split("Sort:")[0].split("Similar pictures")[-1]
    assert any("sort=-bytes" in link and "scores=1" in link for link in links_of(page))


def test_an_order_that_there_is_not_is_refused(client: Client, similar: list[Asset]) -> None:
    for sort in ("colour", "deleted_at"):
        answer = client.get(SEARCH, {"like": str(similar[0].pk), "sort": sort})
        assert answer.status_code == 400
        assert "Sort by one of" in text_of(answer)


def test_sorting_asks_one_question_more(
    client: Client, similar: list[Asset], django_assert_max_num_queries: Any
) -> None:
    address = f"{SEARCH}?like={similar[0].pk}&sort=bytes"
    client.get(address)
    with django_assert_max_num_queries(22):
        client.get(address)
