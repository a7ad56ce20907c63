"""Words and looks in one ranking, and why each hit is there."""

import pickle
import uuid
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from media_library import ingest
from media_library.models import Asset, Folder, Library, User
from media_library.models import words as ranking
from media_library.words import Term
from search import fusion, nearest, queries, rankings
from search.models import EmbeddingModel
from search.query import Query
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued")]


@pytest.fixture
def colors(library: Library, model: EmbeddingModel, fake_embedder: Any) -> dict[str, Asset]:
    """Pictures whose names do not say what colour they are."""
    vectors = {color: fake_embedder.encode_texts([color])[0] for color in ("red", "green", "blue", "orange")}
    return {
        color: factories.embedded(library, model, vector, display_name=f"IMG_{number}")
        for number, (color, vector) in enumerate(vectors.items())
    }


def run(library: Library, user: User, params: str, **options: Any) -> queries.Results[queries.Hit]:
    return queries.run(Query.from_params(library, QueryDict(params), None), user, **options)


def ids(results: queries.Results[queries.Hit]) -> list[Any]:
    return [hit.asset.pk for hit in results.hits]


def test_twenty_texts_that_are_not_wanted_are_answered(library: Library, user: User, colors: dict[str, Asset]) -> None:
    unwanted = "".join(f"&not_text=word{number}" for number in range(19))
    found = ids(run(library, user, f"text=img{unwanted}&not_text=img 3"))
    assert set(found) == {asset.pk for asset in colors.values()}


def test_what_has_the_words_comes_first_and_looks_decide_among_equals(
    library: Library, user: User, colors: dict[str, Asset]
) -> None:
    tag = library.tags.create(name="Aurora")
    for color in ("blue", "orange"):
        colors[color].tags.add(tag)
    found = ids(run(library, user, "text=aurora red"))
    assert found[:3] == [colors[color].pk for color in ("orange", "blue", "red")]


def test_each_hit_says_why_it_is_here(
    library: Library, user: User, colors: dict[str, Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fusion, "NEAR", 1)
    trips = Folder.objects.create(library=library, name="Green trips")
    inner = Folder.objects.create(library=library, name="2026", parent=trips)
    ingest.update(
        colors["blue"],
        user,
        {"display_name": "green-42", "tags": ["Greens"], "description": "Not green.", "folder": inner},
    )
    ingest.update(colors["orange"], user, {"metadata": {"Mood": "green", "n": 1}})
    reasons = {hit.asset.pk: hit.reasons for hit in run(library, user, "text=green").hits}
    assert reasons[colors["green"].pk] == ("visual",)
    assert reasons[colors["blue"].pk] == ("name:green", "tag:Greens", "description:green", "folder:Green trips")
    assert reasons[colors["orange"].pk] == ("metadata:Mood",)
    assert reasons[colors["red"].pk] == ("visual",)


def test_what_is_near_and_has_the_words_says_both(library: Library, user: User, colors: dict[str, Asset]) -> None:
    Asset.objects.filter(pk=colors["red"].pk).update(display_name="Red 1")
    assert run(library, user, "text=red").hits[0].reasons == ("visual", "name:red")


def test_a_picture_without_a_vector_is_found_by_its_words(
    library: Library, user: User, colors: dict[str, Asset]
) -> None:
    waiting = factories.asset(library, display_name="Harbour")
    hidden = factories.asset(library, display_name="Harbour", visual_search=False)
    found = run(library, user, "text=harbour")
    by_id = {hit.asset.pk: hit for hit in found.hits}
    for asset in (waiting, hidden):
        assert (by_id[asset.pk].distance, by_id[asset.pk].score) == (None, None)
        assert by_id[asset.pk].reasons == ("name:harbour",)
    assert found.total == 6


def test_what_words_found_has_its_true_distance(
    library: Library, user: User, colors: dict[str, Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.build_index(EmbeddingModel.objects.get())
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 2)
    monkeypatch.setitem(nearest.AMONG_FEW, "image", nearest.Glance(100, 0, 2))
    far = colors["blue"]
    Asset.objects.filter(pk=far.pk).update(display_name="Orange")
    plain = {hit.asset.pk: hit.distance for hit in run(library, user, "text=orange&keywords=false").hits}
    hit = next(hit for hit in run(library, user, "text=orange", limit=2).hits if hit.asset.pk == far.pk)
    assert hit.distance == pytest.approx(plain[far.pk], abs=1e-3)


def test_words_stay_within_filters_and_permissions(library: Library, user: User, colors: dict[str, Asset]) -> None:
    shoot = Folder.objects.create(library=library, name="shoot")
    inside = factories.asset(library, display_name="Harbour", folder=shoot)
    ingest.trash(factories.asset(library, display_name="Harbour", folder=shoot), user)
    factories.asset(library, display_name="Harbour")
    factories.asset(factories.library(factories.user()), display_name="Harbour")
    assert ids(run(library, user, f"text=harbour&folder={shoot.pk}")) == [inside.pk]


def test_a_word_that_is_not_wanted_takes_its_matches_out(
    library: Library, user: User, colors: dict[str, Asset]
) -> None:
    both = factories.asset(library, display_name="shirt with logo")
    one = factories.asset(library, display_name="shirt")
    found = ids(run(library, user, "text=shirt&not_text=logo"))
    assert one.pk in found
    assert both.pk not in found


@pytest.mark.parametrize(
    ("params", "counts"),
    [("", True), ("&keywords=true", True), ("&keywords=false", False), ("&like={0}", False),
     ("&like={0}&keywords=true", True)],
)  # fmt: skip
def test_words_count_unless_there_is_an_example_or_somebody_says_otherwise(
    library: Library, user: User, colors: dict[str, Asset], params: str, counts: int
) -> None:
    named = factories.asset(library, display_name="Harbour")
    results = run(library, user, "text=harbour" + params.format(colors["red"].pk))
    assert (named.pk in ids(results)) == counts


def test_keywords_survive_in_the_address(library: Library) -> None:
    for params in ("text=a&keywords=false", "text=a&keywords=true", "text=a"):
        query = Query.from_params(library, QueryDict(params), None)
        assert "&".join(f"{name}={value}" for name, value in query.params()) == params


def test_pages_of_a_fused_ranking_neither_repeat_nor_skip(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    monkeypatch.setitem(nearest.AMONG_FEW, "image", nearest.Glance(100, 0, 8))
    monkeypatch.setattr(rankings, "RANKING", 25)
    for step in range(20):
        factories.embedded(library, model, [1.0, step / 10] + [0.0] * 46, display_name=f"IMG_{step}")
    for step in range(10):
        factories.asset(library, display_name=f"Harbour {step}")
    factories.build_index(model)
    seen: list[Any] = []
    cursor, totals = "", []
    while not totals or cursor:
        results = run(library, user, "text=harbour", limit=6, cursor=cursor)
        seen += ids(results)
        totals.append(results.total)
        cursor = results.next_cursor or ""
    assert len(seen) == len(set(seen)) == 25
    assert set(totals) == {25}


def test_a_word_that_most_have_is_looked_for_among_the_nearest(
    library: Library, user: User, colors: dict[str, Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "COMMON", 3)
    tag = library.tags.create(name="sea")
    for asset in colors.values():
        asset.tags.add(tag)
    hits = run(library, user, "text=sea").hits
    assert len(hits) == 4
    assert all("tag:sea" in hit.reasons for hit in hits)


def test_a_fused_search_costs_the_same_number_of_queries_whatever_it_finds(
    library: Library, user: User, colors: dict[str, Asset], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    library.tags.create(name="sea")
    run(library, user, "text=red sea")  # how large the scope is has been remembered
    for number in (1, 30):
        for _ in range(number):
            factories.asset(library, display_name="sea")
        with django_assert_num_queries(3 + 4 + 1):  # the terms, their matches, distances, reasons; the audit log
            run(library, user, "text=sea")
        with django_assert_num_queries(3 + 1):
            run(library, user, "text=sea&keywords=false")


def test_the_answer_says_why_and_null_where_there_is_no_distance(
    api: APIClient, library: Library, colors: dict[str, Asset]
) -> None:
    factories.asset(library, display_name="Harbour")
    url = f"/api/v1/libraries/{library.pk}/search/"
    body = api.get(url, {"text": "harbour"}).json()
    first = next(hit for hit in body["results"] if hit["asset"]["display_name"] == "Harbour")
    assert (first["distance"], first["score"], first["reasons"]) == (None, None, ["name:harbour"])
    assert (first["asset"]["indexed"], body["query"]["keywords"]) == (False, True)
    posted = api.post(url, {"text": "harbour", "keywords": False}, format="json").json()
    assert len(posted["results"]) == 4
    assert all(hit["reasons"] == ["visual"] for hit in posted["results"])
    assert api.get(url, {"text": "a", "keywords": "perhaps"}).json()["code"] == "bad_parameter"


def test_a_card_says_what_words_it_was_found_by(client: Client, library: Library, colors: dict[str, Asset]) -> None:
    colors["green"].tags.add(library.tags.create(name="<b>sea & sky"))
    page = client.get("/l/studio/search/?text=sea").content.decode()
    assert "It has the tag “&lt;b&gt;sea &amp; sky”" in page
    assert page.count('class="reason ') == 1


def test_a_ranking_is_kept_as_it_is() -> None:
    asset_ids = [uuid.uuid4() for _ in range(3)]
    term = Term("sea", "'sea'", prefix=False, tags=(1,), folders=(asset_ids[0],))
    fused = fusion.Fused(asset_ids, [0.1, 0.1 + 0.2, None], (term,), frozenset(asset_ids[1:]))
    for kept in (fused, fusion.Fused([], [])):
        assert pickle.loads(pickle.dumps(kept)) == kept  # noqa: S301
    assert len(pickle.dumps(fusion.Fused(asset_ids * 300, [0.5] * 900))) < 25 * 900


@pytest.mark.parametrize("text", ["'", "a & !b | (", "🐱", "%00a", ":*", "\u202etxt", "½", "%s", "x" * 500])
def test_no_text_breaks_a_search(library: Library, user: User, colors: dict[str, Asset], text: str) -> None:
    query = Query.from_params(library, {"text": text}, None)
    assert len(queries.run(query, user).hits) == 4
