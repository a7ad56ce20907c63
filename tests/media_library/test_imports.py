"""A folder on this machine becomes assets, each picture once."""

import errno
import json
import os
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from media_library import ingest
from media_library.imports import Refusals, Result, import_all
from media_library.imports.folders import walk
from media_library.imports.manifest import Manifest
from media_library.models import Asset, Library, Membership, Role, User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def user() -> User:
    return User.objects.create(username="importer")


@pytest.fixture
def library(user: User) -> Library:
    library = Library.objects.create(name="Imports")
    Membership.objects.create(library=library, user=user, role=Role.MANAGER)
    return library


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    (root / "summer" / "beach").mkdir(parents=True)
    for number, path in enumerate(("one.png", "summer/two.png", "summer/beach/three.png")):
        Image.new("RGB", (12, 12), (number * 60, 90, 30)).save(root / path)
    (root / "notes.txt").write_text("Not a picture.")
    (root / ".hidden.png").write_bytes((root / "one.png").read_bytes())
    return root


def run(library: Library, user: User, root: Path) -> list[Result]:
    manifest = Manifest.of(library)
    return [outcome.result for outcome in import_all(library, user, manifest.new(walk(root)), manifest)]


def test_sub_folders_become_folders_and_hidden_files_stay_out(library: Library, user: User, photos: Path) -> None:
    assert run(library, user, photos).count(Result.IMPORTED) == 3
    three = Asset.objects.get(display_name="three")
    assert three.folder is not None
    assert [folder.name for folder in [*three.folder.ancestors(), three.folder]] == ["summer", "beach"]


def test_a_second_import_looks_at_nothing_twice(library: Library, user: User, photos: Path) -> None:
    run(library, user, photos)
    assert run(library, user, photos) == []


def test_the_same_bytes_under_another_name_are_not_imported_again(library: Library, user: User, photos: Path) -> None:
    run(library, user, photos)
    (photos / "copy.png").write_bytes((photos / "one.png").read_bytes())
    assert run(library, user, photos) == [Result.DUPLICATE]
    assert Asset.objects.filter(library=library).count() == 3


def test_the_same_bytes_twice_in_one_batch_are_imported_once(library: Library, user: User, photos: Path) -> None:
    (photos / "a copy.png").write_bytes((photos / "one.png").read_bytes())
    before = factories.stored_files()
    assert run(library, user, photos).count(Result.DUPLICATE) == 1
    assert len(factories.stored_files() - before) == Asset.objects.filter(library=library).count() == 3


def test_more_files_of_a_batch_are_no_more_queries(library: Library, user: User, tmp_path: Path) -> None:
    counts = []
    for count in (2, 9):
        folder = tmp_path / str(count)
        folder.mkdir()
        for number in range(count):
            (folder / f"{number}.png").write_bytes(factories.picture(seed=100 * count + number))
        with CaptureQueriesContext(connection) as queries:
            assert run(library, user, folder) == [Result.IMPORTED] * count
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_file_that_changed_is_looked_at_again(library: Library, user: User, photos: Path) -> None:
    run(library, user, photos)
    Image.new("RGB", (20, 20), "red").save(photos / "one.png")
    assert run(library, user, photos) == [Result.IMPORTED]


def test_what_was_removed_from_the_library_stays_removed(library: Library, user: User, photos: Path) -> None:
    run(library, user, photos)
    ingest.trash(Asset.objects.get(display_name="one"), user)
    assert run(library, user, photos) == []


def test_a_manifest_cut_short_by_a_crash_is_read_up_to_there(library: Library, user: User, photos: Path) -> None:
    run(library, user, photos)
    manifest = Manifest.of(library)
    with manifest.path.open("a") as file:
        file.write(json.dumps(["half a li"])[:8])
    assert Manifest.of(library).known == manifest.known


def test_what_is_skipped_is_counted_with_its_reason(library: Library, user: User, photos: Path) -> None:
    (photos / "more.txt").write_text("Nor this.")
    refusals, manifest = Refusals(), Manifest.of(library)
    for outcome in import_all(library, user, walk(photos), manifest):
        refusals.add(outcome)
    assert len(refusals.sentences()) == 1
    assert refusals.sentences()[0].startswith("2 files were skipped: ")


def test_a_file_over_the_limit_is_refused_unread(library: Library, user: User, photos: Path) -> None:
    with (photos / "big.png").open("wb") as file:
        file.truncate(settings.MAX_UPLOAD_BYTES + 1)
    assert run(library, user, photos).count(Result.REFUSED) == 2


def test_a_name_that_is_no_text_is_imported(library: Library, user: User, photos: Path) -> None:
    Image.new("RGB", (9, 9), "blue").save(Path(os.fsdecode(os.fsencode(photos) + b"/caf\xe9.png")))
    assert run(library, user, photos).count(Result.IMPORTED) == 4


def test_of_an_apple_photo_library_only_the_originals_are_taken(library: Library, user: User, photos: Path) -> None:
    for inside in ("originals/0", "resources/derivatives"):
        folder = photos / "Photos Library.photoslibrary" / inside
        folder.mkdir(parents=True)
        Image.new("RGB", (9, 9), "blue" if "originals" in inside else "navy").save(folder / "picture.png")
    assert run(library, user, photos).count(Result.IMPORTED) == 4


def test_a_full_disk_stops_the_command_with_a_sentence(
    library: Library, user: User, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_uploads: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ingest, "store_uploads", full)
    with pytest.raises(CommandError, match=r"The import stopped after 0 pictures: No space left on device"):
        call_command("import_folder", str(photos), library=library.slug, user=user.username, stdout=StringIO())
    assert Manifest.of(library).known == set()


def test_the_command_says_what_it_did(library: Library, user: User, photos: Path) -> None:
    out = StringIO()
    call_command("import_folder", str(photos), library=library.slug, user=user.username, stdout=out)
    assert out.getvalue().startswith("3 pictures were imported.\n1 file was skipped: ")
