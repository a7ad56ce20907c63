from typing import Any

import pytest
from django.test import Client

from media_library import processing, versions
from media_library.models import Asset, Library, Role, User, Version
from tests import factories
from tests.media_library.pages import HTMX, links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture
def asset(library: Library, user: User) -> Asset:
    made = factories.upload(library, user, factories.picture("red"), "harbour.png")
    processing.render_pending()
    return made


def send(client: Client, asset: Asset, content: bytes, **fields: Any) -> Any:
    return client.post(f"/assets/{asset.pk}/versions/", {"file": factories.file(content), **fields}, follow=True)


def test_a_file_is_replaced_listed_and_restored_with_plain_forms(client: Client, asset: Asset) -> None:
    page = send(client, asset, factories.picture("blue", (90, 60)))
    assert "shown as soon as it is processed" in text_of(page)
    assert "Version 2 Being processed…" in text_of(page)
    processing.render_pending()
    words = text_of(client.get(f"/assets/{asset.pk}/versions/"))
    assert "Version 2 Present" in words and "90 × 60" in words and "by ann" in words  # noqa: RUF001
    restore = f"/assets/{asset.pk}/versions/1/restore/"
    assert {restore, f"/api/v1/assets/{asset.pk}/versions/1/file/"} <= set(
        links_of(client.get(f"/assets/{asset.pk}/versions/"))
    )
    assert "Restore version 1?" in text_of(client.get(restore))
    assert "Version 1 is shown as soon" in text_of(client.post(restore, follow=True))
    processing.render_pending()
    assert "Version 1 Present" in text_of(client.get(f"/assets/{asset.pk}/versions/"))
    delete = f"/assets/{asset.pk}/versions/2/delete/"
    assert "cannot be undone" in text_of(client.get(delete))
    assert "Version 2 is gone." in text_of(client.post(delete, follow=True))
    assert client.get(delete).status_code == 404


def test_what_speaks_against_a_file_is_said_beside_the_form(
    client: Client, library: Library, asset: Asset, user: User
) -> None:
    same = send(client, asset, factories.picture("red"))
    assert same.status_code == 409 and "has already" in text_of(same)
    other = factories.upload(library, user, factories.picture("green"))
    taken = send(client, asset, factories.picture("green"))
    assert other.get_absolute_url() in links_of(taken)
    bad = send(client, asset, b"no picture")
    assert bad.status_code == 415 and "not a picture" in text_of(bad)
    missing = client.post(f"/assets/{asset.pk}/versions/", {})
    assert missing.status_code == 400 and "required" in text_of(missing)
    assert send(client, asset, factories.picture("green"), keep_duplicate="on").status_code == 200


def test_while_one_is_processed_the_list_asks_again_and_then_the_page_comes_anew(client: Client, asset: Asset) -> None:
    send(client, asset, factories.picture("blue"))
    path = f"/assets/{asset.pk}/versions/?seen=1"
    assert f'hx-get="{path}"' in client.get(f"/assets/{asset.pk}/versions/").content.decode()
    part = client.get(path, headers={"HX-Request": "true", "HX-Target": "versions"})
    assert part.content.decode().lstrip().startswith('<section class="panel-section panel-first" id="versions"')
    processing.render_pending()
    assert client.get(path, headers=HTMX)["HX-Refresh"] == "true"


def test_a_failed_one_says_why_and_can_be_tried_again(client: Client, asset: Asset) -> None:
    send(client, asset, factories.picture("blue"))
    Version.objects.filter(number=2).update(state="failed", failure_code="x", failure_message="Cut <b>off</b>.")
    page = client.get(f"/assets/{asset.pk}/versions/")
    assert "Cut &lt;b&gt;off&lt;/b&gt;." in page.content.decode() and "Try again" in text_of(page)
    assert "Another file v2 by ann Failed" in text_of(client.get(f"/assets/{asset.pk}/history/"))


def test_a_viewer_sees_them_and_changes_nothing(library: Library, asset: Asset, client: Client) -> None:
    send(client, asset, factories.picture("blue"))
    processing.render_pending()
    viewer = member(library, Role.VIEWER)
    page = viewer.get(f"/assets/{asset.pk}/versions/")
    assert "Version 1" in text_of(page) and "Replace" not in text_of(page) and "Restore" not in text_of(page)
    assert send(viewer, asset, factories.picture("green")).status_code == 403
    for deed in ("restore", "delete"):
        assert viewer.post(f"/assets/{asset.pk}/versions/1/{deed}/").status_code == 403
    assert viewer.get(f"/api/v1/assets/{asset.pk}/versions/1/thumb/").status_code == 200


def test_over_rest(api: Any, asset: Asset, user: User) -> None:
    path = f"/api/v1/assets/{asset.pk}/versions/"
    etag = api.get(f"/api/v1/assets/{asset.pk}/")["ETag"]
    sent = {"file": factories.file(factories.picture("blue", (90, 60)), "x.png")}
    assert api.post(path, sent, format="multipart", headers={"If-Match": '"old"'}).status_code == 412
    sent = {"file": factories.file(factories.picture("blue", (90, 60)), "x.png")}
    made = api.post(path, sent, format="multipart", headers={"If-Match": etag})
    assert (made.status_code, made.json()["number"], made.json()["state"]) == (201, 2, "processing")
    processing.render_pending()
    listed = api.get(path).json()["results"]
    assert [(each["number"], each["state"]) for each in listed] == [(2, "present"), (1, "kept")]
    assert listed[0]["created_by"] == user.pk and listed[1]["urls"]["thumb"].endswith("/versions/1/thumb/")
    body = api.get(f"/api/v1/assets/{asset.pk}/").json()
    assert (body["version"], body["width"]) == (2, 90) and body["urls"]["thumb"].endswith("?v=2")
    former = api.get(f"{path}1/file/")
    assert b"".join(former.streaming_content) == factories.picture("red")
    assert former["Content-Disposition"] == "attachment; filename*=UTF-8''harbour%20%28v1%29.png"
    assert api.get(f"{path}2/thumb/")["Content-Type"] == "image/webp"
    assert api.post(f"{path}1/restore/").json()["state"] == "processing"
    processing.render_pending()
    assert api.get(f"{path}1/").json()["state"] == "present"
    assert api.post(f"{path}1/restore/").status_code == 409
    assert api.delete(f"{path}1/").status_code == 409
    assert api.delete(f"{path}2/").status_code == 204
    for number in (2, 9, 10**30):
        assert api.get(f"{path}{number}/").status_code == 404
    same = api.post(path, {"file": factories.file(factories.picture("red"), "x.png")}, format="multipart")
    assert (same.status_code, same.json()["code"], same.json()["version"]) == (409, "same_file", 1)


def test_the_list_takes_as_many_queries_for_many_as_for_one(
    client: Client, asset: Asset, user: User, django_assert_max_num_queries: Any
) -> None:
    for color in ("blue", "green", "orange", "black"):
        versions.replace(asset, user, factories.file(factories.picture(color)))
        processing.render_pending()
    with django_assert_max_num_queries(24):
        assert "Version 5" in text_of(client.get(f"/assets/{asset.pk}/versions/"))


def test_an_upload_of_the_same_name_becomes_its_new_file(client: Client, library: Library, asset: Asset) -> None:
    def sent(name: str, seed: int, **fields: Any) -> Any:
        file = factories.file(factories.picture("blue", seed=seed), name)
        return client.post("/l/studio/upload/", {"files": file, **fields})

    assert "is called" not in text_of(sent("quay.png", 1))
    assert "is called" not in text_of(sent("harbour.png", 2, new_folder="Elsewhere"))
    page = sent("harbour.png", 3)
    assert "Another picture here is called “harbour”." in text_of(page)
    other = library.assets.filter(folder=None, display_name="harbour").exclude(pk=asset.pk).get()
    path = f"/assets/{asset.pk}/versions/from/{other.pk}/"
    assert path in links_of(page)
    assert "Make this the new file of “harbour”?" in text_of(client.get(path))
    assert "is shown as soon as it is processed" in text_of(client.post(path, follow=True))
    processing.render_pending()
    asset.refresh_from_db()
    other.refresh_from_db()
    assert (asset.version, asset.sha256, asset.deleted_at) == (2, other.sha256, None)
    assert other.deleted_at


def test_in_the_dialog_the_card_of_the_upload_goes(client: Client, library: Library, user: User, asset: Asset) -> None:
    other = factories.upload(library, user, factories.picture("blue"), "harbour.png")
    answer = client.post(f"/assets/{asset.pk}/versions/from/{other.pk}/", headers=HTMX)
    assert str(other.pk) in answer.headers["HX-Trigger"]


def test_only_who_may_edit_both_makes_one_the_file_of_the_other(library: Library, user: User, asset: Asset) -> None:
    somebody = factories.user()
    library.memberships.create(user=somebody, role=Role.CONTRIBUTOR)
    contributor = signed_in(somebody)
    mine = factories.upload(library, somebody, factories.picture("blue"), "harbour.png")
    assert contributor.post(f"/assets/{asset.pk}/versions/from/{mine.pk}/").status_code == 403
    assert contributor.post(f"/assets/{mine.pk}/versions/from/{asset.pk}/").status_code == 403
    assert not Version.objects.exists()
