"""Every answer belongs to one model, from its first hit to its last page, whatever is switched to meanwhile."""

import io
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from media_library.models import Asset, Library, User
from search import anchors, nearest, queries, switching
from search.models import EmbeddingModel, QueryAnchor
from search.models.embedding_model import one_active_model
from search.query import Query
from tests.search import two_models

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

State = EmbeddingModel.State


@pytest.fixture(autouse=True)
def encoders(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("search.indexing.request_indexing", lambda: None)
    return two_models.use(monkeypatch)


@pytest.fixture
def other(model: EmbeddingModel) -> EmbeddingModel:
    return two_models.other()


@pytest.fixture
def assets(library: Library, model: EmbeddingModel, other: EmbeddingModel) -> list[Asset]:
    return two_models.pictures(library, [model, other], 30)


@pytest.fixture
def anchor(library: Library, user: User, model: EmbeddingModel) -> QueryAnchor:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(buffer, "WEBP", lossless=True)
    name = default_storage.save("anchors/x.webp", ContentFile(buffer.getvalue()))
    return anchors.create(user=user, library=library, stored=anchors.Stored(name, name), name="red.png", box=None)


def run(library: Library, user: User, params: str, **options: Any) -> queries.Results[queries.Hit]:
    return queries.run(Query.from_params(library, QueryDict(params), None), user, **options)


def agree(results: queries.Results[queries.Hit], vector: Any) -> bool:
    """Whether all distances are those between `vector` and the hits under the model that the answer names."""
    for hit in results.hits:
        own = nearest.vector_of(hit.asset, results.model)
        assert own is not None
        if abs(1 - float(own @ vector) - hit.distance) > 2e-3:
            return False
    return bool(results.hits)


def test_pages_go_on_under_the_model_that_they_began_with(
    library: Library, user: User, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset]
) -> None:
    params = f"like={assets[0].pk}"
    first = run(library, user, params, limit=10)
    switching.switch(other, force=True)
    second = run(library, user, params, limit=10, cursor=first.next_cursor or "")
    assert (first.model, second.model) == (model, model)
    assert not {hit.asset for hit in first.hits} & {hit.asset for hit in second.hits}
    assert agree(second, nearest.vector_of(assets[0], model))
    fresh = run(library, user, params, limit=10)
    assert fresh.model == other
    assert agree(fresh, nearest.vector_of(assets[0], other))


def test_the_rest_of_a_ranking_is_ranked_under_the_model_that_it_began_with(
    library: Library,
    user: User,
    model: EmbeddingModel,
    other: EmbeddingModel,
    assets: list[Asset],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests import factories

    factories.build_index(model)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    monkeypatch.setitem(nearest.AMONG_FEW, "image", nearest.Glance(100, 0, 8))
    first = run(library, user, f"like={assets[0].pk}", limit=6)
    switching.switch(other, force=True)
    second = run(library, user, f"like={assets[0].pk}", limit=24, cursor=first.next_cursor or "")
    assert second.model == model
    assert agree(second, nearest.vector_of(assets[0], model))
    assert len({hit.asset for hit in [*first.hits, *second.hits]}) == 30


def test_pages_of_a_dropped_model_start_anew_under_the_one_that_answers(
    library: Library, user: User, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset]
) -> None:
    from search import dropping

    params = f"like={assets[0].pk}"
    first = run(library, user, params, limit=10)
    switching.switch(other, force=True)
    dropping.drop(model)
    second = run(library, user, params, limit=10, cursor=first.next_cursor or "")
    assert second.model == other
    assert agree(second, nearest.vector_of(assets[0], other))


def test_a_shared_link_with_an_anchor_works_under_every_model(
    library: Library, user: User, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset],
    anchor: QueryAnchor, encoders: Any,
) -> None:  # fmt: skip
    params = f"anchor={anchor.pk}"
    picture = Image.new("RGB", (32, 32), "red")
    for active, source in ((model, "fake"), (other, "other"), (model, "fake")):
        switching.switch(active, force=True)
        results = run(library, user, params)
        assert results.model == active
        assert agree(results, encoders[source].encode_images([picture])[0])
        anchor.refresh_from_db()
        assert (anchor.model, len(np.asarray(anchor.vector))) == (active, active.dimensions)


def test_a_comparison_leaves_the_anchor_as_it_is(
    library: Library, user: User, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset],
    anchor: QueryAnchor,
) -> None:  # fmt: skip
    assert run(library, user, f"anchor={anchor.pk}", model=other).model == other
    anchor.refresh_from_db()
    assert anchor.model == model


def test_a_switch_in_the_middle_of_a_search_does_not_reach_it(
    library: Library, user: User, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset],
    encoders: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from search import composition

    example_vectors = composition.example_vectors

    def slow(query: Query, who: User, under: EmbeddingModel) -> Any:
        switching.switch(other, force=True)
        return example_vectors(query, who, under)

    monkeypatch.setattr(composition, "example_vectors", slow)
    results = run(library, user, f"text=red&like={assets[0].pk}")
    parts = encoders["fake"].encode_texts(["red"])[0] + nearest.vector_of(assets[0], model)
    assert results.model == model
    assert agree(results, parts / np.linalg.norm(parts))


def test_a_page_asks_for_the_active_model_once(
    client: Client, library: Library, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset]
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(f"/l/{library.slug}/search/?like={assets[0].pk}").status_code == 200
    active = [query for query in asked if "search_embeddingmodel" in query["sql"] and "'active'" in query["sql"]]
    assert len(active) == 1
    with one_active_model():
        assert EmbeddingModel.active() == model
        switching.switch(other, force=True)
        assert EmbeddingModel.active() == model
    assert EmbeddingModel.active() == other
