from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from media_library import resumable
from media_library.models import Asset, Folder, Library, PartialUpload, Role, User
from tests import factories
from tests.media_library.pages import links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def send(client: Client, *files: Any, htmx: bool = False, **fields: Any) -> Any:
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post("/l/studio/upload/", {"files": files, **fields}, headers=headers)


def test_many_files_go_in_with_one_plain_form(client: Client, library: Library) -> None:
    page = send(client, *(factories.file(factories.picture(seed=n), f"n{n}.png") for n in range(3)))
    assert page.status_code == 200
    assert text_of(page).count("Added. It is being prepared for search.") == 3
    assert sorted(library.assets.values_list("display_name", flat=True)) == ["n0", "n1", "n2"]


def test_folder_and_tags_apply_to_all_of_them(client: Client, library: Library) -> None:
    trips = Folder.objects.create(library=library, name="Trips")
    send(client, factories.file(), folder=str(trips.pk), tags="sea, boat ,, sea")
    asset = Asset.objects.get()
    assert asset.folder == trips
    assert sorted(tag.name for tag in asset.tags.all()) == ["boat", "sea"]


def test_a_new_folder_is_made_once(client: Client, library: Library) -> None:
    trips = Folder.objects.create(library=library, name="Trips")
    for seed in range(2):
        send(client, factories.file(factories.picture(seed=seed)), folder=str(trips.pk), new_folder="Lisbon")
    assert [asset.folder.name for asset in Asset.objects.all() if asset.folder] == ["Lisbon", "Lisbon"]
    assert Folder.objects.get(name="Lisbon").parent == trips


def test_a_bad_file_gets_its_sentence_and_the_others_go_on(client: Client, library: Library) -> None:
    page = send(client, factories.file(b"not a picture", "notes.jpg"), factories.file())
    assert 'data-outcome="failed"' in page.content.decode()
    assert "is not a picture that can be kept here" in text_of(page)
    assert library.assets.count() == 1


def test_a_duplicate_is_pointed_out_with_the_existing_asset(client: Client, library: Library) -> None:
    send(client, factories.file())
    page = send(client, factories.file(name="again.png"), htmx=True)
    assert "already here as “red”" in text_of(page)
    assert f"/assets/{Asset.objects.get().pk}/" in links_of(page)


def test_both_can_be_kept(client: Client, library: Library) -> None:
    send(client, factories.file())
    send(client, factories.file(), keep_duplicate="on")
    assert library.assets.count() == 2


def test_the_script_gets_one_row_and_the_new_card(client: Client, library: Library) -> None:
    answer = send(client, factories.file(), htmx=True).content.decode()
    assert answer.count('class="upload-row"') == 1
    assert f'id="card-{Asset.objects.get().pk}"' in answer
    assert "<html" not in answer


def keyed(client: Client, key: str, *files: Any, **fields: Any) -> Any:
    headers = {"HX-Request": "true", "Idempotency-Key": key}
    return client.post("/l/studio/upload/", {"files": files, **fields}, headers=headers)


def test_a_file_that_is_sent_again_under_its_key_is_there_once_and_answered_as_at_first(
    client: Client, library: Library
) -> None:
    first = keyed(client, "a", factories.file(), keep_duplicate="on")
    again = keyed(client, "a", factories.file(), keep_duplicate="on", csrfmiddlewaretoken="another")
    assert first.content == again.content
    assert (again["Idempotency-Replayed"], again["Content-Type"]) == ("true", "text/html; charset=utf-8")
    assert library.assets.count() == 1
    assert keyed(client, "b", factories.file(), keep_duplicate="on").status_code == 200
    assert library.assets.count() == 2


def test_a_key_of_another_file_or_that_is_none_gets_a_sentence(client: Client, library: Library) -> None:
    keyed(client, "a", factories.file())
    other = keyed(client, "a", factories.file(b"other"))
    assert other.status_code == 422
    assert "Take a new one." in text_of(other)
    assert keyed(client, "a b", factories.file()).status_code == 400


def test_folders_in_folders_are_made_from_a_path(client: Client, library: Library) -> None:
    send(client, factories.file(), new_folder="2026//lisbon/../tram")
    assert set(Folder.paths(library).values()) == {"2026", "2026/lisbon", "2026/lisbon/tram"}


def test_a_duplicate_can_be_skipped_or_kept(client: Client, library: Library) -> None:
    send(client, factories.file())
    page = send(client, factories.file(), htmx=True).content.decode()
    assert "data-skip" in page
    assert "data-keep-both" in page


def row_of(client: Client, library: Library, content: bytes) -> Any:
    """Of a file that came in parts."""
    user = User.objects.get(username="ann")
    upload = resumable.begin(library, user, len(content), {"name": "red.png", "keep_duplicate": False})
    resumable.append(upload, 0, ContentFile(content))
    resumable.finish(upload.pk)
    return client.get(f"/l/studio/upload/{upload.pk}/", headers={"HX-Request": "true"})


def test_what_came_in_parts_has_the_same_rows(client: Client, library: Library) -> None:
    row = row_of(client, library, factories.picture()).content.decode()
    assert f'id="card-{Asset.objects.get().pk}"' in row
    assert "already here as “red”" in text_of(row_of(client, library, factories.picture()))
    assert "is not a picture" in text_of(row_of(client, library, b"not a picture"))


def test_rows_of_others_and_of_what_is_not_complete_do_not_exist(client: Client, library: Library, user: User) -> None:
    upload = resumable.begin(library, user, 9, {"name": "red.png"})
    assert client.get(f"/l/studio/upload/{upload.pk}/").status_code == 404
    theirs = resumable.begin(factories.library(user, name="Other"), user, 9, {"name": "red.png"})
    PartialUpload.objects.update(state="refused", failure={"code": "x", "message": "No.", "status": 422, "data": {}})
    assert client.get(f"/l/studio/upload/{theirs.pk}/").status_code == 404
    other = member(library, Role.EDITOR)
    assert client.get(f"/l/studio/upload/{upload.pk}/").status_code == 200
    assert other.get(f"/l/studio/upload/{upload.pk}/").status_code == 404


def test_no_file_at_all_gets_a_sentence(client: Client, library: Library) -> None:
    assert "This field is required." in text_of(client.post("/l/studio/upload/", {}))


def test_an_empty_file_gets_a_sentence(client: Client, library: Library) -> None:
    assert "empty" in text_of(send(client, factories.file(b"", "empty.png"), htmx=True))
    assert not library.assets.exists()


def test_a_name_is_shown_as_text_only(client: Client, library: Library) -> None:
    page = send(client, factories.file(b"x", "<img src=x onerror=alert(1)>.png"))
    assert "<img src=x" not in page.content.decode()


def test_a_viewer_may_not_upload(library: Library) -> None:
    viewer = factories.user()
    library.memberships.create(user=viewer, role=Role.VIEWER)
    client = signed_in(viewer)
    assert client.get("/l/studio/upload/").status_code == 403
    assert send(client, factories.file()).status_code == 403


def test_the_folder_of_another_library_is_not_taken(client: Client, library: Library) -> None:
    foreign = Folder.objects.create(library=factories.library(), name="Foreign")
    send(client, factories.file(), folder=str(foreign.pk))
    assert not library.assets.exists()


def test_the_page_says_how_large_a_file_may_be(client: Client, library: Library) -> None:
    assert "up to 40 MB each" in text_of(client.get("/l/studio/upload/"))
