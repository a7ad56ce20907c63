"""A dropped model takes everything with it that was made with it, and nothing else."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from PIL import Image

from media_library.models import Library, User
from search import anchors, dropping, indexing, queries, switching, tasks, vector_index
from search.models import Embedding, EmbeddingModel, IndexEntry, QueryAnchor
from search.query import Query
from tests import factories
from tests.search import two_models

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

State = EmbeddingModel.State


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Removal happens where it is asked for; the index goes without CONCURRENTLY, inside the test's transaction."""
    asked: list[int] = []

    def drop_indexes(model: EmbeddingModel) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f'DROP INDEX IF EXISTS "{vector_index.ASSETS.graph(model)}"')

    two_models.use(monkeypatch)
    monkeypatch.setattr(indexing, "request_indexing", lambda: None)
    monkeypatch.setattr(vector_index, "drop_indexes", drop_indexes)
    monkeypatch.setattr(tasks.remove_dropped, "delay", lambda pk: asked.append(pk) or tasks.remove_dropped(pk))
    return asked


def test_everything_made_with_it_goes_in_batches(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropping, "BATCH", 3)
    other = two_models.other(State.RETIRED)
    two_models.pictures(library, [model, other], 10)
    factories.build_index(other)
    dropping.drop(other)
    dropping.remove(other)
    assert not EmbeddingModel.objects.filter(source="other").exists()
    assert vector_index.vectors_in_index(EmbeddingModel(pk=other.pk)) is None
    left = Embedding.objects.count(), IndexEntry.objects.count()
    assert left == (10, 10)


def test_it_is_out_of_use_at_once_and_removed_when_running_searches_have_ended(
    library: Library, model: EmbeddingModel, at_once: list[int]
) -> None:
    other = two_models.other()
    two_models.pictures(library, [model, other], 2)
    dropping.drop(other)
    assert list(EmbeddingModel.objects.indexed()) == [model]
    dropping.resume()
    assert at_once == []
    EmbeddingModel.objects.filter(pk=other.pk).update(dropped_at=timezone.now() - timedelta(minutes=3))
    dropping.resume()
    assert at_once == [other.pk]
    assert not EmbeddingModel.objects.filter(pk=other.pk).exists()


def test_the_one_that_answers_is_not_dropped(library: Library, model: EmbeddingModel) -> None:
    with pytest.raises(switching.WrongState, match="Switch to another model first"):
        dropping.drop(model)


def test_a_dropped_one_is_not_switched_to_or_built(library: Library, model: EmbeddingModel) -> None:
    other = two_models.other()
    dropping.drop(other)
    for deed in (lambda: switching.switch(other, force=True), lambda: switching.build(other)):
        with pytest.raises(switching.WrongState, match="dropped"):
            deed()


def test_a_batch_that_was_being_encoded_leaves_nothing_behind(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_library import processing

    other = two_models.other()
    factories.upload(library, user)
    processing.render_pending()
    entries = indexing.claim(other)
    dropping.drop(other)
    assert indexing.index_batch(other, entries) == 0
    assert not Embedding.objects.filter(model=other).exists()


def test_anchors_outlive_it(library: Library, user: User, model: EmbeddingModel) -> None:
    other = two_models.other()
    two_models.pictures(library, [model, other], 3)
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(buffer, "WEBP")
    name = default_storage.save("anchors/x.webp", ContentFile(buffer.getvalue()))
    anchor = anchors.create(user=user, library=library, stored=anchors.Stored(name, name), name="red.png", box=None)
    switching.switch(other, force=True)
    dropping.drop(model)
    dropping.remove(model)
    anchor = QueryAnchor.objects.get(pk=anchor.pk)
    assert (anchor.model, anchor.vector) == (None, None)
    results = queries.run(Query.from_params(library, QueryDict(f"anchor={anchor.pk}"), None), user)
    assert (results.model, len(results.hits)) == (other, 3)


def test_every_table_of_per_model_data_says_what_a_drop_does_to_it() -> None:
    from django.db import models

    for relation in EmbeddingModel._meta.related_objects:
        assert relation.on_delete in {models.CASCADE, models.SET_NULL}, relation
        fields: Any = relation.related_model._meta.get_field(relation.field.name)
        assert relation.on_delete is models.CASCADE or fields.null
