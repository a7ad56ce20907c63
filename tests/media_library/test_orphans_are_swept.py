"""Files without a row go, rows without a file are told: on disk, on S3, and in any other store of Django's."""

import json
import os
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from media_library import ingest, listing, orphans, processing, resumable, stored_files, versions
from media_library.local_files import LocalFiles
from media_library.models import Asset, FileSweep, Job, Library, ResultPart, User
from search.models import QueryAnchor
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

NOW = timedelta(seconds=-5)  # older than that is everything
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def empty_store(settings: Any, tmp_path: Path) -> None:
    storage = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"default": storage}


@pytest.fixture
def whole(library: Library, user: User) -> Asset:
    """An asset with its original and both renditions."""
    asset = factories.upload(library, user)
    processing.render_pending()
    return asset


def stored(name: str, *, age: int = 2 * DAY) -> str:
    made = default_storage.save(name, ContentFile(b"of nobody"))
    there = time.time() - age
    os.utime(default_storage.path(made), (there, there))
    return made


def everything() -> set[str]:
    return {found.name for folder in stored_files.FOLDERS for found in listing.walk(folder)}


def test_an_old_file_without_a_row_is_removed_and_a_young_one_stays(whole: Asset) -> None:
    before = everything()
    old = stored("originals/x/ab/old.jpg")
    young = stored("originals/x/ab/young.jpg", age=DAY - 60)
    report = orphans.sweep()
    assert everything() == before | {young}
    assert (report.files, report.orphans, report.removed, report.missing) == (5, 1, 1, 0)
    assert report.orphans_told == [old]
    assert report.bytes == len(b"of nobody")


def test_a_dry_run_tells_and_removes_nothing(whole: Asset) -> None:
    old = stored("renditions/ab/old.webp")
    report = orphans.sweep(dry_run=True)
    assert (report.orphans_told, report.orphans, report.removed) == ([old], 1, 0)
    assert default_storage.exists(old)
    assert orphans.sweep().removed == 1


def test_what_any_row_names_stays(
    whole: Asset, library: Library, user: User, django_capture_on_commit_callbacks: Any
) -> None:
    versions.replace(whole, user, factories.file(factories.picture("blue")))
    with django_capture_on_commit_callbacks(execute=True):  # the former preview goes
        processing.render_pending()
    versions.replace(whole, user, factories.file(factories.picture("green")))
    upload = resumable.begin(library, user, 100, {"name": "part.png"})
    resumable.append(upload, 0, ContentFile(b"x" * 50))
    part = default_storage.save("exports/1/body", ContentFile(b"part"))
    job = Job.objects.create(kind="export_zip", owner=user, library=library)
    ResultPart.objects.create(job=job, section=ResultPart.Section.BODY, file=part, bytes=4)
    picture = default_storage.save("anchors/1.webp", ContentFile(b"anchor"))
    QueryAnchor.objects.create(owner=user, library=library, thumb=picture, picture=picture)
    before = everything()
    report = orphans.sweep(older_than=NOW)
    assert (report.removed, report.missing, report.files) == (0, 0, len(before))
    assert everything() == before
    assert {name.split("/")[0] for name in before} == {"originals", "renditions", "parts", "exports", "anchors"}


def test_what_lies_elsewhere_in_the_store_is_not_ours(whole: Asset) -> None:
    foreign = stored("backups/of somebody.tar")
    orphans.sweep(older_than=NOW)
    assert default_storage.exists(foreign)


def test_a_row_without_a_file_is_told_with_its_asset_and_kept(whole: Asset) -> None:
    thumb = whole.renditions.get(name="thumb")
    default_storage.delete(whole.file.name)
    default_storage.delete(thumb.file.name)
    report = orphans.sweep(older_than=NOW)
    assert report.missing == 2
    assert {(told.name, told.row, told.asset) for told in report.missing_told} == {
        (whole.file.name, f"media_library.asset {whole.pk}", str(whole.pk)),
        (thumb.file.name, f"media_library.rendition {thumb.pk}", str(whole.pk)),
    }
    assert Asset.objects.filter(pk=whole.pk).exists()
    assert whole.renditions.count() == 2
    kept = FileSweep.objects.latest()
    assert (kept.missing, kept.removed) == (2, 0)
    assert {told["asset"] for told in kept.missing_told} == {str(whole.pk)}


def test_a_row_that_comes_while_the_store_is_listed_keeps_its_file(
    library: Library, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one whose file comes after it was listed is not told to be without."""
    made: list[Asset] = []
    forget_known = orphans.forget_known

    def committed_now() -> None:
        forget_known()
        made.append(factories.asset(library, file=old))
        made.append(factories.upload(library, user))

    old = stored("originals/x/ab/old.jpg")
    monkeypatch.setattr(orphans, "forget_known", committed_now)
    report = orphans.sweep()
    assert report.removed == 0
    assert default_storage.exists(old)
    monkeypatch.undo()
    assert orphans.sweep().missing == 0


def test_an_upload_that_took_longer_than_the_sweep_waits_for_is_not_committed(
    library: Library, user: User, whole: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stored_files.LONGEST < orphans.SAFE_AGE
    before = everything()
    monkeypatch.setattr(stored_files, "LONGEST", NOW)
    with pytest.raises(stored_files.TookTooLong):
        factories.upload(library, user, factories.picture("blue"))
    with pytest.raises(stored_files.TookTooLong):
        versions.replace(whole, user, factories.file(factories.picture("green")))
    assert everything() == before
    assert Asset.objects.count() == 1
    assert not whole.versions.exists()


def test_more_than_a_crash_leaves_is_told_and_not_removed(whole: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "FEW", 3)
    names = [stored(f"originals/x/ab/{number}.jpg") for number in range(4)]
    with pytest.raises(orphans.TooMany, match="4 of 7 files have no row"):
        orphans.sweep()
    assert all(map(default_storage.exists, names))
    assert FileSweep.objects.latest().orphans == 4
    with pytest.raises(CommandError, match="--however-many removes them"):
        call_command("sweep_files")
    assert orphans.sweep(however_many=True).removed == 4


def test_what_cannot_be_removed_is_left_for_the_next_time(whole: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    old = stored("originals/x/ab/old.jpg")

    def refused(self: LocalFiles, name: str) -> None:
        raise PermissionError(name)

    monkeypatch.setattr(LocalFiles, "delete", refused)
    report = orphans.sweep()
    assert (report.orphans, report.removed) == (1, 0)
    assert default_storage.exists(old)


def test_a_store_that_does_not_answer_loses_nothing(whole: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything()

    def cut_off(folder: str) -> Iterator[listing.StoredFile]:
        yield listing.StoredFile("originals/x")
        raise ConnectionError("no store")

    with monkeypatch.context() as patch:
        patch.setattr(listing, "walk", cut_off)
        with pytest.raises(ConnectionError):
            orphans.sweep(older_than=NOW)
    assert everything() == before
    assert not FileSweep.objects.exists()


@pytest.fixture
def backup_running() -> Iterator[None]:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [stored_files.BACKUP])
        yield


def test_while_a_backup_copies_nothing_is_removed(
    whole: Asset, user: User, backup_running: None, django_capture_on_commit_callbacks: Any
) -> None:
    before = everything()
    with django_capture_on_commit_callbacks(execute=True):
        ingest.purge(whole, user)
    assert everything() == before
    with pytest.raises(orphans.NotNow, match="backup"):
        orphans.sweep(older_than=NOW)
    assert everything() == before


def test_files_in_a_bucket_are_swept_too(bucket: Any, library: Library, user: User) -> None:
    asset = factories.upload(library, user)
    processing.render_pending()
    thumb = asset.renditions.get(name="thumb").file.name
    orphan = default_storage.save("originals/x/ab/old.jpg", ContentFile(b"of nobody"))
    default_storage.delete(thumb)
    assert orphans.sweep().removed == 0  # it is too young
    report = orphans.sweep(older_than=NOW)
    assert (report.files, report.removed, report.bytes) == (3, 1, 9)
    assert [told.name for told in report.missing_told] == [thumb]
    assert not default_storage.exists(orphan)


def test_a_bucket_is_listed_page_by_page_below_its_prefix(
    bucket: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    options = settings.STORAGES["default"]["OPTIONS"] | {"location": "pictures/ours"}
    settings.STORAGES = settings.STORAGES | {"default": settings.STORAGES["default"] | {"OPTIONS": options}}
    bucket.put_object(Key="pictures/originals/theirs.jpg", Body=b"")
    for number in range(10):
        bucket.put_object(Key=f"pictures/ours/originals/{number}.jpg", Body=b"")
    assert everything() == {f"originals/{number}.jpg" for number in range(10)}
    assert orphans.sweep(older_than=NOW, however_many=True).removed == 10
    assert [found.key for found in bucket.objects.all()] == ["pictures/originals/theirs.jpg"]


def test_any_other_store_is_listed_folder_by_folder(settings: Any, library: Library, user: User) -> None:
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"default": memory}
    factories.upload(library, user)
    orphan = default_storage.save("originals/x/ab/old.jpg", ContentFile(b"of nobody"))
    assert orphans.sweep().removed == 0  # it is too young
    report = orphans.sweep(older_than=NOW)
    assert (report.files, report.removed) == (2, 1)
    assert not default_storage.exists(orphan)


def test_memory_stays_the_same_for_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def peak(files: int) -> int:
        names = (listing.StoredFile(f"originals/{number:036}.jpg", None, 1) for number in range(files))
        monkeypatch.setattr(stored_files, "FOLDERS", {"originals"})
        monkeypatch.setattr(listing, "walk", lambda folder: names)
        monkeypatch.setattr(orphans, "age_of", lambda name: orphans.timezone.now() - timedelta(days=2))
        tracemalloc.start()
        report = orphans.sweep(dry_run=True)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert report.files == report.orphans == files
        return most

    few = peak(1_000)
    assert peak(8_000) < few + 400_000


def test_the_command_tells_what_it_did(whole: Asset, capsys: pytest.CaptureFixture[str]) -> None:
    old = stored("originals/x/ab/old.jpg")
    default_storage.delete(whole.file.name)
    call_command("sweep_files", "--dry-run")
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"no row: {old}"
    assert out[1] == f"no file: {whole.file.name} (media_library.asset {whole.pk}, asset {whole.pk})"
    assert out[2].startswith("3 files. 1 without a row (8.583e-06 MB): Nothing was removed. 1 rows without a file.")
    call_command("sweep_files", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["removed"], told["missing_told"][0]["asset"]) == (1, str(whole.pk))
    with pytest.raises(CommandError, match="at least 7 hours"):
        call_command("sweep_files", "--older-than", "1")


def test_a_disk_that_is_full_leaves_no_half_file(whole: Asset) -> None:
    class Cut(ContentFile):
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"half"
            raise OSError(28, "No space left on device")

    before = everything()
    with pytest.raises(OSError, match="No space"):
        default_storage.save("originals/x/ab/half.jpg", Cut(b"half and half"))
    assert everything() == before
