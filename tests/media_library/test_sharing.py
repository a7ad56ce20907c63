"""Share links: what they show, to whom, and that nothing else opens by them."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from PIL import Image

from dam.throttling import Counted
from media_library import collections, ingest, processing, sharing
from media_library.models import Asset, Collection, Library, Rendition, Role, ShareLink, User
from tests import factories
from tests.media_library.pages import HTMX, links_of, member, signed_in, text_of
from tests.media_library.test_stripping import SECRET, original

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

PASSWORD = "open sesame"


@pytest.fixture
def asset(library: Library, user: User) -> Asset:
    """A JPEG that says where it was taken, with renditions."""
    content = original("JPEG", 6)
    made = factories.upload(library, user, content, "beach.jpg", description="Not for strangers")
    for name in Rendition.Name.values:
        file = default_storage.save(f"renditions/{made.pk}-{name}.webp", ContentFile(b"RIFF" + name.encode()))
        Rendition.objects.create(asset=made, name=name, file=file, width=48, height=64, bytes=9)
    Asset.objects.update(state="ready", exif={"latitude": 48.85, "longitude": 2.35, "model": "Phone 9"})
    made.refresh_from_db()
    return made


@pytest.fixture
def stranger() -> Client:
    return Client()


def path_of(link: tuple[ShareLink, str], *rest: object) -> str:
    return "/".join(["/s", link[1], *map(str, rest), ""])


def media(asset: Asset) -> list[tuple[object, ...]]:
    return [(), (asset.pk,), (asset.pk, "thumb"), (asset.pk, "preview"), (asset.pk, "download")]


def content_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


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


# --- collections ------------------------------------------------------------------------------------------------------


@pytest.fixture
def album(library: Library, user: User, asset: Asset) -> Collection:
    made = collections.make(library, user, "Album")
    collections.add(made, user, [asset.pk])
    return made


def test_a_collection_shows_its_pictures_as_they_now_are(
    album: Collection, asset: Asset, library: Library, user: User, stranger: Client
) -> None:
    link = sharing.make(user, album)
    late = factories.asset(library, display_name="Late")
    outside = factories.asset(library, display_name="Outside")
    collections.add(album, user, [late.pk])
    page = stranger.get(path_of(link))
    words = text_of(page)
    assert words.index("beach") < words.index("Late")
    assert "Outside" not in words
    assert stranger.get(path_of(link, late.pk)).status_code == 200
    for rest in media(outside)[1:]:
        assert stranger.get(path_of(link, *rest)).status_code == 404
    collections.take_out(album, user, [asset.pk])
    for rest in media(asset)[1:]:
        assert stranger.get(path_of(link, *rest)).status_code == 404


def test_of_a_collection_only_what_is_live_and_ready_is_shown(
    album: Collection, library: Library, user: User, stranger: Client
) -> None:
    hidden = [factories.asset(library, deleted_at=timezone.now()), factories.asset(library, state="processing")]
    collections.add(album, user, [hidden[1].pk])
    album.items.create(asset=hidden[0], position=1 << 40)
    link = sharing.make(user, album)
    for each in hidden:
        assert stranger.get(path_of(link, each.pk)).status_code == 404
        assert str(each.pk) not in stranger.get(path_of(link)).content.decode()


def test_a_collection_that_is_a_query_shows_what_that_finds(library: Library, user: User, stranger: Client) -> None:
    sea = factories.asset(library, display_name="Sea")
    hill = factories.asset(library, display_name="Hill")
    link = sharing.make(user, collections.make(library, user, "Seas", params={"q": "sea"}))
    assert [stranger.get(path_of(link, each.pk)).status_code for each in (sea, hill)] == [200, 404]


def test_a_collection_that_is_a_search_is_searched_once_for_all_its_pictures(
    library: Library, user: User, stranger: Client, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fakes import FakeEmbedder

    red = factories.embedded(library, model, FakeEmbedder().encode_texts(["red"])[0], display_name="Red")
    link = sharing.make(user, collections.make(library, user, "Reds", params={"text": "red"}, band="strong"))
    asked = []
    real = sharing.ranked_in
    monkeypatch.setattr(sharing, "ranked_in", lambda *of: asked.append(1) or real(*of))
    assert "Red" in text_of(stranger.get(path_of(link)))
    assert stranger.get(path_of(link, red.pk)).status_code == 200
    assert len(asked) == 1


def test_long_ones_are_paged(album: Collection, library: Library, user: User, stranger: Client) -> None:
    collections.add(album, user, [factories.asset(library, display_name=f"P{number}").pk for number in range(70)])
    link = sharing.make(user, album)
    (more,) = [each for each in links_of(stranger.get(path_of(link))) if "cursor=" in each]
    assert "P69" in text_of(stranger.get(more))
    assert stranger.get(path_of(link) + "?cursor=nonsense").status_code == 400


def test_the_page_of_a_collection_takes_as_many_queries_for_many_as_for_few(
    album: Collection, library: Library, user: User, stranger: Client, django_assert_num_queries: Any
) -> None:
    collections.add(album, user, [factories.asset(library).pk for _ in range(30)])
    link = sharing.make(user, album)
    with django_assert_num_queries(4):  # the link, its maker's role, the count of openings, the pictures
        stranger.get(path_of(link))


# --- nothing else -----------------------------------------------------------------------------------------------------


def addresses(patterns: Any, prefix: str = "") -> list[str]:
    """Every address of the project, as patterns."""
    found = []
    for each in patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            found += addresses(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            found.append(route)
    return found


def test_with_a_share_link_no_other_address_opens(
    album: Collection, asset: Asset, library: Library, user: User, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has a link, its cookie, and sends its token in every way, is a stranger everywhere else."""
    monkeypatch.setattr(Counted, "allow_request", lambda *_of: True)  # or most would be refused for another reason
    link = sharing.make(user, album, password=PASSWORD)
    stranger.post(path_of(link), {"password": PASSWORD})
    assert stranger.get(path_of(link)).status_code == 200
    known = {
        "library_id": library.pk, "slug": library.slug, "cloud": library.slug, "asset_id": asset.pk,
        "collection_id": album.pk, "link_id": link[0].pk, "public_id": asset.public_id, "number": 1,
        "dataset_id": library.pk, "media_id": asset.pk,
    }  # fmt: skip
    sent = {"Authorization": f"Bearer {link[1]}", "X-Share-Token": link[1]}
    before = stranger.get("/accounts/login/").status_code
    assert before == 200
    open_to_all = {
        "api/v1/healthcheck",
        "favicon.ico",
        "healthz",
        "readyz",
        "accounts/login/",
        "api/schema/",
        "api/docs/",
        "theme/",
        "i18n/setlang/",
    }
    tried, answered = 0, []
    for route in addresses(get_resolver().url_patterns):
        if route.startswith(("s/", "admin/")) or route in open_to_all or "^" in route:
            continue
        filled = re.sub(r"<(?:(\w+):)?(\w+)>", lambda m: str(known.get(m[2], asset.pk)), route)
        for headers in ({}, sent):
            answer = stranger.get(f"/{filled}?token={link[1]}", headers=headers)
            tried += 1
            refused = answer.status_code in {400, 401, 403, 404, 405, 406, 415}
            to_sign_in = answer.status_code == 302 and "/accounts/log" in answer.headers["Location"]
            if not refused and not to_sign_in:
                answered.append((route, answer.status_code))
            assert b"beach" not in (b"" if answer.streaming else answer.content), route
    assert answered == []
    assert tried > 200
    for view in ("file", "thumb", "preview"):
        assert stranger.get(f"/api/v1/assets/{asset.pk}/{view}/", headers=sent).status_code == 401
    assert not Asset.objects.visible_to(stranger.get("/accounts/login/").wsgi_request.user).exists()


# --- by members -------------------------------------------------------------------------------------------------------


def test_a_link_is_made_in_the_dialog_and_shown_once(client: Client, asset: Asset, stranger: Client) -> None:
    question = client.get(f"/assets/{asset.pk}/share/", headers=HTMX)
    assert '<option value="30" selected>' in question.content.decode()
    made = client.post(f"/assets/{asset.pk}/share/", {"days": "7", "password": "", "downloads": "on"}, headers=HTMX)
    assert "<html" not in made.content.decode()
    assert made["Cache-Control"].startswith("max-age=0")
    (url,) = re.findall(r'value="http://testserver(/s/[^"]+)"', made.content.decode())
    assert stranger.get(url).status_code == 200
    listed = client.get("/l/studio/share-links/")
    assert "beach" in text_of(listed) and "opened 1 time" in text_of(listed)
    assert url not in listed.content.decode()


def test_without_a_script_all_is_pages(client: Client, album: Collection, stranger: Client) -> None:
    path = f"/l/studio/collections/{album.pk}/share/"
    assert "Share “Album”" in text_of(client.get(path))
    made = client.post(path, {"days": "30", "password": PASSWORD, "downloads": "on"})
    assert "It asks for the password." in text_of(made)
    (url,) = re.findall(r'value="http://testserver(/s/[^"]+)"', made.content.decode())
    link = ShareLink.objects.get()
    revoke = f"/l/studio/share-links/{link.pk}/revoke/"
    assert revoke in links_of(client.get("/l/studio/share-links/"))
    assert "is revoked" in text_of(client.post(revoke, follow=True))
    assert stranger.get(url).status_code == 410


@pytest.mark.parametrize(("data", "sentence"), [({"password": "short"}, "6 to 128"), ({"days": "400"}, "valid choice")])
def test_what_is_wrong_is_said_in_the_form(client: Client, asset: Asset, data: dict[str, str], sentence: str) -> None:
    answer = client.post(f"/assets/{asset.pk}/share/", {"days": "30", "password": "", **data})
    assert answer.status_code == 400 and sentence in text_of(answer)
    assert not ShareLink.objects.exists()


def test_who_may_share_and_revoke_what(asset: Asset, album: Collection, library: Library, user: User) -> None:
    link = sharing.make(user, asset)[0]
    album_path, asset_path = f"/l/studio/collections/{album.pk}/share/", f"/assets/{asset.pk}/share/"
    revoke = f"/l/studio/share-links/{link.pk}/revoke/"
    statuses = {
        role: [
            (who := member(library, role)).get(asset_path).status_code,
            who.get(album_path).status_code,
            who.get("/l/studio/share-links/").status_code,
            who.get(revoke).status_code,
        ]
        for role in (Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR)
    }
    assert statuses == {
        Role.VIEWER: [403, 403, 403, 403],
        Role.CONTRIBUTOR: [403, 403, 200, 404],
        Role.EDITOR: [200, 200, 200, 200],
    }
    other = signed_in(factories.user())
    assert [other.get(path).status_code for path in (asset_path, album_path, revoke)] == [404] * 3
    contributor = factories.user()
    library.memberships.create(user=contributor, role=Role.CONTRIBUTOR)
    own = factories.asset(library, uploaded_by=contributor)
    assert sharing.make(contributor, own)[0] in ShareLink.objects.visible_to(user, library)
    assert [each.created_by for each in ShareLink.objects.visible_to(contributor, library)] == [contributor]


def test_it_is_offered_where_it_may_be_done(client: Client, asset: Asset, album: Collection, library: Library) -> None:
    viewer = member(library, Role.VIEWER)
    for path, share in (
        (asset.get_absolute_url(), f"/assets/{asset.pk}/share/"),
        ("/l/studio/", f"/assets/{asset.pk}/share/"),
        (f"/l/studio/collections/{album.pk}/", f"/l/studio/collections/{album.pk}/share/"),
        ("/l/studio/", "/l/studio/share-links/"),
    ):
        assert share in links_of(client.get(path))
        assert share not in links_of(viewer.get(path))


def test_links_over_rest(api: Any, asset: Asset, library: Library, stranger: Client) -> None:
    path = f"/api/v1/libraries/{library.pk}/share-links/"
    made = api.post(path, {"asset": str(asset.pk), "days": 1, "password": PASSWORD}, format="json")
    assert made.status_code == 201
    body = made.json()
    assert (body["state"], body["has_password"], body["downloads"], body["opened"]) == ("active", True, True, 0)
    shared = body.pop("url").removeprefix("http://testserver")
    assert "password is asked" in text_of(stranger.get(shared))
    assert api.get(path).json()["results"] == [body]
    assert api.get(f"{path}{body['id']}/").json() == body
    assert api.delete(f"{path}{body['id']}/").status_code == 204
    assert api.get(f"{path}{body['id']}/").json()["state"] == "revoked"
    assert stranger.get(shared).status_code == 410


@pytest.mark.parametrize("data", [{}, {"days": 0}, {"password": "x"}, {"asset": "both"}, {"days": "soon"}])
def test_bad_requests_over_rest_are_refused(api: Any, asset: Asset, library: Library, data: dict[str, Any]) -> None:
    path = f"/api/v1/libraries/{library.pk}/share-links/"
    body = (
        {"collection": str(asset.pk)} | data if "asset" in data else ({"asset": str(asset.pk)} | data if data else {})
    )
    if data.get("asset"):
        body["asset"] = str(asset.pk)
    assert api.post(path, body, format="json").status_code == 400
    assert not ShareLink.objects.exists()


def test_another_library_shares_nothing_of_this_one(asset: Asset, user: User) -> None:
    other = factories.library(user, name="Other")
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_login(user)
    answer = client.post(f"/api/v1/libraries/{other.pk}/share-links/", {"asset": str(asset.pk)}, format="json")
    assert answer.status_code == 404


def test_a_replaced_picture_is_shown_in_its_present_version(asset: Asset, user: User, stranger: Client) -> None:
    from media_library import versions

    link = sharing.make(user, asset)
    versions.replace(asset, user, factories.file(factories.picture("blue", (300, 200)), "new.png"))
    processing.render_pending()
    data = content_of(stranger.get(path_of(link, asset.pk, "download")))
    assert Image.open(io.BytesIO(data)).size == (300, 200)


def test_the_list_of_links_is_paged_and_takes_as_many_queries_for_many(
    client: Client, asset: Asset, user: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(55):
        sharing.make(user, asset)
    with django_assert_max_num_queries(16):
        listed = client.get("/l/studio/share-links/")
    (more,) = [each for each in links_of(listed) if "cursor=" in each]
    assert client.get(more).content.decode().count("listing-row") == 5
