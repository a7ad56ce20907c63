"""Share links are made, listed and revoked: in the dialog, as pages, over REST."""

import io
import re
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from media_library import processing, sharing
from media_library.models import Asset, Collection, Library, Role, ShareLink, User
from tests import factories
from tests.media_library.pages import HTMX, links_of, member, signed_in, text_of
from tests.media_library.share_links.links import PASSWORD, content_of, path_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


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
