from typing import Any

import pytest
from django.test import Client

from media_library.models import Asset, Folder, Library, Role
from tests import factories
from tests.media_library.pages import links_of, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture
def asset(library: Library) -> Asset:
    return factories.asset(library, display_name="Harbour", description="Boats\nat dusk", exif={"model": "X<b>"})


def changes(**fields: Any) -> dict[str, Any]:
    return {"display_name": "Harbour", "description": "", "alt_text": "", "tags": "", "folder": "", **fields}


def test_the_page_shows_what_is_known(client: Client, asset: Asset) -> None:
    page = client.get(f"/assets/{asset.pk}/")
    words = text_of(page)
    assert "Harbour PNG · 60 \u00d7 40" in words
    assert "Boats at dusk" in words
    assert "X&lt;b&gt;" in words
    assert {f"/api/v1/assets/{asset.pk}/file/", f"/l/studio/search/?like={asset.pk}"} <= set(links_of(page))


@pytest.mark.parametrize("action", ["", "edit/", "delete/", "similar/"])
def test_for_a_stranger_there_is_no_asset(asset: Asset, action: str) -> None:
    assert signed_in(factories.user()).get(f"/assets/{asset.pk}/{action}").status_code == 404


@pytest.mark.parametrize("action", ["edit/", "delete/", "restore/"])
def test_a_viewer_changes_nothing(library: Library, asset: Asset, action: str) -> None:
    viewer = factories.user()
    library.memberships.create(user=viewer, role=Role.VIEWER)
    assert signed_in(viewer).post(f"/assets/{asset.pk}/{action}", changes()).status_code == 403


def test_an_edit_changes_name_description_tags_and_folder(client: Client, library: Library, asset: Asset) -> None:
    folder = Folder.objects.create(library=library, name="Trips")
    data = changes(display_name="Port", description="Quiet", alt_text="A port", tags="sea, boat", folder=str(folder.pk))
    assert client.post(f"/assets/{asset.pk}/edit/", data).headers["Location"] == f"/assets/{asset.pk}/"
    asset.refresh_from_db()
    assert (asset.display_name, asset.description, asset.alt_text) == ("Port", "Quiet", "A port")
    assert sorted(tag.name for tag in asset.tags.all()) == ["boat", "sea"]
    assert asset.folder == folder


def test_the_edit_form_starts_from_what_is_there(client: Client, library: Library, asset: Asset) -> None:
    asset.tags.set([library.tags.create(name="boat"), library.tags.create(name="sea")])
    assert 'value="boat, sea"' in client.get(f"/assets/{asset.pk}/edit/").content.decode()


def test_an_empty_name_is_refused_with_a_sentence(client: Client, asset: Asset) -> None:
    page = client.post(f"/assets/{asset.pk}/edit/", changes(display_name=" "))
    assert "This field is required." in text_of(page)


def test_htmx_edits_in_place(client: Client, asset: Asset) -> None:
    part = client.post(f"/assets/{asset.pk}/edit/", changes(tags="new"), headers={"HX-Request": "true"})
    assert "new" in text_of(part)
    assert "<html" not in part.content.decode()


def test_deleting_asks_first_without_a_script(client: Client, asset: Asset) -> None:
    page = client.get(f"/assets/{asset.pk}/delete/")
    assert "Move “Harbour” to the trash?" in text_of(page)
    asset.refresh_from_db()
    assert asset.deleted_at is None


def test_deleting_offers_to_undo(client: Client, asset: Asset) -> None:
    page = client.post(f"/assets/{asset.pk}/delete/", follow=True)
    assert "“Harbour” is in the trash." in text_of(page)
    assert f'action="/assets/{asset.pk}/restore/"' in page.content.decode()
    client.post(f"/assets/{asset.pk}/restore/")
    assert Asset.objects.live().filter(pk=asset.pk).exists()


def test_the_undo_tells_the_page_which_card_is_back(client: Client, asset: Asset) -> None:
    client.post(f"/assets/{asset.pk}/delete/")
    answer = client.post(f"/assets/{asset.pk}/restore/", headers={"HX-Request": "true"})
    assert str(asset.pk) in answer.headers["HX-Trigger"]


def test_a_get_restores_nothing(client: Client, asset: Asset) -> None:
    assert client.get(f"/assets/{asset.pk}/restore/").status_code == 405


def test_a_picture_in_the_trash_says_so_and_can_come_back(client: Client, asset: Asset) -> None:
    client.post(f"/assets/{asset.pk}/delete/")
    page = client.get(f"/assets/{asset.pk}/")
    assert "This picture is in the trash." in text_of(page)
    assert "Restore" in text_of(page)


def test_why_a_picture_failed_is_said(client: Client, library: Library) -> None:
    failed = factories.asset(library, state=Asset.State.FAILED, failure_message="The picture breaks off.")
    assert "The picture breaks off." in text_of(client.get(f"/assets/{failed.pk}/"))


def test_an_unfinished_picture_refreshes_itself(client: Client, library: Library) -> None:
    factories.model()
    busy = factories.asset(library, state=Asset.State.PROCESSING)
    assert 'hx-trigger="every 2s"' in client.get(f"/assets/{busy.pk}/").content.decode()


TABS = ["", "metadata/", "regions/", "similar/", "duplicates/", "history/", "versions/"]


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_is_a_page_of_its_own_and_a_part_for_htmx(client: Client, asset: Asset, tab: str) -> None:
    path = f"/assets/{asset.pk}/{tab}"
    page = client.get(path)
    assert f'href="{path}" aria-current="page"' in page.content.decode()
    assert {f"/assets/{asset.pk}/{each}" for each in TABS} <= set(links_of(page))
    part = client.get(path, headers={"HX-Request": "true", "HX-Target": "panel"})
    assert "<html" not in part.content.decode() and 'id="panel"' in part.content.decode()
    assert {"HX-Request", "HX-Target"} <= {name.strip() for name in part["Vary"].split(",")}
    assert signed_in(factories.user()).get(path).status_code == 404


def test_metadata_shows_what_the_form_holds_and_what_it_does_not(
    client: Client, library: Library, asset: Asset
) -> None:
    asset.tags.set([library.tags.create(name="boat")])
    Asset.objects.update(
        folder=Folder.objects.create(library=library, name="Trips"), metadata={"isbn": "<3>", "ok": True}
    )
    words = text_of(client.get(f"/assets/{asset.pk}/metadata/"))
    for shown in ("Name Harbour", "Tags boat", "Folder Trips", "isbn &lt;3&gt;", "ok Yes", "Alternative text Add"):
        assert shown in words
    edit = f"/assets/{asset.pk}/edit/?field=alt_text"
    assert edit in links_of(client.get(f"/assets/{asset.pk}/metadata/"))
    form = client.get(edit).content.decode()
    assert form.count("autofocus") == 1
    assert "autofocus" in form.split('name="alt_text"')[1].split(">")[0]


@pytest.mark.parametrize(
    ("tab", "most"), [("", 26), ("metadata/", 26), ("regions/", 26), ("history/", 30), ("versions/", 26)]
)
def test_the_queries_of_a_tab_are_few(
    client: Client, asset: Asset, tab: str, most: int, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(most):
        client.get(f"/assets/{asset.pk}/{tab}")
