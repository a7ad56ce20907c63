"""A shared picture: what its link shows, to whom, and how long."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from media_library import ingest, sharing
from media_library.models import Asset, Library, ShareLink, User
from tests import factories
from tests.media_library.pages import text_of
from tests.media_library.share_links.links import PASSWORD, content_of, media, path_of
from tests.media_library.test_stripping import SECRET

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def test_whoever_has_the_link_sees_the_picture(asset: Asset, user: User, stranger: Client) -> None:
    link = sharing.make(user, asset)
    page = stranger.get(path_of(link))
    assert "beach" in text_of(page)
    assert path_of(link, asset.pk, "preview") in page.content.decode()
    assert [stranger.get(path_of(link, *rest)).status_code for rest in media(asset)] == [200] * 5
    assert content_of(stranger.get(path_of(link, asset.pk, "thumb"))) == b"RIFFthumb"


def test_nothing_is_told_of_where_it_was_taken_nor_what_is_internal(asset: Asset, user: User, stranger: Client) -> None:
    link = sharing.make(user, asset)
    page = stranger.get(path_of(link)).content.decode()
    for private in (
        "48.85",
        "Phone 9",
        "Not for strangers",
        str(asset.library.slug),
        asset.public_id,
    ):
        assert private not in page.replace("/s/" + link[1], "")
    data = content_of(stranger.get(path_of(link, asset.pk, "download")))
    assert SECRET not in data
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (64, 48)
        assert dict(picture.getexif()) == {0x0112: 6}


def test_what_cannot_be_taken_apart_is_downloaded_as_its_preview(
    library: Library, asset: Asset, user: User, stranger: Client
) -> None:
    asset.file.save("beach.gif", ContentFile(factories.picture(kind="GIF")), save=False)
    Asset.objects.filter(pk=asset.pk).update(file=asset.file.name, format="gif", mime_type="image/gif")
    answer = stranger.get(path_of(sharing.make(user, asset), asset.pk, "download"))
    assert (answer["Content-Type"], content_of(answer)) == ("image/webp", b"RIFFpreview")
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''beach.webp"


@pytest.mark.parametrize("change", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}])
def test_every_address_ends_with_the_link(asset: Asset, user: User, stranger: Client, change: dict[str, Any]) -> None:
    link = sharing.make(user, asset, password=PASSWORD)
    stranger.post(path_of(link), {"password": PASSWORD})
    assert stranger.get(path_of(link, asset.pk, "thumb")).status_code == 200
    etag = stranger.get(path_of(link, asset.pk, "thumb"))["ETag"]
    ShareLink.objects.update(**change)
    for rest in media(asset):
        answer = stranger.get(path_of(link, *rest), headers={"If-None-Match": etag})
        assert answer.status_code == 410
    assert "not valid any more" in text_of(stranger.get(path_of(link)))
    assert stranger.post(path_of(link), {"password": PASSWORD}).status_code == 410


def test_it_ends_when_the_picture_goes_or_its_maker_may_not_see_it(
    asset: Asset, library: Library, user: User, stranger: Client
) -> None:
    link = sharing.make(user, asset)
    ingest.trash(asset, user)
    assert stranger.get(path_of(link, asset.pk, "preview")).status_code == 410
    Asset.objects.update(deleted_at=None)
    assert stranger.get(path_of(link, asset.pk, "preview")).status_code == 200
    library.memberships.all().delete()
    assert stranger.get(path_of(link, asset.pk, "preview")).status_code == 410
    asset.delete()
    assert stranger.get(path_of(link)).status_code == 404


def test_it_is_valid_for_thirty_days_unless_it_is_said(asset: Asset, user: User) -> None:
    link, _token = sharing.make(user, asset)
    assert timedelta(days=29, hours=23) < link.expires_at - timezone.now() <= timedelta(days=30)
    for days in (0, 366):
        with pytest.raises(Exception, match="365 days"):
            sharing.make(user, asset, days=days)


def test_the_token_is_long_and_only_its_hash_is_kept(asset: Asset, user: User) -> None:
    (link, token), (_other, second) = sharing.make(user, asset, password=PASSWORD), sharing.make(user, asset)
    assert len(token) == 43 and token != second
    row = ShareLink.objects.filter(pk=link.pk).values().get()
    assert token not in str(row) and PASSWORD not in str(row)
    assert check_password(PASSWORD, row["password"])


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "%00", "é", "x" * 3000])
def test_a_wrong_address_shows_nothing(asset: Asset, user: User, stranger: Client, token: str) -> None:
    sharing.make(user, asset)
    assert stranger.get(f"/s/{token}/").status_code in {400, 404}
    assert stranger.get(f"/s/{token}/{asset.pk}/preview/").status_code in {400, 404}


def test_a_password_is_asked_for_by_every_address(asset: Asset, user: User, stranger: Client) -> None:
    link = sharing.make(user, asset, password=PASSWORD)
    page = stranger.get(path_of(link))
    assert "password is asked for" in text_of(page) and "beach" not in text_of(page)
    for rest in media(asset)[1:]:
        assert stranger.get(path_of(link, *rest)).headers["Location"] == path_of(link)
    wrong = stranger.post(path_of(link), {"password": "sesame"})
    assert wrong.status_code == 403 and "not the password" in text_of(wrong)
    right = stranger.post(path_of(link), {"password": PASSWORD})
    assert right.headers["Location"] == path_of(link)
    assert [stranger.get(path_of(link, *rest)).status_code for rest in media(asset)] == [200] * 5
    (cookie,) = [each for name, each in stranger.cookies.items() if name.startswith("share-")]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (path_of(link), True, "Lax")


def test_a_proof_is_of_one_link_and_of_its_password(asset: Asset, user: User) -> None:
    one, other = (sharing.make(user, asset, password=PASSWORD) for _ in range(2))
    proof = sharing.unlock(one[1], PASSWORD, "1.2.3.4")
    assert sharing.opened(one[1], proof) == one[0]
    for token, given in ((other[1], proof), (one[1], ""), (one[1], proof[:-1] + "x"), (one[1], "x:y:z")):
        with pytest.raises(sharing.Locked):
            sharing.opened(token, given)
    ShareLink.objects.update(password="another")
    with pytest.raises(sharing.Locked):
        sharing.opened(one[1], proof)


def test_guessing_is_slow(asset: Asset, user: User, stranger: Client) -> None:
    link = sharing.make(user, asset, password=PASSWORD)
    tries = [stranger.post(path_of(link), {"password": str(number)}).status_code for number in range(7)]
    assert tries == [403] * 5 + [429] * 2
    last = stranger.post(path_of(link), {"password": PASSWORD})
    assert last.status_code == 429 and last["Retry-After"] == "60"
    for number in range(100):  # from everywhere
        try:
            sharing.unlock(link[1], "wrong", f"10.0.0.{number}")
        except sharing.WrongPassword:
            continue
        except sharing.TooManyTries:
            break
    assert number <= sharing.TRIES_IN_ALL


def test_without_downloads_there_are_none(asset: Asset, user: User, stranger: Client) -> None:
    link = sharing.make(user, asset, downloads=False)
    assert "Download" not in text_of(stranger.get(path_of(link)))
    assert stranger.get(path_of(link, asset.pk, "download")).status_code == 404


def test_no_answer_is_indexed_kept_or_told_to_others(asset: Asset, user: User, stranger: Client) -> None:
    link = sharing.make(user, asset)
    for rest in media(asset):
        answer = stranger.get(path_of(link, *rest))
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cache-Control"] in {"private, no-store", "private, no-cache"}
    assert 'name="robots" content="noindex' in stranger.get(path_of(link)).content.decode()
    assert stranger.get(path_of(link))["Content-Security-Policy"]
    gone = stranger.get("/s/nothing/")
    assert "noindex" in gone["X-Robots-Tag"]


def test_openings_are_counted(asset: Asset, user: User, stranger: Client) -> None:
    link = sharing.make(user, asset, password=PASSWORD)
    stranger.get(path_of(link))
    assert ShareLink.objects.get().opened == 0
    stranger.post(path_of(link), {"password": PASSWORD})
    for rest in media(asset):
        stranger.get(path_of(link, *rest))
    assert (ShareLink.objects.get().opened, ShareLink.objects.get().opened_at is None) == (1, False)
