"""What people do to regions, and what becomes of it in the index."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from dam.errors import AppError
from media_library import ingest, processing
from media_library.models import Asset, Library, Rendition, User
from media_library.renditions import Box
from search import embedders, region_indexing, regions
from search.models import EmbeddingModel, Region, RegionEmbedding
from tests import factories
from tests.fakes import FakeEmbedder
from tests.media_library import drawn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued")]

LEFT, RIGHT = Box(0, 0, 0.5, 1), Box(0.5, 0, 0.5, 1)


@pytest.fixture
def asset(library: Library, user: User, model: EmbeddingModel) -> Asset:
    """Blue on the left, orange on the right."""
    halves = Image.new("RGB", (200, 100), "blue")
    halves.paste("orange", (100, 0, 200, 100))
    made = factories.upload(library, user, drawn.encoded(halves, "PNG").getvalue())
    processing.render_pending()
    return Asset.objects.get(pk=made.pk)


def color_of(region: Region) -> str:
    """Which colour's word is nearest to the region's vector."""
    vector = np.asarray(RegionEmbedding.objects.get(region=region).vector)
    words = ["blue", "orange", "red"]
    return words[int(np.argmax(FakeEmbedder().encode_texts(words) @ vector))]


def late(**fields: object) -> None:
    """The lease of whatever a worker holds has ended."""
    RegionEmbedding.objects.update(started_at=timezone.now() - timedelta(hours=1), **fields)


def test_a_drawn_region_is_embedded_from_its_own_pixels(asset: Asset, user: User) -> None:
    left, right = regions.add(asset, user, LEFT, "sea"), regions.add(asset, user, RIGHT)
    assert region_indexing.indexed_ids([left, right]) == set()
    assert region_indexing.index_pending() == 2
    assert (color_of(left), color_of(right)) == ("blue", "orange")
    assert region_indexing.indexed_ids([left, right]) == {left.pk, right.pk}


def test_a_region_of_a_picture_on_its_side_is_of_the_upright_picture(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    made = factories.upload(library, user, drawn.turned(6).getvalue(), "turned.jpg")
    processing.render_pending()
    asset = Asset.objects.get(pk=made.pk)
    region = regions.add(asset, user, Box(0.5, 0.5, 0.5, 0.5))
    ((_row, cut),) = region_indexing.crops(RegionEmbedding.objects.filter(region=region))
    assert np.abs(np.asarray(cut, int).mean((0, 1)) - (255, 255, 0)).max() < 40


def test_nothing_is_embedded_twice(asset: Asset, user: User) -> None:
    regions.add(asset, user, LEFT)
    assert [region_indexing.index_pending(), region_indexing.index_pending()] == [1, 0]
    region_indexing.sweep()
    assert region_indexing.index_pending() == 0


def test_a_region_wakes_the_worker_once_it_is_committed(
    asset: Asset,
    user: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    from search import tasks

    calls: list[int] = []
    monkeypatch.setattr(tasks.index_regions, "delay", lambda: calls.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(3):
            regions.add(asset, user, LEFT, str(number))
        assert calls == []
    assert calls == [1]


def test_what_a_dead_worker_held_is_done_again(asset: Asset, user: User) -> None:
    regions.add(asset, user, LEFT)
    assert len(RegionEmbedding.objects.claim(9)) == 1
    assert region_indexing.index_pending() == 0  # another worker may be at it
    late()
    assert region_indexing.index_pending() == 1


def test_a_region_that_kills_workers_is_given_up_after_three_attempts(asset: Asset, user: User) -> None:
    regions.add(asset, user, LEFT)
    for _ in range(3):
        assert RegionEmbedding.objects.claim(9)
        late()
    assert RegionEmbedding.objects.claim(9) == []


def test_a_region_removed_while_it_is_embedded_is_no_error(asset: Asset, user: User, model: EmbeddingModel) -> None:
    gone, kept = regions.add(asset, user, LEFT), regions.add(asset, user, RIGHT)
    claimed = RegionEmbedding.objects.claim(9)
    found = list(region_indexing.crops(claimed))
    regions.remove(asset, user, pk=gone.pk)
    assert region_indexing.encode_batch(model, found) == 1
    assert [row.region_id for row in RegionEmbedding.objects.exclude(vector=None)] == [kept.pk]


def test_a_box_changed_while_it_is_embedded_counts(asset: Asset, user: User, model: EmbeddingModel) -> None:
    region = regions.add(asset, user, LEFT)
    found = list(region_indexing.crops(RegionEmbedding.objects.claim(9)))
    regions.change(region, user, box=RIGHT)
    assert region_indexing.encode_batch(model, found) == 0
    assert region_indexing.index_pending() == 1
    assert color_of(region) == "orange"


def test_another_label_needs_no_new_vector(asset: Asset, user: User) -> None:
    region = regions.add(asset, user, LEFT)
    region_indexing.index_pending()
    regions.change(region, user, label="lake")
    assert region_indexing.index_pending() == 0
    assert Region.objects.get().label == "lake"


def test_new_renditions_are_cut_anew(asset: Asset, user: User) -> None:
    regions.add(asset, user, LEFT)
    region_indexing.index_pending()
    Rendition.objects.all().delete()
    Asset.objects.update(state=Asset.State.PROCESSING, attempts=0)
    processing.render_pending()
    assert region_indexing.index_pending() == 1


def test_regions_of_a_picture_that_is_not_ready_wait_for_it(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    asset = factories.upload(library, user)
    regions.add(asset, user, Box(0, 0, 1, 1))
    assert region_indexing.index_pending() == 0
    processing.render_pending()
    assert region_indexing.index_pending() == 1


def test_what_was_never_entered_is_found_by_the_sweep(asset: Asset, user: User) -> None:
    regions.add(asset, user, LEFT)
    RegionEmbedding.objects.all().delete()
    region_indexing.sweep()
    assert region_indexing.index_pending() == 1


def test_another_model_embeds_every_region_for_itself(asset: Asset, user: User, model: EmbeddingModel) -> None:
    region = regions.add(asset, user, LEFT)
    region_indexing.index_pending()
    EmbeddingModel.objects.update(state=EmbeddingModel.State.RETIRED)
    other = EmbeddingModel.objects.create(name="B", source="b", dimensions=48, state=EmbeddingModel.State.ACTIVE)
    region_indexing.sweep()
    assert region_indexing.index_pending() == 1
    assert set(RegionEmbedding.objects.filter(region=region).values_list("model", flat=True)) == {model.pk, other.pk}


def test_pictures_outside_visual_search_have_no_vectors_of_regions(asset: Asset, user: User) -> None:
    ingest.update(asset, user, {"visual_search": False})
    regions.add(asset, user, LEFT)
    region_indexing.sweep()
    assert not RegionEmbedding.objects.exists()


def test_an_unreadable_preview_is_noted_and_tried_again_later(asset: Asset, user: User) -> None:
    regions.add(asset, user, LEFT)
    default_storage.delete(asset.renditions.get(name="preview").file.name)
    assert region_indexing.index_pending() == 0
    row = RegionEmbedding.objects.get()
    assert (row.error_code, row.attempts, row.vector) == ("preview_unreadable", 1, None)


def test_a_batch_too_large_for_the_encoder_is_halved(asset: Asset, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    class Small(FakeEmbedder):
        def encode_images(self, images):  # type: ignore[no-untyped-def]
            if len(images) > 1:
                raise RuntimeError("out of memory")
            return super().encode_images(images)

    monkeypatch.setattr(embedders, "get_embedder", lambda source, **options: Small())
    for number in range(5):
        regions.add(asset, user, LEFT, str(number))
    assert region_indexing.index_pending() == 5


def test_a_preview_is_decoded_once_for_all_its_regions(
    asset: Asset, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, opened = region_indexing.read, []
    monkeypatch.setattr(region_indexing, "read", lambda rendition: opened.append(1) or read(rendition))
    for number in range(5):
        regions.add(asset, user, LEFT, str(number))
    region_indexing.index_pending()
    assert opened == [1]


@pytest.mark.parametrize(
    ("box", "label", "code"),
    [
        (Box(0, 0, 0.05, 0.5), "", "box_too_small"),
        (LEFT, "x" * 101, "bad_label"),
        (LEFT, "sea", "same_region"),
    ],
)
def test_a_region_that_cannot_be(asset: Asset, user: User, box: Box, label: str, code: str) -> None:
    regions.add(asset, user, LEFT, "sea")
    with pytest.raises(AppError) as caught:
        regions.add(asset, user, box, label)
    assert caught.value.code == code
    assert Region.objects.count() == 1


def test_a_picture_has_only_so_many_regions(asset: Asset, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "MAX_PER_ASSET", 1)
    regions.add(asset, user, LEFT)
    with pytest.raises(regions.TooManyRegions):
        regions.add(asset, user, RIGHT)
