"""Every hit is put into a band for its own query, against a background of its library."""

from typing import Any

import numpy as np
import pytest
from django.http import QueryDict
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from media_library import ingest
from media_library.models import Asset, Library, User
from search import calibration, nearest, neighbourhoods, relevance
from search.calibration import Scale
from search.models import EmbeddingModel
from search.query import Query
from search.relevance import Bands, bands
from tests import factories
from tests.search.searching import fan, run

SCALE = Scale(cosine=10, deviations=1, strong=8, likely=5, mean=0.1, deviation=0.1)


def test_bands_of_a_fixed_background() -> None:
    scores = np.tile(np.array([0.0, 0.2], np.float32), 1000)  # mean and deviation are the typical ones
    found = bands(SCALE, scores)
    # 10 s + (s - 0.1) / 0.1 = 8 at s = 0.45, = 5 at s = 0.3
    assert (found.strong, found.likely) == (pytest.approx(0.45), pytest.approx(0.3))
    assert [found.of(1 - score) for score in (0.46, 0.44, 0.31, 0.29)] == ["strong", "likely", "likely", "weak"]


def test_a_query_that_all_pictures_are_near_to_needs_more() -> None:
    usual = bands(SCALE, np.tile(np.array([0.0, 0.2], np.float32), 256))
    near = bands(SCALE, np.tile(np.array([0.3, 0.5], np.float32), 256))
    assert near.strong > usual.strong
    assert near.likely > usual.likely


def test_what_was_not_found_by_its_looks_has_no_band() -> None:
    assert Bands(0.3, 0.6).of(None) is None


def test_hits_of_the_same_score_are_in_the_same_band() -> None:
    found = bands(SCALE, np.full(512, 0.2, np.float32))  # a background without any spread
    assert len({found.of(0.5) for _tie in range(3)}) == 1
    assert np.isfinite([found.likely, found.strong]).all()


@pytest.mark.parametrize(
    ("distances", "position"),
    [
        ([], None),
        ([0.1, 0.5], None),
        ([0.1, 0.5, 0.9, 0.95], 2),
        ([0.9, 0.95], 0),
        ([0.1, 0.9, None, 0.9], 3),  # as a ranking that keywords changed may be
    ],
)
def test_the_weak_ones_begin_after_the_last_that_is_not(distances: list[float | None], position: int | None) -> None:
    assert Bands(likely=0.4, strong=0.8).weak_from(distances) == position


@pytest.mark.parametrize("pictures", [0, 1, 20])
def test_a_small_library_falls_back_on_what_is_typical_of_the_model(pictures: int) -> None:
    found = bands(SCALE, np.full(pictures, 0.1, np.float32))
    assert found.strong == pytest.approx(0.45, abs=0.05)
    assert 0 < found.likely < found.strong


@pytest.mark.parametrize("pictures", [0, 1, 19])
def test_of_a_small_library_under_an_unknown_model_only_copies_are_strong_and_nothing_is_weak(pictures: int) -> None:
    found = bands(relevance.UNKNOWN, np.linspace(0, 1, pictures, dtype=np.float32))
    assert [found.of(distance) for distance in (0.0, 0.1, 1.5)] == ["strong", "likely", "likely"]


@pytest.fixture
def calibrated(model: EmbeddingModel, fake_embedder: Any, enqueued: list[str]) -> EmbeddingModel:
    """Strong from a cosine of 0.9, likely from 0.6, whatever the background."""
    scale = {"cosine": 1, "deviations": 0, "strong": 0.9, "likely": 0.6}
    model.calibration = dict.fromkeys(calibration.KINDS, scale)
    model.save()
    return model


def test_hits_have_bands_in_the_order_of_the_ranking(library: Library, user: User, calibrated: EmbeddingModel) -> None:
    first = fan(library, calibrated, 30)[0]
    results = run(library, user, f"like={first.pk}")
    found = [hit.band for hit in results.hits]
    assert found == ["strong"] * 5 + ["likely"] * 9 + ["weak"] * 16
    assert (results.strong, results.weak_at) == (5, 14)


def test_the_divider_is_on_the_page_where_the_weak_ones_begin_and_on_no_other(
    library: Library, user: User, calibrated: EmbeddingModel
) -> None:
    first = fan(library, calibrated, 30)[0]
    found, cursor = [], ""
    for _page in range(5):
        results = run(library, user, f"like={first.pk}", limit=7, cursor=cursor)
        found.append((results.weak_at, results.strong))
        cursor = results.next_cursor or ""
    assert found == [(None, 5), (None, 5), (0, 5), (None, 5), (None, 5)]


def test_the_divider_stays_when_its_picture_has_gone(library: Library, user: User, calibrated: EmbeddingModel) -> None:
    assets = fan(library, calibrated, 30)
    before = run(library, user, f"like={assets[0].pk}", limit=10)
    ingest.trash(assets[14], user)
    after = run(library, user, f"like={assets[0].pk}", limit=10, cursor=before.next_cursor or "")
    assert after.weak_at is not None
    assert after.hits[after.weak_at].asset == assets[15]


def test_the_rest_of_a_large_ranking_does_not_move_the_divider(
    library: Library, user: User, calibrated: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = fan(library, calibrated, 30)
    factories.build_index(calibrated)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    monkeypatch.setitem(nearest.AMONG_FEW, "image", nearest.Glance(100, 0, 8))
    found, cursor = [], ""
    for _page in range(4):
        results = run(library, user, f"like={assets[0].pk}", limit=6, cursor=cursor)
        found.append(results.weak_at)
        cursor = results.next_cursor or ""
    assert found == [None, None, 2, None]


def test_what_words_have_found_stands_above_the_divider(
    library: Library, user: User, calibrated: EmbeddingModel
) -> None:
    assets = fan(library, calibrated, 30)
    assets[25].tags.add(library.tags.create(name="harbour"))
    results = run(library, user, f"like={assets[0].pk}&text=harbour&keywords=true")
    names = [hit.asset.display_name for hit in results.hits]
    place = names.index("25")
    assert (results.hits[place].band, results.hits[place].reasons) == ("weak", ("visual", "tag:harbour"))
    assert results.weak_at == max(place, max(at for at, hit in enumerate(results.hits) if hit.band != "weak")) + 1
    assert all(hit.reasons == ("visual",) for hit in results.hits[results.weak_at :])


def test_while_words_may_still_bring_something_there_is_no_divider(
    library: Library, user: User, calibrated: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = fan(library, calibrated, 30)
    factories.build_index(calibrated)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    for modality in ("image", "text"):
        monkeypatch.setitem(nearest.AMONG_FEW, modality, nearest.Glance(100, 0, 20))
    assets[0].tags.add(library.tags.create(name="harbour"))
    sea = library.tags.create(name="sea")  # half of what is asked for: it comes after what is near
    for asset in assets[25:]:
        asset.tags.add(sea)
    weak: list[int | None] = []
    names: list[str] = []
    params, cursor = f"like={assets[0].pk}&text=harbour sea&keywords=true", ""
    for _page in range(3):
        results = run(library, user, params, limit=10, cursor=cursor)
        weak.append(results.weak_at)
        names += [hit.asset.display_name for hit in results.hits]
        cursor = results.next_cursor or ""
    assert set(names[20:25]) == {asset.display_name for asset in assets[25:]}
    assert weak == [None, None, 5]


def test_another_librarys_pictures_change_nothing(library: Library, user: User, model: EmbeddingModel) -> None:
    first = fan(library, model, 30)[0]
    query = Query.from_params(library, QueryDict(f"like={first.pk}"), None)
    vector = nearest.vector_of(first, model)
    assert vector is not None
    before = relevance.bands_for(query, vector, model)
    fan(factories.library(user), model, 60)
    relevance._backgrounds.clear()
    assert relevance.bands_for(query, vector, model) == before


def test_the_background_holds_what_can_be_found_and_nothing_twice(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    assets = fan(library, model, 5)
    for _copy in range(40):
        factories.embedded(library, model, [1.0] + [0.0] * 47)
    ingest.trash(assets[4], user)
    Asset.objects.filter(pk=assets[3].pk).update(visual_search=False)
    assert relevance.background(library, model).vectors.shape == (3, 48)


def test_the_background_is_the_same_for_every_process(library: Library, model: EmbeddingModel) -> None:
    fan(library, model, 30)
    first = neighbourhoods.sample(library, model, 10)
    assert first.shape == (10, 48)
    assert (neighbourhoods.sample(library, model, 10) == first).all()
    assert neighbourhoods.sample(factories.library(), model, 10).shape == (0, 48)


def test_the_background_is_read_once_and_again_when_it_is_old(
    library: Library, model: EmbeddingModel, django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    fan(library, model, 3)
    with django_assert_num_queries(1):
        relevance.background(library, model)
        relevance.background(library, model)
    monkeypatch.setattr(relevance.time, "monotonic", lambda: 10**9)
    with django_assert_num_queries(1):
        relevance.background(library, model)


def test_an_empty_library_and_one_picture_have_bands_too(
    library: Library, user: User, model: EmbeddingModel, fake_embedder: Any
) -> None:
    assert (run(library, user, "text=red").strong, run(library, user, "text=red").weak_at) == (0, None)
    only = fan(library, model, 1)[0]
    assert [hit.band for hit in run(library, user, f"like={only.pk}").hits] == ["strong"]


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ("text=a", "text"),
        ("like={0}", "image"),
        ("anchor={0}", "image"),
        ("text=a&like={0}", "composed"),
        ("like={0}&like={0}", "composed"),
        ("text=a&not_text=b", "composed"),
        ("like={0}&unlike={0}", "composed"),
    ],
)
def test_each_kind_of_query_has_its_own_scale(library: Library, params: str, kind: str) -> None:
    query = Query.from_params(library, QueryDict(params.format("01234567-89ab-4def-8123-456789abcdef")), None)
    assert relevance.kind_of(query) == kind


def test_the_rest_answer_has_bands(api: APIClient, library: Library, calibrated: EmbeddingModel) -> None:
    first = fan(library, calibrated, 8)[0]
    body = api.get(f"/api/v1/assets/{first.pk}/similar/").json()
    assert [hit["band"] for hit in body["results"]] == ["strong"] * 5 + ["likely"] * 3
    assert body["strong"] == 5
