"""Workers share what waits, and a picture that fails or kills is only its own misfortune."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, BinaryIO

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from media_library import decoding, finishing, processing, renditions
from media_library.models import Asset, Library, Rendition, User
from media_library.renditions import Rendered
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

State = Asset.State


class Killed(BaseException):
    """Stands for kill -9: nothing that could be cleaned up is cleaned up."""


def uploaded(library: Library, user: User, count: int) -> list[Asset]:
    return [factories.upload(library, user, factories.picture(seed=seed)) for seed in range(count)]


def states() -> list[str]:
    return list(Asset.objects.order_by("created_at").values_list("state", flat=True))


def attempts() -> list[int]:
    return list(Asset.objects.order_by("created_at").values_list("attempts", flat=True))


def leases_end() -> None:
    Asset.objects.exclude(claimed_at=None).update(claimed_at=timezone.now() - 2 * processing.LEASE)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Asset, BaseException], None]:
    """Have the decoding of this asset end so."""
    ends: dict[bytes, BaseException] = {}

    def render(file: BinaryIO) -> Rendered:
        if (content := file.read()) in ends:
            raise ends[content]
        file.seek(0)
        return original(file)

    def end(asset: Asset, error: BaseException) -> None:
        with asset.file.open("rb") as file:
            ends[file.read()] = error

    original = renditions.render
    monkeypatch.setattr(renditions, "render", render)
    return end


def test_all_that_waits_becomes_ready(library: Library, user: User) -> None:
    uploaded(library, user, processing.BATCH + 2)
    processing.render_pending()
    assert set(states()) == {State.READY}
    assert Rendition.objects.count() == 2 * (processing.BATCH + 2)
    assert not Asset.objects.exclude(claimed_at=None).exists()


def test_more_pictures_of_a_batch_are_no_more_queries(library: Library, user: User) -> None:
    counts = []
    for seed, count in enumerate((2, 6)):
        for number in range(count):
            factories.upload(library, user, factories.picture(seed=100 * seed + number))
        with CaptureQueriesContext(connection) as queries:
            processing.render_pending()
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_take_the_same(library: Library, user: User) -> None:
    uploaded(library, user, processing.BATCH + 3)
    second: list[Asset] = []

    def claim() -> None:
        second.extend(processing.claim()[0])
        connection.close()

    with transaction.atomic():  # the first has not committed its claim yet
        first, more = processing.claim()
        worker = threading.Thread(target=claim)
        worker.start()
        worker.join()
    assert more
    assert len(first) == processing.BATCH
    assert not set(first) & set(second)
    assert len(second) == 2  # the first has looked at one more than it took
    assert len(processing.claim()[0]) == 1


def test_what_is_claimed_waits_for_the_end_of_the_lease(library: Library, user: User) -> None:
    uploaded(library, user, 3)
    processing.claim()
    assert processing.claim() == ([], False)
    leases_end()
    assert len(processing.claim()[0]) == 1


def test_after_a_death_each_is_taken_alone_and_only_that_counts(library: Library, user: User) -> None:
    uploaded(library, user, 3)
    processing.claim()
    assert attempts() == [0, 0, 0]
    leases_end()
    claimed, more = processing.claim()
    assert ([asset.attempts for asset in claimed], more) == ([1], True)
    assert attempts() == [1, 0, 0]


def test_a_picture_that_kills_its_workers_is_given_up_and_its_company_is_not(
    library: Library, user: User, at: Callable[[Asset, BaseException], None]
) -> None:
    assets = uploaded(library, user, 4)
    at(assets[1], Killed())
    deaths = 0
    while State.PROCESSING in states():
        try:
            processing.render_pending()
        except Killed:
            deaths += 1
        leases_end()
    assert deaths == 1 + decoding.MAX_ATTEMPTS
    assert states() == [State.READY, State.FAILED, State.READY, State.READY]
    assert Asset.objects.get(pk=assets[1].pk).failure_code == "decoder_died"
    assert Rendition.objects.count() == 6


def test_a_file_that_cannot_be_decoded_fails_alone(library: Library, user: User) -> None:
    uploaded(library, user, 1)
    factories.upload(library, user, damaged_png())
    processing.render_pending()
    assert states() == [State.READY, State.FAILED]
    assert Asset.objects.get(state=State.FAILED).failure_code == "undecodable"


def damaged_png() -> bytes:
    """With a header and an end, and noise for pixels."""
    whole = bytearray(factories.picture(size=(200, 200)))
    at = whole.index(b"IDAT") + 4
    whole[at : at + 8] = b"\xff" * 8
    return bytes(whole)


def test_a_picture_that_takes_too_long_is_named_and_the_rest_goes_on(
    library: Library, user: User, at: Callable[[Asset, BaseException], None]
) -> None:
    assets = uploaded(library, user, 3)
    at(assets[1], SoftTimeLimitExceeded())
    claimed, _more = processing.claim()
    processing.work(claimed, over=lambda: False)
    assert states() == [State.READY, State.FAILED, State.PROCESSING]
    assert Asset.objects.get(pk=assets[1].pk).failure_code == "too_slow"
    assert processing.claim()[0] == [assets[2]]


def test_an_error_that_nobody_foresaw_is_tried_again_after_the_lease(
    library: Library, user: User, at: Callable[[Asset, BaseException], None]
) -> None:
    assets = uploaded(library, user, 2)
    at(assets[0], LookupError("no such table of colours"))
    processing.render_pending()
    assert states() == [State.PROCESSING, State.READY]
    assert processing.claim() == ([], False)
    leases_end()
    assert processing.claim()[0] == [assets[0]]


def test_what_the_database_refuses_fails_alone(library: Library, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assets = uploaded(library, user, 3)
    row = finishing.row

    def odd(asset: Asset, rendered: Rendered) -> dict[str, Any]:
        return row(asset, rendered) | ({"phash": "0" * 99} if asset == assets[1] else {})

    monkeypatch.setattr(finishing, "row", odd)
    before = factories.stored_files()
    processing.render_pending()
    assert states() == [State.READY, State.FAILED, State.READY]
    assert len(factories.stored_files() - before) == 4


def test_a_store_that_fails_for_one_picture_leaves_nothing_of_it_behind(
    library: Library, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refused(Exception):
        """As of a client of a store, whose errors are no OSError."""

    assets, save = uploaded(library, user, 2), default_storage.save

    def refuse(name: str, content: Any) -> str:
        if name.endswith(f"{assets[0].pk}-preview.webp"):
            raise Refused
        return str(save(name, content))

    monkeypatch.setattr(default_storage, "save", refuse)
    before = factories.stored_files()
    processing.render_pending()
    assert states() == [State.PROCESSING, State.READY]
    assert len(factories.stored_files() - before) == 2


def test_who_is_interrupted_gives_back_what_was_not_begun_and_asks_for_another_task(
    library: Library, user: User, enqueued: list[str]
) -> None:
    uploaded(library, user, 4)
    enqueued.clear()
    asked = iter([False, False, True, True])
    processing.render_pending(interrupted=lambda: next(asked))
    assert states() == [State.READY, State.READY, State.PROCESSING, State.PROCESSING]
    assert attempts() == [0, 0, 0, 0]
    assert len(processing.claim()[0]) == 2
    assert enqueued == ["render_pending"]


def test_one_message_waits_however_many_are_uploaded_and_who_finds_more_wakes_another(
    library: Library, user: User, enqueued: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        uploaded(library, user, processing.BATCH + 1)
    assert enqueued == ["render_pending"]
    processing.render_pending()
    assert enqueued == ["render_pending", "render_pending"]


def test_the_sweep_wakes_a_worker_for_what_was_left_behind(library: Library, user: User, enqueued: list[str]) -> None:
    uploaded(library, user, 1)
    processing.claim()
    processing.sweep()
    assert enqueued == []
    Asset.objects.update(claimed_at=timezone.now() - processing.LEASE - timedelta(seconds=1))
    processing.sweep()
    assert enqueued == ["render_pending"]


def test_an_asset_that_goes_while_it_is_decoded_leaves_no_files(library: Library, user: User) -> None:
    gone, stays = uploaded(library, user, 2)
    claimed, _more = processing.claim()
    Asset.objects.filter(pk=gone.pk).delete()
    before = factories.stored_files()
    finishing.finish([(asset, renditions.render(asset.file.open("rb"))) for asset in (gone, stays) if asset in claimed])
    assert len(factories.stored_files() - before) == 2
    assert states() == [State.READY]
