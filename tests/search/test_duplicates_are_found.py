from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from media_library import ingest
from media_library.models import Library, User
from search import indexing, tasks
from search.duplicates import finding
from search.models import DuplicatePair, EmbeddingModel, Fingerprint, IndexEntry
from tests import factories
from tests.search.scenes import COPIES, compared, ready, scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "model")]


def pairs() -> list[tuple[Any, Any, str]]:
    return list(DuplicatePair.objects.order_by("pk").values_list("first", "second", "kind"))


@pytest.mark.parametrize("copy", ["cropped", "turned", "cropped and turned", "marked and mirrored"])
def test_a_changed_copy_is_found_beside_other_pictures(library: Library, user: User, copy: str) -> None:
    others = [scene(seed) for seed in range(2, 5)]
    original, changed = compared(library, user, scene(1), COPIES[copy](scene(1)), *others)[:2]
    assert pairs() == [(original.pk, changed.pk, "near")]


def test_the_same_file_is_an_exact_pair_with_the_older_one_first(library: Library, user: User) -> None:
    older, younger = compared(library, user, scene(1), scene(1))
    assert pairs() == [(older.pk, younger.pk, "exact")]


def test_the_older_one_is_first_even_if_it_is_compared_last(library: Library, user: User) -> None:
    older, younger = (ready(library, user, scene(1)) for _ in range(2))
    indexing.index_pending()
    IndexEntry.objects.filter(asset=older).update(state=IndexEntry.State.PENDING)
    finding.find_pending()
    indexing.index_pending()
    finding.find_pending()
    assert pairs() == [(older.pk, younger.pk, "exact")]


def test_nothing_is_compared_across_libraries(library: Library, user: User) -> None:
    other = factories.library(user)
    compared(library, user, scene(1))
    compared(other, user, scene(1), COPIES["mirrored"](scene(1)))
    assert [(pair.library, pair.kind) for pair in DuplicatePair.objects.all()] == [(other, "near")]


def test_a_picture_excluded_from_visual_search_is_compared_by_its_pixels(library: Library, user: User) -> None:
    original, turned = compared(library, user, scene(1), COPIES["turned"](scene(1)), visual_search=False)
    assert pairs() == [(original.pk, turned.pk, "near")]


def test_it_waits_for_the_vector(library: Library, user: User) -> None:
    ready(library, user, scene(1))
    assert finding.find_pending() == 0
    indexing.index_pending()
    assert finding.find_pending() == 1
    assert finding.find_pending() == 0


def test_finding_again_changes_nothing(library: Library, user: User) -> None:
    compared(library, user, scene(1), scene(1), COPIES["mirrored"](scene(1)))
    before = sorted(pairs())
    Fingerprint.objects.all().delete()
    assert finding.find_pending() == 3
    assert sorted(pairs()) == before
    assert len(before) == 3


def test_thousands_of_blank_pictures_make_no_pairs(library: Library, user: User) -> None:
    blanks = [Image.new("RGB", (60 + n, 40), (255, 255, 255 - n)) for n in range(12)]
    compared(library, user, *blanks)
    assert pairs() == []
    assert Fingerprint.objects.filter(phash=None).count() == 12


def test_many_copies_of_one_file_make_a_bounded_number_of_pairs(
    library: Library, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "EXACT", 3)
    blank = Image.new("RGB", (60, 40), "white")
    assets = compared(library, user, *[blank] * 12)
    found = pairs()
    assert len(found) == 3 + 2 + 1 + 3 * 8  # each with the three oldest, which stand with each other and the fourth
    assert {first for first, _second, _kind in found} == {asset.pk for asset in assets[:3]}
    assert {second for _first, second, _kind in found} == {asset.pk for asset in assets[1:]}


def test_many_versions_of_one_picture_make_a_bounded_number_of_pairs(
    library: Library, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "BY_HASH", 2)
    monkeypatch.setattr(finding, "BY_VECTOR", 1)
    compared(library, user, *(scene(1, (480 - 8 * n, 360)) for n in range(10)))
    assert 9 <= len(pairs()) <= 3 * 10


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1)])
def test_hostile_shapes_are_compared(library: Library, user: User, size: tuple[int, int]) -> None:
    first, second = compared(library, user, Image.new("RGB", size, "teal"), Image.new("RGB", size, "teal"))
    assert pairs() == [(first.pk, second.pk, "exact")]


def test_a_thumbnail_that_cannot_be_read_leaves_the_exact_copies(library: Library, user: User) -> None:
    first, second = (ready(library, user, scene(1)) for _ in range(2))
    name = second.renditions.get(name="thumb").file.name
    default_storage.delete(name)
    default_storage.save(name, ContentFile(b"not a picture"))
    IndexEntry.objects.update(state=IndexEntry.State.FAILED)
    finding.find_pending()
    assert pairs() == [(first.pk, second.pk, "exact")]
    assert not finding.due().exists()


def test_what_is_in_the_trash_waits_until_it_is_back(library: Library, user: User) -> None:
    asset = ready(library, user, scene(1))
    indexing.index_pending()
    ingest.trash(asset, user)
    assert finding.find_pending() == 0
    ingest.restore(asset, user)
    assert finding.find_pending() == 1


def test_of_two_workers_that_take_two_copies_at_once_one_finds_the_pair(library: Library, user: User) -> None:
    first, second = (ready(library, user, scene(1)) for _ in range(2))
    indexing.index_pending()
    thumbs = [asset.renditions.get(name="thumb") for asset in (first, second)]
    Fingerprint.objects.bulk_create([finding.fingerprint(thumb) for thumb in thumbs])
    model = EmbeddingModel.active()
    for one in Fingerprint.objects.select_related("asset"):  # both have taken theirs before either compares
        finding.compare(one, model)
        finding.compare(one, model)
    assert pairs() == [(first.pk, second.pk, "exact")]


def test_the_sweep_wakes_the_worker_only_for_what_was_missed(
    library: Library, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(tasks.find_duplicates, "delay", lambda: calls.append(1))
    compared(library, user, scene(1))
    finding.sweep()
    assert calls == []
    Fingerprint.objects.update(compared_at=None)
    finding.sweep()
    finding.sweep()
    assert calls == [1]


def test_a_full_slice_asks_for_the_next(library: Library, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(tasks.find_duplicates, "delay", lambda: calls.append(1))
    for seed in range(3):
        ready(library, user, scene(seed))
    indexing.index_pending()
    assert [finding.find_pending(2), finding.find_pending(2)] == [2, 1]
    assert calls == [1]


def test_a_comparison_takes_as_many_queries_in_a_large_library_as_in_a_small_one(
    library: Library, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    compared(library, user, *(scene(seed) for seed in range(2, 14)), COPIES["mirrored"](scene(1)))
    ready(library, user, scene(1))
    indexing.index_pending()
    model = EmbeddingModel.active()
    thumb = finding.due().get().renditions.get(name="thumb")
    one = finding.fingerprint(thumb)
    one.save()
    with django_assert_num_queries(10):
        finding.compare(one, model)
    assert len(pairs()) == 1
