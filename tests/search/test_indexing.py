from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image

from media_library import ingest, processing
from media_library.models import Asset, Library, Rendition, User
from search import embedders, encoding, indexing
from search.models import Embedding, EmbeddingModel, IndexEntry
from tests import factories
from tests.fakes import FakeEmbedder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued")]

State = IndexEntry.State


def ready(library: Library, user: User, seed: int = 0, **fields: object) -> Asset:
    asset = factories.upload(library, user, factories.picture(seed=seed), **fields)
    processing.render_pending()
    return asset


def states(model: EmbeddingModel) -> list[str]:
    return list(IndexEntry.objects.filter(model=model).order_by("id").values_list("state", flat=True))


def test_a_ready_asset_is_entered_and_then_embedded(library: Library, user: User, model: EmbeddingModel) -> None:
    asset = ready(library, user)
    assert states(model) == [State.PENDING]
    assert indexing.index_pending() == 1
    assert states(model) == [State.DONE]
    assert len(Embedding.objects.get(asset=asset, model=model).vector) == model.dimensions


def test_nothing_is_embedded_twice(library: Library, user: User, model: EmbeddingModel) -> None:
    ready(library, user)
    assert [indexing.index_pending(), indexing.index_pending()] == [1, 0]
    assert Embedding.objects.count() == 1


def test_an_asset_excluded_from_visual_search_is_not_entered(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    ready(library, user, visual_search=False)
    assert states(model) == []


def test_only_one_task_waits_however_many_assets_become_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    from search import tasks

    calls: list[int] = []
    monkeypatch.setattr(tasks.index_pending, "delay", lambda: calls.append(1))
    for _ in range(5):
        indexing.request_indexing()
    assert calls == [1]


@pytest.mark.parametrize(("pictures", "woken"), [(1, 0), (5, 1)])
def test_a_worker_with_a_full_batch_wakes_another(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch, pictures: int, woken: int
) -> None:
    from search import tasks

    calls: list[int] = []
    monkeypatch.setattr(tasks.index_pending, "delay", lambda: calls.append(1))
    monkeypatch.setattr(indexing, "BATCH", 2)
    monkeypatch.setattr(indexing, "BATCH_BESIDE", 2)
    for seed in range(pictures):
        ready(library, user, seed)
    assert (indexing.index_pending(), len(calls)) == (pictures, woken)


def test_what_a_dead_worker_left_is_done_again(library: Library, user: User, model: EmbeddingModel) -> None:
    ready(library, user)
    indexing.claim(model)
    IndexEntry.objects.update(started_at=timezone.now() - timedelta(hours=1))
    indexing.sweep()
    assert states(model) == [State.PENDING]
    assert indexing.index_pending() == 1


def test_the_company_of_a_picture_that_kills_workers_is_not_given_up(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    for seed in range(3):
        ready(library, user, seed)

    def die() -> list[int]:
        """Of whatever the worker has taken."""
        taken = indexing.claim(model)
        IndexEntry.objects.update(started_at=timezone.now() - timedelta(hours=1))
        indexing.sweep()
        return [entry.pk for entry in taken]

    together = die()
    assert len(together) == 3
    assert [die(), die()] == [together[:1], together[:1]]
    assert indexing.index_pending() == 2
    assert states(model) == [State.FAILED, State.DONE, State.DONE]


def test_a_picture_that_kills_workers_is_given_up_after_three_attempts(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    ready(library, user)
    for _ in range(3):
        indexing.claim(model)
        IndexEntry.objects.update(started_at=timezone.now() - timedelta(hours=1))
        indexing.sweep()
    entry = IndexEntry.objects.get()
    assert (entry.state, entry.error_code, entry.attempts) == (State.FAILED, "worker_died", 3)


def test_an_unreadable_thumbnail_fails_alone(library: Library, user: User, model: EmbeddingModel) -> None:
    broken, whole = ready(library, user, 1), ready(library, user, 2)
    name = broken.renditions.get(name="thumb").file.name
    default_storage.delete(name)
    default_storage.save(name, ContentFile(b"not a picture"))
    assert indexing.index_pending() == 1
    assert indexing.indexed_ids([broken, whole]) == {whole.pk}
    assert IndexEntry.objects.get(asset=broken).error_code == "thumbnail_unreadable"


def test_a_store_whose_errors_are_its_own_costs_only_the_picture_that_it_refuses(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refused(Exception):
        """As of a client of a store, whose errors are no OSError."""

    refused, given = ready(library, user, 1), ready(library, user, 2)
    read = encoding.read

    def refuse(thumb: Rendition) -> Image.Image:
        if thumb.asset_id == refused.pk:
            raise Refused
        return read(thumb)

    monkeypatch.setattr(encoding, "read", refuse)
    assert indexing.index_pending() == 1
    assert indexing.indexed_ids([refused, given]) == {given.pk}


@pytest.mark.django_db(transaction=True)
def test_an_asset_purged_while_it_is_encoded_costs_the_others_nothing(
    library: Library, user: User, model: EmbeddingModel, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    purged, kept = ready(library, user, 1), ready(library, user, 2)
    encode = fake_embedder.encode_images

    def purge_meanwhile(images: Sequence[Image.Image]) -> NDArray[np.float32]:
        ingest.purge(purged, user)
        return encode(images)

    monkeypatch.setattr(fake_embedder, "encode_images", purge_meanwhile)
    assert indexing.index_pending() == 1
    assert states(model) == [State.DONE]
    assert list(Embedding.objects.values_list("asset_id", flat=True)) == [kept.pk]


def test_a_batch_too_large_for_the_encoder_is_halved(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Small(FakeEmbedder):
        def encode_images(self, images):  # type: ignore[no-untyped-def]
            if len(images) > 1:
                raise RuntimeError("out of memory")
            return super().encode_images(images)

    monkeypatch.setattr(embedders, "get_embedder", lambda source, **options: Small())
    for seed in range(5):
        ready(library, user, seed)
    assert indexing.index_pending() == 5


def test_assets_that_were_never_entered_are_found_by_the_sweep(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    ready(library, user)
    IndexEntry.objects.all().delete()
    indexing.sweep()
    assert states(model) == [State.PENDING]


def test_progress_counts_what_is_still_to_come(library: Library, user: User, model: EmbeddingModel) -> None:
    ready(library, user, 1)
    indexing.index_pending()
    ready(library, user, 2)
    factories.upload(library, user, factories.picture(seed=3))
    progress = indexing.progress(library, None)
    assert (progress.total, progress.indexed, progress.pending, progress.failed) == (3, 1, 2, 0)


def test_why_an_asset_is_not_indexed_can_be_asked(library: Library, user: User, model: EmbeddingModel) -> None:
    failed, done, again, waiting = (ready(library, user, number) for number in range(1, 5))
    IndexEntry.objects.filter(asset__in=[failed, waiting]).delete()
    indexing.index_pending()
    IndexEntry.objects.create(asset=failed, model=model, state=State.FAILED, error="Too odd.")
    IndexEntry.objects.filter(asset=again).update(state=State.FAILED, error="It has its former vector.")
    found = indexing.standing([failed, done, again, waiting])
    assert found == ({done.pk, again.pk}, {failed.pk: "Too odd."})
