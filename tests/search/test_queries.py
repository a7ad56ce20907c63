import uuid
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from dam.errors import AppError, InvalidRequest, NotFound
from media_library import ingest
from media_library.models import Asset, Folder, Library, Tag, User
from search import nearest, queries, rankings
from search.composition import NotIndexed, NotSearchable
from search.models import EmbeddingModel
from tests import factories
from tests.search.searching import fan, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued")]


def names(results: queries.Results[queries.Hit]) -> list[str]:
    return [hit.asset.display_name for hit in results.hits]


def test_find_similar_ranks_from_most_to_least_similar(library: Library, user: User, model: EmbeddingModel) -> None:
    assets = fan(library, model, 6)
    results = run(library, user, f"like={assets[0].pk}")
    assert names(results) == ["0", "1", "2", "3", "4", "5"]
    assert results.hits[0].distance == pytest.approx(0, abs=1e-3)
    assert results.hits[0].score > results.hits[1].score


def test_text_finds_by_meaning(library: Library, user: User, model: EmbeddingModel, fake_embedder: Any) -> None:
    for color in ("red", "green", "blue"):
        vector = fake_embedder.encode_texts([color])[0]
        factories.embedded(library, model, vector, display_name=color)
    assert names(run(library, user, "text=something green"))[0] == "green"


def test_folder_and_tag_narrow_every_search(library: Library, user: User, model: EmbeddingModel) -> None:
    assets = fan(library, model, 6)
    shoot = Folder.objects.create(library=library, name="shoot")
    inner = Folder.objects.create(library=library, name="inner", parent=shoot)
    tag = Tag.objects.create(library=library, name="Keeper")
    Asset.objects.filter(pk__in=[assets[2].pk, assets[4].pk]).update(folder=inner)
    Asset.objects.filter(pk=assets[3].pk).update(folder=shoot)
    assets[4].tags.add(tag)
    like = f"like={assets[0].pk}"
    assert names(run(library, user, f"{like}&folder={shoot.pk}")) == ["2", "3", "4"]
    assert names(run(library, user, f"{like}&folder={shoot.pk}&recursive=false")) == ["3"]
    assert names(run(library, user, f"{like}&folder={shoot.pk}&tags=keeper")) == ["4"]
    assert names(run(library, user, f"{like}&tags=nothing")) == []


def test_pages_neither_repeat_nor_skip_while_assets_come_and_go(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    assets = fan(library, model, 12)
    params = f"like={assets[0].pk}"
    first = run(library, user, params, limit=4)
    factories.embedded(library, model, [1.0, 0.05] + [0.0] * 46, display_name="new")
    ingest.trash(assets[5], user)
    second = run(library, user, params, limit=4, cursor=first.next_cursor or "")
    third = run(library, user, params, limit=4, cursor=second.next_cursor or "")
    assert names(first) + names(second) + names(third) == ["0", "1", "2", "3", "4", "6", "7", "8", "9", "10", "11"]
    assert third.next_cursor is None


def test_a_forgotten_ranking_is_made_again_at_the_same_place(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    from django.core.cache import cache

    assets = fan(library, model, 6)
    first = run(library, user, f"like={assets[0].pk}", limit=2)
    cache.clear()
    second = run(library, user, f"like={assets[0].pk}", limit=2, cursor=first.next_cursor or "")
    assert names(second) == ["2", "3"]


def test_the_rest_of_a_large_ranking_follows_without_gap_or_repeat(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = fan(library, model, 30)
    factories.build_index(model)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    monkeypatch.setitem(nearest.AMONG_FEW, "image", nearest.Glance(40, 0, 8))
    monkeypatch.setattr(rankings, "RANKING", 20)
    shown: list[str] = []
    cursor, totals = "", []
    for _page in range(4):
        results = run(library, user, f"like={assets[0].pk}", limit=6, cursor=cursor)
        shown += names(results)
        totals.append(results.total)
        cursor = results.next_cursor or ""
    assert shown == [str(step) for step in range(20)]
    assert totals == [20] * 4
    assert cursor == ""


def test_twenty_pages_have_no_gap_and_no_repeat_while_assets_come_and_go(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = fan(library, model, 130)
    factories.build_index(model)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    monkeypatch.setitem(nearest.AMONG_FEW, "image", nearest.Glance(100, 0, 12))
    shown: list[str] = []
    trashed: set[str] = set()
    cursor = ""
    for page in range(20):
        results = run(library, user, f"like={assets[0].pk}", limit=5, cursor=cursor)
        shown += names(results)
        cursor = results.next_cursor or ""
        factories.embedded(library, model, [1.0, 0.001 * page] + [0.0] * 46, display_name=f"new {page}")
        gone = assets[129 - page if page % 2 else 5 * page + 7]  # far away, and on the next page
        ingest.trash(gone, user)
        trashed.add(gone.display_name)
    in_order = [int(name) for name in shown if not name.startswith("new")]
    assert len(shown) == len(set(shown)) == 100
    assert in_order == sorted(in_order)
    assert {str(step) for step in range(max(in_order))} - trashed <= set(shown)


def test_trashed_and_excluded_assets_are_never_hits(library: Library, user: User, model: EmbeddingModel) -> None:
    assets = fan(library, model, 4)
    ingest.trash(assets[1], user)
    Asset.objects.filter(pk=assets[2].pk).update(visual_search=False)
    assert names(run(library, user, f"like={assets[0].pk}")) == ["0", "3"]


def test_another_librarys_assets_are_never_hits(library: Library, user: User, model: EmbeddingModel) -> None:
    assets = fan(library, model, 2)
    fan(factories.library(user), model, 3)
    assert len(run(library, user, f"like={assets[0].pk}").hits) == 2


@pytest.mark.parametrize("whose", ["stranger", "trashed", "absent", "other library"])
def test_an_example_that_may_not_be_seen_is_not_found(
    library: Library, user: User, model: EmbeddingModel, whose: str
) -> None:
    asset = fan(library, model, 1)[0]
    user, like = user, asset.pk
    if whose == "stranger":
        user = factories.user()
    elif whose == "trashed":
        ingest.trash(asset, user)
    elif whose == "absent":
        like = uuid.uuid4()
    else:
        like = fan(factories.library(user), model, 1)[0].pk
    with pytest.raises(NotFound):
        run(library, user, f"like={like}")


@pytest.mark.parametrize(
    ("fields", "error"),
    [({}, NotIndexed), ({"state": "failed"}, NotSearchable), ({"visual_search": False}, NotSearchable)],
)
def test_an_example_without_a_vector_is_said_never_an_arbitrary_order(
    library: Library, user: User, model: EmbeddingModel, fields: dict[str, Any], error: type[AppError]
) -> None:
    fan(library, model, 3)
    with pytest.raises(error):
        run(library, user, f"like={factories.asset(library, **fields).pk}")


@pytest.mark.parametrize(
    "params", ["", "text=%20", "like=nonsense", "text=a&folder=1", "text=a&state=x", f"text={'x' * 501}"]
)
def test_nonsense_is_refused(library: Library, user: User, model: EmbeddingModel, params: str) -> None:
    with pytest.raises(InvalidRequest):
        run(library, user, params)


def test_a_search_costs_the_same_number_of_queries_whatever_it_finds(
    library: Library, user: User, model: EmbeddingModel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assets = fan(library, model, 3)
    with django_assert_num_queries(7):
        run(library, user, f"like={assets[0].pk}")
    fan(library, model, 30)
    with django_assert_num_queries(5):  # how large the scope is and what the background is have been remembered
        run(library, user, f"like={assets[0].pk}")
