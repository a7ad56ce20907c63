"""Folders of the server: only those that the settings name, each file once, when it is complete."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from media_library import ingest
from media_library.imports import jobs as importing
from media_library.imports import watching
from media_library.models import Asset, Folder, ImportedFile, ImportSource, Job, Library, Role, User
from tests import factories
from tests.media_library.jobs.doing import begun, counts, failures, person, post, ran, run, run_step, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def root(tmp_path: Path, settings: Any, library: Library) -> Path:
    """The watch folder of `library`; what lies there is complete."""
    folder = tmp_path / "incoming"
    (folder / "summer" / "beach").mkdir(parents=True)
    settings.WATCH_FOLDERS = [(str(folder), library.slug)]
    settings.WATCH_SETTLE_SECONDS = -1
    for number, name in enumerate(("one.png", "summer/two.png", "summer/beach/three.png")):
        draw(folder / name, number)
    return folder


def draw(path: Path, number: int) -> None:
    path.write_bytes(factories.picture(seed=number))


def imports(client: Any, library: Library, **body: Any) -> Any:
    return post(client, f"libraries/{library.pk}/imports/", **body)


def names() -> list[str]:
    return sorted(Asset.objects.values_list("display_name", flat=True))


def look() -> Job | None:
    """The watch comes by. Gives the job that it started."""
    ImportSource.objects.update(look_at=timezone.now())
    before = set(Job.objects.values_list("pk", flat=True))
    watching.look()
    return Job.objects.exclude(pk__in=before).first()


def test_a_folder_is_imported_and_its_folders_are_kept(api: Any, library: Library, user: User, root: Path) -> None:
    job = ran(imports(api, library, path="."))
    assert (job.state, counts(job)) == (Job.State.DONE, (3, 3, 0, 0))
    assert names() == ["one", "three", "two"]
    three = Asset.objects.get(display_name="three")
    assert three.folder and three.uploaded_by == user
    assert [folder.name for folder in [*three.folder.ancestors(), three.folder]] == ["summer", "beach"]
    assert sorted(path.name for path in root.rglob("*.png")) == [
        "one.png",
        "three.png",
        "two.png",
    ]  # left where they are


def test_folders_become_tags_if_wanted_and_all_go_into_one(api: Any, library: Library, root: Path) -> None:
    target = Folder.objects.create(library=library, name="Target")
    run(begun(imports(api, library, path="summer", folders_as="tags", tags=["New"], folder=str(target.pk))))
    three = Asset.objects.get(display_name="three")
    assert (names(), three.folder) == (["three", "two"], target)
    assert set(three.tags.values_list("name", flat=True)) == {"New", "beach"}


@pytest.mark.parametrize("path", ["summer", "./summer/", "summer/../summer"])
def test_a_part_of_it_is_named_in_any_way(api: Any, library: Library, root: Path, path: str) -> None:
    assert ran(imports(api, library, path=path)).done == 2
    assert ran(imports(api, library, path=str(root / path))).skipped == 2


def test_nothing_is_imported_twice(api: Any, library: Library, root: Path) -> None:
    ran(imports(api, library, path="summer"))
    assert counts(ran(imports(api, library, path="."))) == (3, 1, 0, 2)
    assert counts(ran(imports(api, library, path="."))) == (3, 0, 0, 3)
    draw(root / "a copy.png", 0)
    assert counts(ran(imports(api, library, path="."))) == (4, 0, 0, 4)
    assert len(names()) == 3


def test_what_became_of_each_file_is_remembered(api: Any, library: Library, root: Path) -> None:
    (root / "notes.txt").write_text("Not a picture.")
    draw(root / "copy.png", 0)
    ran(imports(api, library, path="."))
    found = {file.path: file for file in ImportedFile.objects.all()}
    one = Asset.objects.get(display_name="copy")
    assert (found["copy.png"].asset, found["copy.png"].sha256) == (one, one.sha256)
    assert (found["one.png"].outcome, found["one.png"].asset) == ("duplicate", one)
    assert (found["notes.txt"].outcome, found["notes.txt"].asset) == ("refused", None)
    assert found["notes.txt"].message


def test_what_was_removed_stays_removed_and_what_changed_is_new(
    api: Any, library: Library, user: User, root: Path
) -> None:
    ran(imports(api, library, path="."))
    ingest.trash(Asset.objects.get(display_name="one"), user)
    assert ran(imports(api, library, path=".")).done == 0
    Image.new("RGB", (9, 9), "red").save(root / "one.png")
    assert ran(imports(api, library, path=".")).done == 1


def test_it_goes_on_behind_what_was_imported(
    api: Any, library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    (root / "notes.txt").write_text("Not a picture.")
    (root / "another").mkdir()
    draw(root / "another" / "zero.png", 9)
    job = begun(imports(api, library, path="."))
    seen = [len(ImportedFile.objects.all()) for _turn in range(5) if run_step(job)]
    assert seen == [1, 2, 3, 4, 5]
    job = run(job)
    assert (job.state, counts(job)) == (Job.State.DONE, (5, 4, 1, 0))
    assert [item for item, _code in failures(job)] == ["notes.txt"]


def test_a_crash_between_storing_and_committing_imports_once(
    api: Any, library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = factories.stored_files()
    job = begun(imports(api, library, path="."))

    def die(_job: Job) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(Job, "save_step", die)
        run(job)
    assert (names(), factories.stored_files()) == ([], before)
    Job.objects.update(due_at=timezone.now())
    assert counts(run(job)) == (3, 3, 0, 0)
    assert len(factories.stored_files() - before) == 3


def test_only_what_failed_is_tried_again(api: Any, library: Library, root: Path) -> None:
    (root / "summer" / "broken.png").write_bytes(b"no picture yet")
    job = ran(imports(api, library, path="."))
    assert counts(job) == (4, 3, 1, 0)
    draw(root / "summer" / "broken.png", 7)
    draw(root / "new.png", 8)
    post(api, f"jobs/{job.pk}/retry/")
    job = run(job)
    assert (counts(job), failures(job)) == ((4, 4, 0, 0), [])
    assert Asset.objects.get(display_name="broken").folder == Folder.objects.get(name="summer")
    assert "new" not in names()


def test_names_that_are_no_text_are_imported_and_tried_again(api: Any, library: Library, root: Path) -> None:
    name = Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.png"))
    name.write_bytes(b"no picture yet")
    decomposed = root / "cafe\u0301.png"
    decomposed.write_bytes(b"nor this")
    job = ran(imports(api, library, path="."))
    assert counts(job) == (5, 3, 2, 0)
    draw(name, 7)
    draw(decomposed, 8)
    post(api, f"jobs/{job.pk}/retry/")
    assert counts(run(job)) == (5, 5, 0, 0)
    assert counts(ran(imports(api, library, path="."))) == (5, 0, 0, 5)


@pytest.mark.parametrize("path", ["..", "/etc", "summer/../../x", "\0", "summer/\0", "/"])
def test_what_lies_outside_is_not_there_for_anybody(api: Any, library: Library, root: Path, path: str) -> None:
    answer = imports(api, library, path=path)
    assert answer.status_code in {400, 403}
    assert not Job.objects.exists()


def test_another_librarys_folder_is_outside(user: User, api: Any, root: Path) -> None:
    other = factories.library(user, name="Other")
    answer = imports(api, other, path=str(root))
    assert (answer.status_code, answer.json()["code"]) == (403, "place_not_allowed")


def test_links_that_lead_out_are_refused_and_others_are_not(
    api: Any, library: Library, root: Path, tmp_path: Path
) -> None:
    draw(tmp_path / "secret.png", 5)
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "out").symlink_to(tmp_path)
    (root / "loop").symlink_to(root)
    (root / "inside.png").symlink_to(root / "one.png")
    (root / "dangling.png").symlink_to(root / "nowhere")
    (root / "circle.png").symlink_to(root / "circle.png")
    os.mkfifo(root / "pipe.png")
    job = ran(imports(api, library, path="."))
    unreadable = dict.fromkeys(["dangling.png", "circle.png", "pipe.png"], "unreadable")
    assert dict(failures(job)) == {"link.png": "outside", **unreadable}
    assert (job.done, job.skipped, len(names())) == (3, 1, 3)
    assert imports(api, library, path="out").status_code == 403


def test_a_folder_that_is_a_link_by_the_time_is_refused(api: Any, library: Library, root: Path, tmp_path: Path) -> None:
    job = begun(imports(api, library, path="summer"))
    (root / "summer").rename(root / "winter")
    (root / "summer").symlink_to(tmp_path)
    assert run(job).error_code == "not_found"


def test_a_file_is_taken_once_it_is_complete(api: Any, library: Library, root: Path, settings: Any) -> None:
    settings.WATCH_SETTLE_SECONDS = 3600
    job = ran(imports(api, library, path="."))
    assert counts(job) == (3, 0, 3, 0)
    assert {code for _item, code in failures(job)} == {"still_written"}
    settings.WATCH_SETTLE_SECONDS = -1
    post(api, f"jobs/{job.pk}/retry/")
    assert counts(run(job)) == (3, 3, 0, 0)


def test_a_file_that_changes_while_it_is_read_is_left_for_later(
    api: Any, library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = factories.stored_files()

    def changing(store: Callable[..., Any]) -> Callable[..., Any]:
        def stored(*args: Any, **kwargs: Any) -> Any:
            if not (root / "one.png").read_bytes().endswith(b"more"):
                with (root / "one.png").open("ab") as file:
                    file.write(b"more")
            return store(*args, **kwargs)

        return stored

    monkeypatch.setattr(ingest, "store_uploads", changing(ingest.store_uploads))
    job = ran(imports(api, library, path="."))
    assert (counts(job), failures(job)) == ((3, 2, 1, 0), [("one.png", "still_written")])
    assert len(factories.stored_files() - before) == 2


def test_the_watch_makes_its_source_and_imports(library: Library, user: User, root: Path) -> None:
    job = look()
    assert job and job.owner == user
    assert look() is None  # one at a time
    assert counts(run(job)) == (3, 3, 0, 0)
    assert look() is None  # nothing is new
    draw(root / "new.png", 4)
    again = look()
    assert again and counts(run(again)) == (4, 1, 0, 3)


def test_the_watch_leaves_what_is_still_written_and_what_failed(root: Path, settings: Any) -> None:
    (root / "notes.txt").write_text("Not a picture.")
    settings.WATCH_SETTLE_SECONDS = 3600
    assert look() is None
    settings.WATCH_SETTLE_SECONDS = -1
    job = look()
    assert job and counts(run(job)) == (4, 3, 1, 0)
    assert look() is None


def test_the_watch_does_not_try_what_cannot_be_read_all_the_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "pipe.png")
    job = look()
    assert job and counts(run(job)) == (4, 3, 1, 0)
    assert look() is None
    ImportedFile.objects.update(at=timezone.now() - timedelta(hours=2))
    assert look()


def test_a_watch_folder_without_a_library_has_one_folder_for_each(
    root: Path, library: Library, user: User, api: Any, settings: Any
) -> None:
    settings.WATCH_FOLDERS = [(str(root), "")]
    (root / library.slug).mkdir()
    draw(root / library.slug / "four.png", 4)
    job = look()
    assert job and run(job).done == 1
    assert names() == ["four"]
    assert imports(api, library, path=str(root)).status_code == 403


def test_a_source_that_the_settings_no_longer_name_is_left_alone(
    api: Any, library: Library, root: Path, settings: Any
) -> None:
    job = begun(imports(api, library, path="."))
    settings.WATCH_FOLDERS = []
    assert run(job).error_code == "place_not_allowed"
    ImportSource.objects.update(watching=True)
    assert look() is None
    assert "administrator" in ImportSource.objects.get().problem


def test_managers_see_change_and_run_sources(api: Any, library: Library, root: Path, stranger: Any) -> None:
    (source,) = api.get(f"/api/v1/libraries/{library.pk}/imports/").json()["results"]
    assert (source["kind"], source["address"], source["watching"], source["imported"]) == ("folder", str(root), True, 0)
    path = f"/api/v1/import-sources/{source['id']}/"
    changed = api.patch(path, {"folders_as": "tags", "watching": False, "address": "/etc"}, format="json").json()
    assert (changed["folders_as"], changed["watching"], changed["address"]) == ("tags", False, str(root))
    assert look() is None
    assert ran(api.post(f"{path}run/")).done == 3
    assert api.get(path).json()["imported"] == 3
    assert not Folder.objects.exists()
    editor = signed_in("eva", library, Role.EDITOR)
    for client, status in ((editor, 403), (stranger, 404)):
        assert client.get(path).status_code == status
        assert client.post(f"{path}run/").status_code == status
        assert client.patch(path, {"watching": True}, format="json").status_code == status
        assert client.get(f"/api/v1/libraries/{library.pk}/imports/").status_code == status


def test_contributors_import_and_viewers_do_not(library: Library, root: Path) -> None:
    cem = person("cem", library, Role.CONTRIBUTOR)
    assert ran(imports(signed_in("cem"), library, path=".")).owner == cem
    assert imports(signed_in("vic", library), library, path=".").status_code == 403


@pytest.mark.parametrize(
    "body",
    [{}, {"path": ".", "urls": ["https://a.example/"]}, {"path": ""}, {"urls": []}, {"urls": "x"}, {"urls": [1, {}]},
     {"path": ".", "folders_as": "x"}, {"path": ".", "tags": ["x" * 101]}, {"path": ".", "folder": "x"},
     {"path": "x" * 5000}, {"s3_uri": "https://a.example/"}, {"s3_uri": "s3://"}, {"path": {"a": 1}}],
)  # fmt: skip
def test_nonsense_is_refused(api: Any, library: Library, root: Path, body: dict[str, Any]) -> None:
    assert imports(api, library, **body).status_code == 400
    assert not Job.objects.exists()


@pytest.mark.parametrize("path", ["autumn", "one.png", "x" * 300])
def test_a_folder_that_does_not_exist_fails_with_a_sentence(api: Any, library: Library, root: Path, path: str) -> None:
    job = ran(imports(api, library, path=path))
    assert (job.state, job.error) == (Job.State.FAILED, "The folder to import from is not there.")
