from typing import Any

import numpy as np
import pytest
from django.http import QueryDict
from rest_framework.test import APIClient

from media_library import ingest
from media_library.filters import AssetFilters
from media_library.models import Asset, Library, User
from search import nearest, neighbourhoods, outliers
from search.models import EmbeddingModel, Isolation
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued")]


def crowd(library: Library, model: EmbeddingModel, number: int = 30) -> list[Asset]:
    """Pictures that are much alike."""
    random = np.random.default_rng(3)
    centre = np.eye(1, 48)[0]
    return [factories.embedded(library, model, centre + random.normal(0, 0.02, 48)) for _number in range(number)]


def stranger(library: Library, model: EmbeddingModel, at: int = 7) -> Asset:
    return factories.embedded(library, model, np.eye(48)[at], display_name="Stranger")


def found(library: Library) -> list[str]:
    filters = AssetFilters.from_params(library, QueryDict("issues=outliers"), None)
    return [asset.display_name for asset in filters.apply(Asset.objects.filter(library=library))]


def test_a_picture_unlike_all_others_is_an_outlier(library: Library, model: EmbeddingModel) -> None:
    crowd(library, model)
    stranger(library, model)
    assert outliers.update() == 31
    assert found(library) == ["Stranger"]


def test_a_second_run_measures_nothing_and_changes_nothing(library: Library, model: EmbeddingModel) -> None:
    crowd(library, model)
    stranger(library, model)
    outliers.update()
    assert outliers.update() == 0
    assert found(library) == ["Stranger"]


def test_with_company_it_is_one_no_more(library: Library, model: EmbeddingModel) -> None:
    crowd(library, model)
    stranger(library, model)
    outliers.update()
    for _number in range(6):
        stranger(library, model)
    Isolation.objects.update(measured_at="2020-01-01T00:00Z")
    outliers.update()
    assert found(library) == []


def test_each_library_is_judged_by_itself(library: Library, model: EmbeddingModel, user: User) -> None:
    crowd(library, model)
    other = factories.library(user)
    for _number in range(10):
        stranger(other, model)
    stranger(library, model)
    outliers.update()
    assert found(library) == ["Stranger"]
    assert found(other) == []


def test_a_library_of_a_few_pictures_has_none(library: Library, model: EmbeddingModel) -> None:
    crowd(library, model, 5)
    stranger(library, model)
    outliers.update()
    assert found(library) == []


def test_what_is_in_the_trash_is_no_company(library: Library, model: EmbeddingModel, user: User) -> None:
    crowd(library, model)
    strangers = [stranger(library, model) for _number in range(6)]
    for asset in strangers[1:]:
        ingest.trash(asset, user)
    outliers.update()
    live = list(Isolation.objects.filter(outlier=True).values_list("asset", flat=True))
    assert live == [strangers[0].pk]


def test_the_index_gives_what_the_scan_gives(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = [*crowd(library, model, 40), stranger(library, model)]
    ids, scope = [asset.pk for asset in assets], Asset.objects.filter(library=library)
    exactly = neighbourhoods.mean_distances(ids, scope, 5, model)
    factories.build_index(model)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    by_index = neighbourhoods.mean_distances(ids, scope, 5, model)
    assert by_index == pytest.approx(exactly, abs=1e-3)
    assert exactly[assets[-1].pk] > 10 * exactly[assets[0].pk]


def test_a_lone_picture_has_no_others(library: Library, model: EmbeddingModel) -> None:
    asset = stranger(library, model)
    assert neighbourhoods.mean_distances([asset.pk], Asset.objects.filter(library=library), 5, model) == {}
    assert outliers.update() == 1


def test_without_a_model_nothing_is_measured(library: Library) -> None:
    assert outliers.update() == 0


def test_facets_count_outliers_among_what_the_filters_leave(
    api: APIClient, library: Library, model: EmbeddingModel
) -> None:
    crowd(library, model)
    asset = stranger(library, model)
    outliers.update()
    url = f"/api/v1/libraries/{library.pk}/facets/"

    def counted(**params: Any) -> int:
        pairs = api.get(url, params).json()["facets"]["issues"]
        return next(pair["count"] for pair in pairs if pair["value"] == "outliers")

    assert (counted(), counted(q="stranger"), counted(q="picture")) == (1, 1, 0)
    assert counted(issues="outliers") == 1
    listed = api.get(f"/api/v1/libraries/{library.pk}/assets/", {"issues": "outliers"}).json()["results"]
    assert [found["id"] for found in listed] == [str(asset.pk)]
