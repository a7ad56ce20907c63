"""Another file for an asset: until it is decoded, and if it cannot be, everything stays; then everything follows."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from standardwebhooks import Webhook as Verifier

from dam.errors import AppError, Forbidden, NotFound
from media_library import deliveries, history, ingest, processing, replacing, versions
from media_library.images import BadImage
from media_library.ingest import DuplicateAsset, NotYours
from media_library.models import Asset, Delivery, Library, Role, User, Version
from media_library.versions import FormerFile, InTrash, Present, SameFile
from tests import factories
from tests.media_library.receiver import Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("enqueued", "fake_embedder")]

RED, BLUE, GREEN = (factories.picture(color, (90, 60)) for color in ("red", "blue", "green"))
WIDE = factories.picture("green", (300, 60))


@pytest.fixture
def asset(library: Library, user: User) -> Asset:
    made = factories.upload(library, user, RED, "harbour.png", tags=["sea"], description="Boats")
    processing.render_pending()
    made.refresh_from_db()
    return made


def send(asset: Asset, user: User, content: bytes = BLUE, **options: Any) -> Version:
    return versions.replace(asset, user, factories.file(content, "new.png"), **options)


def replaced(asset: Asset, user: User, content: bytes = BLUE) -> Version:
    version = send(asset, user, content)
    processing.render_pending()
    asset.refresh_from_db()
    version.refresh_from_db()
    return version


def content_of(file: Any) -> bytes:
    with default_storage.open(str(file.name)) as opened:
        return bytes(opened.read())


def files_of(asset: Asset) -> set[str]:
    return {path for path in factories.stored_files() if str(asset.pk) in path}


def numbers(asset: Asset) -> list[tuple[int, str]]:
    return [(version.number, version.state) for version in versions.of(asset)]


def test_until_it_is_decoded_the_former_file_is_shown(asset: Asset, user: User) -> None:
    before = {name: value for name, value in vars(asset).items() if name not in {"_state", "updated_at"}}
    version = send(asset, user, WIDE)
    asset.refresh_from_db()
    assert {name: value for name, value in vars(asset).items() if name in before} == before
    assert (version.number, version.state) == (2, "processing")
    assert asset.renditions.count() == 2


def test_then_the_file_and_all_that_is_known_of_it_change_and_the_rest_stays(asset: Asset, user: User) -> None:
    former, address = asset.file.name, (asset.pk, asset.public_id, asset.get_absolute_url())
    phash, colors = asset.phash, asset.colors
    replaced(asset, user, WIDE)
    assert (asset.version, asset.width, asset.height, asset.state) == (2, 300, 60, "ready")
    assert content_of(asset.file) == WIDE
    assert asset.sha256 == ingest.sha256(factories.file(WIDE))
    assert (asset.phash, asset.colors) != (phash, colors)
    assert "green" in asset.facts["colors"]
    assert {each.name: each.width for each in asset.renditions.all()} == {"thumb": 300, "preview": 300}
    assert (asset.pk, asset.public_id, asset.get_absolute_url()) == address
    assert (asset.description, [tag.name for tag in asset.tags.all()]) == ("Boats", ["sea"])
    kept = versions.found(asset, 1)
    assert (kept.file.name, content_of(kept.file), kept.width) == (former, RED, 90)
    assert content_of(kept.thumb)[:4] == b"RIFF"
    assert asset.thumb_url.endswith("/thumb/?v=2")


def test_one_that_was_never_replaced_has_one_version_and_no_row(asset: Asset, user: User) -> None:
    (only,) = versions.of(asset)
    assert (only.number, only.state, only.created_by, only.created_at) == (1, "present", user, asset.created_at)
    assert not Version.objects.exists()
    assert asset.thumb_url.endswith("/thumb/")


def test_a_restored_file_is_the_present_one_and_no_other_is_lost(asset: Asset, user: User) -> None:
    replaced(asset, user, BLUE)
    replaced(asset, user, GREEN)
    versions.restore(versions.found(asset, 1), user)
    assert numbers(asset) == [(3, "present"), (2, "kept"), (1, "processing")]
    processing.render_pending()
    asset.refresh_from_db()
    assert numbers(asset) == [(3, "kept"), (2, "kept"), (1, "present")]
    assert (asset.version, content_of(asset.file)) == (1, RED)
    assert [content_of(versions.found(asset, number).file) for number in (2, 3)] == [BLUE, GREEN]
    with pytest.raises(Present):
        versions.restore(versions.found(asset, 1), user)


def test_no_file_is_left_behind_or_shared(asset: Asset, user: User) -> None:
    for content in (BLUE, GREEN):
        replaced(asset, user, content)
    versions.restore(versions.found(asset, 2), user)
    processing.render_pending()
    asset.refresh_from_db()
    kept = [name for version in asset.versions.all() for name in (version.file.name, version.thumb.name) if name]
    shown = [asset.file.name, *(each.file.name for each in asset.renditions.all())]
    assert len({*kept, *shown}) == len(kept) + len(shown) == 7
    assert {default_storage.path(name) for name in [*kept, *shown]} == files_of(asset)


def test_all_files_go_when_the_asset_is_purged(asset: Asset, user: User) -> None:
    replaced(asset, user)
    send(asset, user, GREEN)
    assert len(files_of(asset)) == 6
    ingest.purge(asset, user)
    assert files_of(asset) == set()


@pytest.mark.parametrize("content", [b"", b"no picture", RED[:20]])
def test_a_file_that_is_no_picture_is_refused_and_nothing_is_stored(asset: Asset, user: User, content: bytes) -> None:
    before = factories.stored_files()
    with pytest.raises(BadImage):
        send(asset, user, content)
    assert factories.stored_files() == before
    assert not Version.objects.exists()


def test_a_broken_file_leaves_the_present_version_untouched(
    asset: Asset, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_file: Any, _attempts: int) -> Any:
        raise BadImage("This picture is cut off.")

    was = asset.file.name
    monkeypatch.setattr(replacing, "decoded", broken)
    version = replaced(asset, user)
    assert (version.state, version.failure_code, version.failure_message) == (
        "failed", "undecodable", "This picture is cut off.",
    )  # fmt: skip
    assert (asset.file.name, asset.version, asset.state, asset.renditions.count()) == (was, 1, "ready", 2)
    monkeypatch.undo()
    versions.restore(version, user)  # which tries it again
    processing.render_pending()
    assert numbers(asset) == [(2, "present"), (1, "kept")]


def test_a_file_that_kills_its_decoder_is_given_up(asset: Asset, user: User) -> None:
    version = send(asset, user)
    Version.objects.filter(pk=version.pk).update(attempts=3)
    processing.render_pending()
    version.refresh_from_db()
    assert (version.state, version.failure_code) == ("failed", "decoder_died")


def test_a_picture_that_had_failed_is_healed_by_another_file(library: Library, user: User) -> None:
    asset = factories.upload(library, user, RED)
    Asset.objects.filter(pk=asset.pk).update(state="failed", failure_code="undecodable", failure_message="Broken.")
    replaced(asset, user)
    assert (asset.state, asset.failure_code, asset.renditions.count()) == ("ready", "", 2)
    assert (versions.found(asset, 1).failure_message, versions.found(asset, 1).thumb.name) == ("Broken.", "")


def test_who_comes_later_is_shown_and_who_was_faster_is_kept(asset: Asset, user: User) -> None:
    first = send(asset, user, BLUE)
    replacing.claim()  # a worker has it in hand
    send(asset, user, GREEN)
    assert numbers(asset) == [(3, "processing"), (2, "kept"), (1, "present")]
    first.refresh_from_db()
    rendered = replacing.decoded(first.file, 1)
    files = factories.stored_files()
    replacing.place(first, rendered)  # too late
    assert factories.stored_files() == files
    processing.render_pending()
    asset.refresh_from_db()
    assert (asset.version, content_of(asset.file)) == (3, GREEN)
    assert content_of(versions.found(asset, 2).file) == BLUE


def test_the_same_file_again_is_a_sentence(asset: Asset, user: User) -> None:
    with pytest.raises(SameFile, match="has already") as same:
        send(asset, user, RED)
    replaced(asset, user, BLUE)
    with pytest.raises(FormerFile, match="version 1") as former:
        send(asset, user, RED)
    assert (same.value.data, former.value.data) == ({"version": 1}, {"version": 1})


def test_a_file_of_another_picture_is_refused_unless_both_are_kept(asset: Asset, library: Library, user: User) -> None:
    other = factories.upload(library, user, BLUE)
    with pytest.raises(DuplicateAsset) as refused:
        send(asset, user, BLUE)
    assert refused.value.data == {"asset": str(other.pk)}
    assert send(asset, user, BLUE, keep_duplicate=True).number == 2


def test_a_file_that_is_replaced_may_be_uploaded_as_a_picture_of_its_own(
    asset: Asset, library: Library, user: User
) -> None:
    replaced(asset, user, BLUE)
    assert factories.upload(library, user, RED).pk != asset.pk
    with pytest.raises(DuplicateAsset):
        factories.upload(library, user, BLUE)


def test_who_may_not_edit_may_not_replace(asset: Asset, library: Library, user: User) -> None:
    replaced(asset, user)
    viewer, contributor, stranger = (factories.user() for _ in range(3))
    library.memberships.create(user=viewer, role=Role.VIEWER)
    library.memberships.create(user=contributor, role=Role.CONTRIBUTOR)
    for who, error in ((viewer, Forbidden), (contributor, NotYours), (stranger, NotFound)):
        for deed in (
            lambda who=who: send(asset, who, GREEN),
            lambda who=who: versions.restore(versions.found(asset, 1), who),
        ):
            with pytest.raises(error):
                deed()
    own = factories.upload(library, contributor, GREEN)
    assert send(own, contributor, WIDE).number == 2


def test_what_is_in_the_trash_is_restored_first(asset: Asset, user: User) -> None:
    replaced(asset, user)
    ingest.trash(asset, user)
    asset.refresh_from_db()
    with pytest.raises(InTrash):
        send(asset, user, GREEN)
    with pytest.raises(InTrash):
        versions.restore(versions.found(asset, 1), user)


def test_a_version_is_removed_with_its_files_by_editors_and_the_present_one_is_not(
    asset: Asset, library: Library, user: User
) -> None:
    before = len(factories.stored_files())
    replaced(asset, user)
    contributor = factories.user()
    library.memberships.create(user=contributor, role=Role.CONTRIBUTOR)
    with pytest.raises(Forbidden):
        versions.remove(versions.found(asset, 1), contributor)
    with pytest.raises(Present):
        versions.remove(versions.found(asset, 2), user)
    versions.remove(versions.found(asset, 1), user)
    assert numbers(asset) == [(2, "present")]
    assert len(factories.stored_files()) == before
    assert replaced(asset, user, GREEN).number == 3


def test_there_is_an_end_of_versions(asset: Asset, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MOST", 2)
    replaced(asset, user)
    with pytest.raises(AppError, match="at most"):
        send(asset, user, GREEN)


def test_the_history_tells_who_replaced_and_who_restored(asset: Asset, user: User) -> None:
    replaced(asset, user)
    versions.restore(versions.found(asset, 1), user)
    processing.render_pending()
    told = [(stage.name, stage.by, stage.state, stage.who) for stage in history.of(asset)[:4]]
    assert told == [
        ("uploaded", "", "done", ""),
        ("replaced", "v2", "done", "ann"),
        ("restored", "v1", "done", "ann"),
        ("rendered", "", "done", ""),
    ]


def test_webhooks_are_told_when_it_is_shown(asset: Asset, library: Library, user: User) -> None:
    factories.webhook(library)
    send(asset, user, WIDE)
    assert not Delivery.objects.exists()
    processing.render_pending()
    told = {delivery.event: delivery.body for delivery in Delivery.objects.all()}
    assert told.keys() == {"asset.updated", "asset.ready"}
    assert '"version": 2' in told["asset.updated"]
    assert '"changed": ["version", "bytes", "width", "sha256"]' in told["asset.updated"]


def test_webhooks_are_told_once_why_a_file_could_not_be_shown(
    asset: Asset, user: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_file: Any, _attempts: int) -> Any:
        raise BadImage("This picture is cut off.")

    webhook = factories.webhook(asset.library, receiver.url)
    monkeypatch.setattr(replacing, "decoded", broken)
    version = replaced(asset, user)
    replacing.fail(version, "too_slow", "This comes too late.")
    deliveries.send_due()
    ((headers, text),) = receiver.got
    message: Any = Verifier(webhook.secret).verify(text, headers)
    failure = {"code": "undecodable", "message": "This picture is cut off."}
    assert (message["type"], message["data"]["version"]) == ("asset.version_failed", {"number": 2, "failure": failure})
    told = message["data"]["asset"]
    assert (told["id"], told["state"], told["version"], told["failure"]) == (str(asset.pk), "ready", 1, None)


def test_what_a_crash_left_behind_is_found_by_the_sweep(asset: Asset, user: User, enqueued: list[str]) -> None:
    version = send(asset, user)
    Version.objects.filter(pk=version.pk).update(claimed_at=version.created_at - 2 * replacing.LEASE)
    enqueued.clear()
    from django.core.cache import cache

    cache.clear()
    processing.sweep()
    assert enqueued == ["render_pending"]
    processing.render_pending()
    version.refresh_from_db()
    assert version.state == "present"


def test_an_asset_takes_the_file_of_another_which_goes_to_the_trash(library: Library, user: User, asset: Asset) -> None:
    other = factories.upload(library, user, BLUE, "other.png")
    version = versions.take(asset, other, user)
    processing.render_pending()
    asset.refresh_from_db()
    other.refresh_from_db()
    assert (asset.version, asset.sha256) == (version.number, other.sha256)
    assert other.deleted_at
    assert content_of(other.file) == content_of(asset.file) == BLUE


def test_what_cannot_be_taken_stays_where_it_is(library: Library, user: User, asset: Asset) -> None:
    elsewhere = factories.upload(factories.library(user, name="Other"), user, BLUE, "other.png")
    same = factories.upload(library, user, RED, "same.png", keep_duplicate=True)
    for other, error in ((elsewhere, NotFound), (asset, NotFound), (same, SameFile)):
        with pytest.raises(error):
            versions.take(asset, other, user)
        other.refresh_from_db()
        assert other.deleted_at is None
    assert numbers(asset) == [(1, "present")]
