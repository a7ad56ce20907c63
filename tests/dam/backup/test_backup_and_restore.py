"""A library comes back as it was: every row, file and search. Or nothing has changed, and a sentence says why."""

import json
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dam.backup import BackupError, tools
from dam.embedded import addresses
from tests.dam.backup.places import FILL, Place
from tests.stack import ROOT, open_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@pytest.fixture(scope="module")
def library(folder: Path) -> Iterator[Place]:
    """A running one. Not to be changed."""
    place = Place(folder / "library")
    with place.running():
        place.django(FILL)
        yield place


@pytest.fixture(scope="module")
def searches(library: Place) -> dict[str, Any]:
    return library.searched()


@pytest.fixture(scope="module")
def before(library: Place, searches: dict[str, Any]) -> dict[str, Any]:
    """With what the first search has noted."""
    return library.seen()


@pytest.fixture(scope="module")
def backup(library: Place, before: dict[str, Any], folder: Path) -> Path:
    library.done("backup", folder / "backup")
    return folder / "backup"


@contextmanager
def restored(folder: Path, name: str, backup: Path, *options: str, **variables: str) -> Iterator[Place]:
    """A new place into which it was restored, running."""
    place = Place(folder / name, variables)
    place.done("restore", backup, *options)
    with place.running():
        yield place


@contextmanager
def other(folder: Path, name: str, backup: Path) -> Iterator[Place]:
    """A library that has one picture more than what was backed up."""
    with restored(folder, name, backup) as place:
        place.django(
            "from tests import factories; from media_library.models import Library, User\n"
            "factories.upload(Library.objects.get(), User.objects.get(), factories.picture('purple'), 'purple.png')"
        )
        yield place


def test_a_folder_brings_back_every_row_every_file_and_every_search(
    searches: dict[str, Any], before: dict[str, Any], backup: Path, folder: Path
) -> None:
    with restored(folder, "from-folder", backup) as there:
        assert there.seen() == before
        assert there.searched() == searches
        assert all(len(hits) == 6 for hits in searches.values())
        assert len(before["files"]) == 6 * 3 + 2  # of the one with two versions, the former file and its thumbnail


def test_an_archive_does_the_same(library: Place, before: dict[str, Any], folder: Path) -> None:
    archive = folder / "library.tar"
    said = library.done("backup", archive)
    assert said.startswith(f"{archive}: {len(before['files'])} files")
    assert "already" not in said
    assert "exists: give another name" in library.refused("backup", archive)
    with restored(folder, "from-archive", archive) as there:
        assert there.seen() == before


def test_the_next_backup_into_a_folder_copies_only_what_is_new(
    library: Place, before: dict[str, Any], backup: Path
) -> None:
    first = json.loads((backup / "backup.json").read_text())
    assert (first["new"], first["files"], first["missing"]) == (20, 20, 0)
    library.done("backup", backup)
    second = json.loads((backup / "backup.json").read_text())
    assert second["new"] == 0
    assert [stat.S_IMODE(path.stat().st_mode) for path in (backup, backup / second["dump"]["file"])] == [0o700, 0o600]
    names = sorted(path.name for path in backup.iterdir())
    assert names == ["backup.json", "content", second["dump"]["file"], second["list"]["file"]]
    assert first["dump"]["file"] != second["dump"]["file"]


def test_secrets_are_not_in_it_and_settings_are(library: Place, folder: Path) -> None:
    library.variables |= {"DAM_S3_SECRET_KEY": "very secret", "DAM_RATE_USER": "7/min"}
    library.done("backup", folder / "settings")
    library.variables.clear()
    said = (folder / "settings" / "backup.json").read_text()
    assert json.loads(said)["settings"]["DAM_RATE_USER"] == "7/min"
    assert "very secret" not in said
    assert "s" * 50 not in said
    with restored(folder, "other-key", folder / "settings", DAM_SECRET_KEY="t" * 50) as there:
        assert there.rows()["media_library_asset"][0] == 6


def test_another_secret_key_is_told(backup: Path, folder: Path) -> None:
    place = Place(folder / "told-key", {"DAM_SECRET_KEY": "t" * 50})
    done = place.dam("restore", backup)
    assert "another DAM_SECRET_KEY" in done.stderr


PURGE = """
import sys
from pathlib import Path
from dam.backup import making
from media_library import ingest, orphans
from media_library.models import Asset, User
copy_files = making.copy_files
def purge_first(*args):
    ingest.purge(Asset.objects.get(display_name="red"), User.objects.get())
    try:
        orphans.sweep()
    except orphans.NotNow as error:
        print(error.message)
    return copy_files(*args)
making.copy_files = purge_first
print(making.make(Path(sys.argv[1] if len(sys.argv) > 1 else "{place}"), print)["missing"])
"""


def test_what_is_purged_while_files_are_copied_is_in_it_whole(
    before: dict[str, Any], backup: Path, folder: Path
) -> None:
    with restored(folder, "busy", backup) as busy:
        said = busy.django(PURGE.replace("{place}", str(folder / "purged")))
        assert said.splitlines()[-2:] == ["A backup is copying the files. Sweep them when it is done.", "0"]
        assert len(busy.files()) == 20  # the sweep takes them, once they are old enough
    with restored(folder, "unpurged", folder / "purged") as there:
        assert there.seen() == before


def test_it_takes_the_place_of_a_library_only_when_that_is_said(
    before: dict[str, Any], backup: Path, folder: Path
) -> None:
    with other(folder, "occupied", backup) as place:
        mine = place.seen()
        assert "in use by another start" in place.refused("restore", backup)
    sentence = place.refused("restore", backup)
    assert sentence.endswith("With --replace the backup takes its place. Nothing was changed.")
    with place.running():
        assert place.seen() == mine
    place.done("restore", backup, "--replace")
    with place.running():
        assert place.seen()["rows"] == before["rows"]
        assert before["files"].items() <= place.files().items()


def test_a_library_that_runs_elsewhere_is_not_replaced(backup: Path, folder: Path) -> None:
    """Its database is not the embedded one, so that only its connections tell."""
    place = Place(folder / "elsewhere")
    with place.running():
        outside = Place(
            place.data_dir,
            {"DATABASE_URL": addresses.database_url(place.data_dir), "REDIS_URL": addresses.redis_url(place.data_dir)},
        )
        outside.done("restore", backup)
        code = "from media_library.models import Asset; Asset.objects.count(); input()"
        command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
        with subprocess.Popen(command, cwd=ROOT, env=outside.environment, stdin=subprocess.PIPE) as connected:
            while "is running" not in (sentence := outside.refused("restore", backup)):
                assert "--replace" in sentence
                time.sleep(0.2)
            connected.kill()
        assert "stop web and workers first" in sentence


def test_a_damaged_backup_changes_nothing(backup: Path, folder: Path, tmp_path: Path) -> None:
    place = Place(folder / "damaged")
    for what in ("content", "content missing", "dump", "list", "manifest"):
        sentence = place.refused("restore", damaged(what, backup, tmp_path / what))
        assert sentence.startswith("dam: "), what
        assert ("damaged" in sentence) or what == "manifest", sentence
        assert sentence.endswith("Nothing was changed."), what
        assert place.files() == {}, what
    with place.running():
        assert place.rows() == {}


def damaged(what: str, backup: Path, copy: Path) -> Path:
    shutil.copytree(backup, copy)
    manifest = json.loads((copy / "backup.json").read_text())
    content = next((copy / "content").glob("*/*"))
    if what == "content":
        content.write_bytes(content.read_bytes()[:-1])
    elif what == "content missing":
        content.unlink()
    elif what == "manifest":
        (copy / "backup.json").write_text("{")
    else:
        file = copy / manifest[what]["file"]
        file.write_bytes(file.read_bytes() + b"\n")
    return copy


def test_a_restore_that_is_killed_leaves_the_library_as_it_was(backup: Path, folder: Path) -> None:
    with other(folder, "killed", backup) as place:
        mine = place.seen()
    command = [sys.executable, "-m", "dam", "restore", str(backup), "--replace"]
    with subprocess.Popen(command, cwd=ROOT, env=place.environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("Restoring the database"):
                process.send_signal(signal.SIGKILL)
    while addresses.runtime_dir(place.data_dir).exists():  # until its servers have been ended
        time.sleep(0.1)
    with place.running():
        seen = place.seen()
        assert seen["rows"] == mine["rows"]
        assert mine["files"].items() <= seen["files"].items()
    place.done("restore", backup, "--replace")


OLDER = """
from pathlib import Path
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
from tests import factories
user = factories.user("ann")
asset = factories.upload(factories.library(user), user)
call_command("migrate", "media_library", "0022", verbosity=0, interactive=False)
from dam.backup import making
making.require_migrated = lambda: None
manifest = making.make(Path("{place}"), print)
assert not any(name.startswith("0023") for name in manifest["migrations"]["media_library"])
"""


def test_a_backup_of_an_older_version_is_migrated(folder: Path) -> None:
    older = Place(folder / "older")
    with older.running():
        older.django(OLDER.replace("{place}", str(folder / "older-backup")))
    with restored(folder, "newer", folder / "older-backup") as there:
        code = (
            "from dam import health; from media_library.models import Asset, FileSweep\n"
            "print(health.unapplied(), Asset.objects.get().file.open().size > 0, FileSweep.objects.count())"
        )
        assert there.django(code) == "[] True 0"


def test_a_backup_of_a_newer_version_is_refused(backup: Path, folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((backup / "backup.json").read_text())
    manifest["migrations"]["media_library"].append("9999_what_is_to_come")
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "backup.json").write_text(json.dumps(manifest))
    assert "made by a newer version" in Place(folder / "too-old").refused("restore", newer)


def test_files_go_from_a_disk_to_a_bucket_and_back(before: dict[str, Any], backup: Path, folder: Path) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    bucket = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1", **keys).Bucket("restored")
    bucket.create()
    variables = {
        "DAM_S3_BUCKET": "restored", "DAM_S3_ENDPOINT": endpoint, "DAM_S3_REGION": "us-east-1",
        "DAM_S3_ACCESS_KEY": "key", "DAM_S3_SECRET_KEY": "secret",
    }  # fmt: skip
    with restored(folder, "in-bucket", backup, **variables) as there:
        assert {found.key for found in bucket.objects.all()} == set(before["files"])
        bucket.Object(next(name for name in before["files"] if name.endswith("thumb.webp"))).delete()
        done = there.dam("backup", folder / "of-bucket.tar")
        assert done.stderr.splitlines()[-1].endswith("thumb.webp is not in the store.")
    place = Place(folder / "from-bucket")
    assert "1 files were missing already" in place.dam("restore", folder / "of-bucket.tar").stderr
    assert place.files().items() < before["files"].items()
    server.stop()


def test_a_folder_that_holds_other_things_is_not_touched(library: Place, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear …")
    assert "holds other things (letter.txt)" in library.refused("backup", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    assert "holds no complete backup" in Place(folder / "none").refused("restore", tmp_path)


def test_without_a_library_or_with_a_file_in_the_way_it_says_so(library: Place, tmp_path: Path) -> None:
    sentence = Place(tmp_path / "nothing").refused("backup", tmp_path / "backup")
    assert sentence.startswith("dam: There is no library in ")
    (tmp_path / "file").write_text("")
    assert "could not be written" in library.refused("backup", tmp_path / "file" / "backup")


def test_tools_that_are_too_old_are_not_taken(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(tools, "candidates", lambda tool: iter(["/usr/bin/pg_dump"]))
    monkeypatch.setattr(tools, "version_of", lambda path: 12)
    with pytest.raises(BackupError, match=r"/usr/bin/pg_dump is of version 12.*postgresql-client-18"):
        tools.found("pg_dump")


def test_the_command_line_of_people_reaches_it(library: Place, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dam_client", "backup", str(tmp_path / "backup")]
    done = subprocess.run(command, cwd=ROOT, env=library.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "backup" / "backup.json").is_file()
    command[3:] = ["restore", "--help"]
    done = subprocess.run(command, cwd=ROOT, env=library.environment, capture_output=True, text=True, check=False)
    assert "--replace" in done.stdout
