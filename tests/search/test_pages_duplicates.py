import re
from typing import Any

import pytest
from django.test import Client

from media_library.models import Asset, Library, Role, User
from search.duplicates import views
from search.models import DuplicatePair
from tests import factories
from tests.media_library.pages import links_of, signed_in, text_of
from tests.search.scenes import COPIES, compared, ready, scene
from tests.search.test_duplicates_are_decided import paired

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "model")]

PAGE = "/l/studio/duplicates/"


def decide(client: Client, assets: list[Asset], **data: str) -> Any:
    return client.post(f"{PAGE}decide/", {"assets": [str(asset.pk) for asset in assets], **data}, follow=True)


def undo_address(page: Any) -> str:
    return re.findall(r'action="(/duplicates/decisions/[^"]+)"', page.content.decode())[0]


def test_a_group_stands_side_by_side_with_what_differs_marked(client: Client, library: Library, user: User) -> None:
    compared(library, user, scene(1), COPIES["smaller"](scene(1)))
    page = client.get(PAGE)
    words = text_of(page)
    assert "2 pictures" in words
    assert "Oldest" in words and "Same picture, changed" in words
    marked = re.findall("<mark>(.*?)</mark>", page.content.decode())
    assert [text for text in marked if "\u00d7" in text] == ["480 \u00d7 360", "240 \u00d7 180"]
    assert "PNG" not in marked


def test_the_rail_leads_there(client: Client, library: Library) -> None:
    assert PAGE in links_of(client.get("/l/studio/"))
    assert "No duplicates to decide about" in text_of(client.get(PAGE))


def test_keeping_one_says_so_and_can_be_undone(client: Client, library: Library) -> None:
    assets = paired(library, (0, 1), (0, 2))
    page = decide(client, assets, keep=str(assets[1].pk))
    assert "One is kept, 2 pictures are in the trash." in text_of(page)
    assert list(Asset.objects.live()) == [assets[1]]
    page = client.post(undo_address(page), follow=True)
    assert "The decision is undone" in text_of(page)
    assert "3 pictures" in text_of(page)
    assert Asset.objects.live().count() == 3


@pytest.mark.parametrize("action", ["keep_all", "not_duplicates"])
def test_the_other_decisions_leave_the_pictures(client: Client, library: Library, action: str) -> None:
    page = decide(client, paired(library, (0, 1)), action=action)
    assert "No duplicates to decide about" in text_of(page)
    assert Asset.objects.live().count() == 2


def test_a_decision_that_came_too_late_is_a_sentence(client: Client, library: Library) -> None:
    assets = paired(library, (0, 1))
    decide(client, assets, action="keep_all")
    late = decide(client, assets, action="not_duplicates")
    assert late.status_code == 409
    assert "Somebody has decided about these pictures meanwhile" in text_of(late)


@pytest.mark.parametrize("data", [{}, {"action": "keep_this_one"}, {"action": "x"}, {"keep": "x"}])
def test_nonsense_is_refused(client: Client, library: Library, data: dict[str, str]) -> None:
    assert decide(client, paired(library, (0, 1)), **data).status_code == 400


def test_more_leads_to_the_next_groups(client: Client, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "GROUPS", 2)
    paired(library, *((2 * n, 2 * n + 1) for n in range(5)))
    names: list[str] = []
    address: str | None = PAGE
    while address:
        page = client.get(address)
        names += re.findall(r'<h2 id="group-[^"]+">(\d+)', page.content.decode())
        address = next((link for link in links_of(page) if "cursor=" in link), None)
    assert names == ["8", "6", "4", "2", "0"]


def test_a_viewer_sees_groups_without_buttons_and_may_not_decide(library: Library) -> None:
    assets = paired(library, (0, 1))
    viewer = factories.user()
    library.memberships.create(user=viewer, role=Role.VIEWER)
    browser = signed_in(viewer)
    html = browser.get(PAGE).content.decode()
    assert "2 pictures" in html
    assert "Keep all" not in html
    assert decide(browser, assets, action="keep_all").status_code == 403
    assert not DuplicatePair.objects.exclude(decision=None).exists()


def test_for_a_stranger_there_is_no_page_no_decision_and_no_hint(client: Client, library: Library) -> None:
    assets = paired(library, (0, 1))
    page = decide(client, assets, keep=str(assets[0].pk))
    stranger = signed_in(factories.user())
    assert stranger.get(PAGE).status_code == 404
    assert decide(stranger, assets, action="keep_all").status_code == 404
    assert stranger.post(undo_address(page)).status_code == 404
    assert stranger.get(f"/assets/{assets[0].pk}/duplicates/").status_code == 404


def test_the_page_of_an_asset_points_its_duplicate_out(client: Client, library: Library, user: User) -> None:
    original, copy = compared(library, user, scene(1), COPIES["brighter"](scene(1)))
    page = client.get(f"/assets/{copy.pk}/")
    assert "another picture here looks the same" in text_of(page)
    address = f"{PAGE}?asset={copy.pk}"
    assert address in links_of(page)
    assert original.get_absolute_url() in links_of(client.get(address))


def test_until_it_has_been_compared_the_page_asks_again(client: Client, library: Library, user: User) -> None:
    fresh = ready(library, user, scene(1))
    hint = f'hx-get="/assets/{fresh.pk}/duplicates/"'
    assert hint in client.get(f"/assets/{fresh.pk}/").content.decode()
    compared(library, user, scene(2))
    assert hint not in client.get(f"/assets/{fresh.pk}/duplicates/").content.decode()


@pytest.mark.parametrize("number", [1, 8])
def test_the_page_takes_as_many_queries_however_many_groups_there_are(
    client: Client, library: Library, number: int, django_assert_max_num_queries: Any
) -> None:
    paired(library, *((2 * n, 2 * n + 1) for n in range(number)))
    with django_assert_max_num_queries(13):
        client.get(PAGE)


def test_a_script_gets_the_message_only_and_after_an_undo_the_page_anew(client: Client, library: Library) -> None:
    assets = paired(library, (0, 1))
    sent = {"assets": [str(asset.pk) for asset in assets], "keep": str(assets[0].pk)}
    answer = client.post(f"{PAGE}decide/", sent, headers={"HX-Request": "true"})
    assert "One is kept, 1 picture is in the trash." in text_of(answer)
    assert "<html" not in answer.content.decode()
    undone = client.post(undo_address(answer), headers={"HX-Request": "true"})
    assert (undone.status_code, undone.headers["HX-Refresh"]) == (204, "true")


def test_without_a_script_an_undo_leads_back_to_where_one_was(client: Client, library: Library) -> None:
    assets = paired(library, (0, 1), (2, 3))
    page = decide(client, assets[2:], action="keep_all", asset=str(assets[0].pk))
    here = f"{PAGE}?asset={assets[0].pk}"
    assert f'name="next" value="{here}"' in page.content.decode()
    assert client.post(undo_address(page), {"next": here}).headers["Location"] == here


def test_every_picture_of_a_group_has_its_menu(client: Client, library: Library) -> None:
    assets = paired(library, (0, 1))
    links = links_of(client.get(PAGE))
    assert all(f"/l/studio/search/?like={asset.pk}" in links for asset in assets)
