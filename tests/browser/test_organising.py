"""Folders, collections, saved searches and jobs, by mouse, by keyboard, on a phone, without a script."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.complaints import Complaints
from tests.browser.steps import card, drawn, fits, upload
from tests.browser.test_every_page import plain

__all__ = ["plain"]  # a fixture

pytestmark = pytest.mark.slow


@pytest.fixture
def name() -> str:
    """Of something new: the tests share one library."""
    return f"<b>Sea & sun {uuid4().hex[:6]}"


@pytest.fixture
def dialog(page: Page) -> Iterator[Locator]:
    yield page.locator("#asking")


def send(dialog: Locator, name: str) -> None:
    dialog.get_by_label("Name", exact=True).fill(name)
    dialog.locator(".button-primary").click()


def make_collection(page: Page, library: str, name: str) -> None:
    page.goto(f"{library}collections/")
    page.locator("main").get_by_role("link", name="New collection").first.click()
    send(page.locator("#asking"), name)
    page.wait_for_url(re.compile("/collections/[0-9a-f-]{36}/"))


def in_rail(page: Page, name: str) -> Locator:
    return page.locator("#rail .rail-link").filter(has_text=name)


def cards(page: Page) -> Locator:
    return page.locator("#grid > .card")


def names(page: Page) -> list[str]:
    return cards(page).locator(".caption-name").all_inner_texts()


@pytest.fixture
def own(page: Page, library: str, name: str) -> list[str]:
    """Two pictures that may be moved: other tests rely on where those of the library are."""
    own = [f"{name[3:]} {number}" for number in range(2)]
    upload(page, library, *(drawn("navy", uuid4().int % 10**6, f"{each}.png") for each in own))
    page.goto(library)
    return own


def test_a_card_is_dragged_into_a_new_folder(
    page: Page, library: str, dialog: Locator, name: str, own: list[str]
) -> None:
    page.get_by_role("link", name="New folder").click()
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    send(dialog, "a/b")
    expect(dialog.get_by_role("alert")).to_contain_text("no slash")
    send(dialog, name)
    page.wait_for_url("**folder=*")
    folder = page.url
    page.goto(library)
    card(page, own[0]).drag_to(in_rail(page, name))
    expect(page.locator(".toast")).to_contain_text("1 picture has been moved.")
    page.goto(folder)
    assert names(page) == own[:1]
    page.go_back()
    card(page, own[1]).drag_to(in_rail(page, name))
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("Undone for 1 picture.")


def test_the_menu_moves_it_by_keyboard_and_its_card_goes(
    page: Page, library: str, dialog: Locator, name: str, own: list[str]
) -> None:
    page.goto(f"{library}folders/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Make the folder").click()
    page.wait_for_url("**folder=*")
    page.goto(library)
    card(page, own[0]).locator(".card-link").focus()
    page.keyboard.press("Shift+F10")
    page.keyboard.type("m")
    page.keyboard.press("Enter")
    dialog.get_by_label("Folder").select_option(label=name)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").filter(has_text="1 picture has been moved.")).to_be_visible()
    expect(dialog).to_be_hidden()
    in_rail(page, name).click()
    cards(page).first.click(button="right")
    page.get_by_role("menuitem", name="Move to folder…").click()
    dialog.get_by_role("button", name="Move").click()
    expect(cards(page).first).to_be_hidden()


def test_a_full_folder_asks_before_it_is_deleted(page: Page, library: str, dialog: Locator, name: str) -> None:
    page.goto(f"{library}folders/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Make the folder").click()
    in_rail(page, name).hover()
    page.get_by_role("link", name=f"Change the folder {name}").click()
    dialog.get_by_role("link", name="Delete it").click()
    expect(dialog).to_contain_text("It is empty.")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Delete this folder…").click()
    dialog.get_by_role("button", name="Delete the folder").click()
    page.wait_for_url(library)
    expect(in_rail(page, name)).to_have_count(0)


def test_cards_are_dragged_onto_a_collection_and_taken_out(page: Page, library: str, name: str) -> None:
    make_collection(page, library, name)
    collection = page.url
    page.goto(library)
    put = names(page)[:2]
    for number in (1, 0):
        cards(page).nth(number).drag_to(in_rail(page, name))
        expect(page.locator(".toast")).to_have_count(2 - number)
    page.goto(collection)
    assert names(page) == put[::-1]
    cards(page).first.click(button="right")
    page.get_by_role("menuitem", name="Remove from this collection").click()
    page.get_by_role("button", name="Remove from the collection").click()
    expect(cards(page).first).to_be_hidden()
    expect(cards(page).last).to_be_visible()
    page.reload()
    assert names(page) == put[:1]


def test_a_search_is_saved_and_opened_from_the_rail(page: Page, library: str, dialog: Locator, name: str) -> None:
    page.goto(f"{library}search/?text=red+car")
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Save this search…").click()
    send(dialog, name)
    expect(page.locator(".toast")).to_contain_text(f"The search “{name}” is saved.")
    page.goto(library)
    in_rail(page, name).click()
    page.wait_for_url(re.compile(r"search/\?text=red\+car"))


def test_an_export_is_followed_until_it_can_be_downloaded(page: Page, library: str, dialog: Locator) -> None:
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Export…").click()
    send_export = dialog.get_by_role("button", name="Export")
    dialog.get_by_label("Name of the file").fill("all of it")
    send_export.click()
    page.wait_for_url("**/activity/")
    link = page.locator(".job").first.get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=60_000)  # without a reload
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "all of it.zip"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert [url for url in asked if "/activity/" in url] == []


def test_the_history_of_an_asset_shows_that_it_is_indexed_again(page: Page, library: str) -> None:
    page.goto(cards(page).first.locator(".card-link").get_attribute("href") or "")
    page.get_by_role("tab", name="History").click()
    history = page.get_by_role("region", name="History")
    expect(history.locator("[data-state=done]")).to_have_count(4)
    history.get_by_role("button", name="Index again").click()
    expect(history.locator("[data-state=done]")).not_to_have_count(4)
    expect(history.locator("[data-state=done]")).to_have_count(4, timeout=60_000)


def test_on_a_phone_all_of_it_is_within_reach(page: Page, library: str, dialog: Locator, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Folders and tags").click()
    page.get_by_role("link", name="New collection").click()
    send(dialog, name)
    page.wait_for_url(re.compile("/collections/[0-9a-f-]{36}/"))
    fits(page, 390)
    page.goto(library)
    cards(page).first.hover()
    cards(page).first.locator("summary").click()
    page.get_by_role("menuitem", name="Add to collection…").click()
    dialog.get_by_label("Collection", exact=True).select_option(label=name)
    dialog.get_by_role("button", name="Add").click()
    expect(page.locator(".toast")).to_contain_text("1 picture is in the collection.")


def test_a_collection_its_dialogs_and_a_job_are_accessible(
    page: Page, library: str, dialog: Locator, name: str
) -> None:
    make_collection(page, library, name)
    assert violations(page) == []
    page.get_by_label("More actions").click()
    assert violations(page) == []
    page.get_by_role("link", name="Delete this collection…").click()
    expect(dialog).to_be_visible()
    assert violations(page) == []
    page.goto(f"{library}export/")
    page.get_by_role("button", name="Export").click()
    page.locator(".job-title a").first.click()
    expect(page.locator(".job")).to_be_visible()
    assert violations(page) == []
    page.goto(library)
    page.goto(f"{cards(page).first.locator('.card-link').get_attribute('href')}history/")
    assert violations(page) == []


def test_what_is_refused_closes_the_dialog_and_says_why(page: Page, library: str, complaints: Complaints) -> None:
    complaints.expected = ("status of 404", "Response Status Error Code 404")
    page.evaluate("document.querySelector('[data-asks]').href = '/l/nothing/folders/new/'")
    page.get_by_role("link", name="New folder").click()
    expect(page.locator(".toast")).to_contain_text("There is nothing here")
    expect(page.locator("#asking")).to_be_hidden()


def test_without_a_script_pictures_are_collected_by_links_and_forms(plain: Page, name: str) -> None:
    card = plain.locator(".card").first
    card.hover()
    card.locator("summary").click()
    card.get_by_role("link", name="Add to collection…").click()
    plain.get_by_label("Or a new one, named").fill(name)
    plain.get_by_role("button", name="Add").click()
    expect(plain.locator(".toast")).to_contain_text("1 picture is in the collection.")
    plain.get_by_role("link", name=name).click()
    expect(plain.locator("h1")).to_contain_text(name)
    expect(plain.locator(".card")).to_have_count(1)
    plain.get_by_label("More actions").click()
    plain.get_by_role("link", name="Delete this collection…").click()
    plain.get_by_role("button", name="Delete the collection").click()
    expect(plain.locator("h1")).to_have_text("Collections")
