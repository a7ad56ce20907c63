"""Selecting by every gesture, what is done with a selection, and the way back."""

import gzip
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.complaints import Complaints
from tests.browser.steps import drawn, fits, upload
from tests.stack import Stack

pytestmark = pytest.mark.slow

SHIFT: Any = ["Shift"]
CONTROL: Any = ["Control"]


def cards(page: Page) -> Locator:
    return page.locator("[data-grid] > .card[data-asset]:visible")


def selected(page: Page) -> list[str]:
    return page.locator(".card[data-selected] .caption-name").all_inner_texts()


def names(page: Page) -> list[str]:
    return cards(page).locator(".caption-name").all_inner_texts()


def check(page: Page, at: int) -> None:
    cards(page).nth(at).hover()
    cards(page).nth(at).get_by_role("checkbox").click()


def bar(page: Page) -> Locator:
    return page.get_by_role("form", name="selected")


def act(page: Page, name: str) -> None:
    bar(page).get_by_role("button", name=name, exact=True).click()


def centre(card: Locator) -> tuple[float, float]:
    box = card.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_check_mark_shows_a_bar_that_moves_nothing_and_says_how_many(page: Page) -> None:
    boxes = "[...document.querySelectorAll('.card')].map(card => JSON.stringify(card.getBoundingClientRect()))"
    before = page.evaluate(boxes)
    expect(bar(page)).to_be_hidden()
    check(page, 0)
    check(page, 2)
    expect(bar(page)).to_contain_text("2 selected")
    expect(page.locator("#announcer")).to_have_text("2 selected")
    assert page.evaluate(boxes) == before
    assert page.evaluate("scrollY") == 0


def test_a_check_mark_has_a_name_and_takes_the_keyboard(page: Page) -> None:
    mark = page.get_by_role("checkbox", name=f"Select {names(page)[0]}", exact=True)
    mark.focus()
    page.keyboard.press("Space")
    assert selected(page) == names(page)[:1]
    expect(mark).to_be_checked()


def test_control_click_adds_and_takes_out_without_opening(page: Page) -> None:
    address = page.url
    for at in (0, 1, 0):
        cards(page).nth(at).locator(".card-link").click(modifiers=CONTROL)
    assert selected(page) == [names(page)[1]]
    assert (page.url, len(page.context.pages)) == (address, 1)


@pytest.mark.parametrize("address", ["", "search/?text=red"])
def test_shift_selects_a_range_also_among_results(page: Page, library: str, address: str) -> None:
    page.goto(library + address)
    check(page, 1)
    cards(page).nth(4).locator(".card-link").click(modifiers=SHIFT)
    assert selected(page) == names(page)[1:5]
    cards(page).nth(0).get_by_role("checkbox").click(modifiers=SHIFT)
    assert len(selected(page)) in (4, 5)


def test_control_a_selects_all_and_escape_none(page: Page) -> None:
    page.keyboard.press("Control+a")
    assert selected(page) == names(page)
    page.keyboard.press("Escape")
    assert selected(page) == []
    expect(page.locator("#announcer")).to_have_text("Nothing is selected.")
    page.get_by_label("Search names, descriptions and tags").press("Control+a")
    assert selected(page) == []


def test_x_selects_the_card_with_the_focus(page: Page) -> None:
    page.locator(".card-link").nth(1).focus()
    page.keyboard.press("x")
    assert selected(page) == [names(page)[1]]
    page.keyboard.press("x")
    assert selected(page) == []


def test_a_rubber_band_selects_what_it_touches_and_a_click_beside_clears(page: Page) -> None:
    first, second = (cards(page).nth(at).bounding_box() for at in (0, 1))
    assert first
    assert second
    page.mouse.move(first["x"] - 12, first["y"] - 6)
    page.mouse.down()
    page.mouse.move(second["x"] + 10, second["y"] + 20, steps=5)
    expect(page.locator(".band")).to_be_visible()
    assert selected(page) == names(page)[:2]
    page.mouse.up()
    expect(page.locator(".band")).to_have_count(0)
    expect(page.locator("#announcer")).to_have_text("2 selected")
    page.mouse.click(first["x"] - 12, first["y"] - 6)
    assert selected(page) == []


@pytest.mark.parametrize("address", ["", "search/?text=red", "issues/", "?sort=bytes"])
def test_every_grid_can_be_selected_from(page: Page, library: str, address: str) -> None:
    page.goto(library + address)
    check(page, 0)
    expect(bar(page)).to_contain_text("1 selected")


def test_a_selection_outlives_cards_that_come_in(page: Page) -> None:
    check(page, 0)
    was = selected(page)
    page.evaluate(
        """async () => {
            const grid = document.getElementById("grid");
            await htmx.ajax("GET", location.href, {target: grid, swap: "innerHTML"});
        }"""
    )
    expect(page.locator(".card[data-selected]")).to_have_count(1)
    assert selected(page) == was


@pytest.fixture
def few(page: Page, library: str) -> Page:
    """A page of three pictures that nothing else needs."""
    page.goto(f"{library}?q=selected")
    if cards(page).count() < 3:
        upload(page, library, *(drawn("teal", 60 + at, f"selected {at}.png") for at in range(3)))
        page.goto(f"{library}?q=selected")
    expect(cards(page)).to_have_count(3)
    return page


def test_delete_moves_to_the_trash_and_is_undone(few: Page) -> None:
    few.locator(".card-link").first.focus()
    few.keyboard.press("Delete")
    expect(cards(few)).to_have_count(2)
    expect(few.locator(".toast")).to_contain_text("1 picture is in the trash.")
    few.get_by_role("button", name="Undo").click()
    expect(cards(few)).to_have_count(3)
    expect(few.locator(".toast").last).to_contain_text("Undone for 1 picture.")


def test_when_all_are_gone_the_page_says_so_until_they_are_back(few: Page) -> None:
    few.keyboard.press("Control+a")
    few.keyboard.press("Delete")
    expect(few.locator(".toolbar-title .number")).to_have_text("0 pictures")
    expect(few.locator(".main > .empty")).to_be_visible()
    few.get_by_role("button", name="Undo").click()
    expect(few.locator(".toolbar-title .number")).to_have_text("3 pictures")
    expect(few.locator(".main > .empty")).to_have_count(0)


def test_several_are_deleted_and_restored_from_the_trash(few: Page, library: str) -> None:
    few.keyboard.press("Control+a")
    act(few, "Delete")
    expect(few.locator(".toast")).to_contain_text("3 pictures are in the trash.")
    few.goto(f"{library}trash/")
    for at in range(3):
        check(few, at)
    act(few, "Restore")
    expect(few.locator(".toast")).to_contain_text("3 pictures are back.")
    few.goto(f"{library}?q=selected")
    expect(cards(few)).to_have_count(3)


def test_a_folder_can_be_selected_from(page: Page) -> None:
    page.get_by_role("link", name="holiday", exact=True).click()
    page.wait_for_url("**/?folder=*")
    page.keyboard.press("Control+a")
    expect(bar(page)).to_contain_text(f"{len(names(page))} selected")


def test_tags_are_asked_for_in_a_dialog(few: Page, complaints: Complaints) -> None:
    complaints.expected = ("status of 400", "Status Error Code 400")
    few.keyboard.press("Control+a")
    act(few, "Tags")
    dialog = few.get_by_role("dialog", name="Tags of 3 pictures")
    dialog.get_by_label("Tags").fill("a" * 101)
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert")).to_contain_text("at most 100 characters")
    dialog.get_by_label("Tags").fill("by hand")
    dialog.get_by_role("button", name="Add").click()
    expect(few.locator(".toast")).to_contain_text("3 pictures are tagged.")
    expect(dialog).to_be_hidden()
    few.get_by_role("button", name="Undo").click()
    expect(few.locator(".toast").last).to_contain_text("Undone for 3 pictures.")


def test_a_download_says_where_it_is(few: Page) -> None:
    few.keyboard.press("Control+a")
    act(few, "Download")
    link = few.get_by_role("link", name="Download the ZIP file")
    with few.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.endswith(".zip")


def test_removing_for_good_names_the_number_and_can_be_left(page: Page, library: str) -> None:
    upload(page, library, drawn("olive", 71, "for good.png"))
    page.goto(f"{library}?q=for+good")
    check(page, 0)
    page.keyboard.press("Delete")
    expect(page.locator(".toast")).to_contain_text("in the trash")
    page.goto(f"{library}trash/")
    check(page, 0)
    page.keyboard.press("Escape")
    check(page, 0)
    act(page, "Remove for good")
    dialog = page.get_by_role("dialog", name="Remove 1 picture for good?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert len(selected(page)) == 1
    act(page, "Remove for good")
    dialog.get_by_role("button", name="Remove for good").click()
    expect(page.locator(".toast")).to_contain_text("1 picture is gone for good.")


def test_space_shows_the_picture_and_arrows_its_neighbours(page: Page) -> None:
    shown = names(page)
    page.locator(".card-link").first.focus()
    page.keyboard.press("Space")
    dialog = page.locator("#preview")
    expect(dialog).to_contain_text(f"{shown[0]}, 1 of {len(shown)}")
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text(f"{shown[1]}, 2 of {len(shown)}")
    expect(dialog.locator("img")).to_have_attribute("src", re.compile(r"/preview/$"))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text(f"{shown[0]}, 1 of")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(dialog).to_be_hidden()
    expect(page.locator(".card-link").nth(1)).to_be_focused()


def test_the_question_mark_lists_the_keys_and_keys_can_be_switched_off(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Move to the trash")
    page.keyboard.press("Escape")
    page.evaluate("localStorage.setItem('shortcuts', 'off')")
    page.locator(".card-link").first.focus()
    for key in ("?", "x", "Space", "Delete"):
        page.keyboard.press(key)
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert selected(page) == []
    page.evaluate("localStorage.clear()")


def test_a_finger_reaches_the_check_mark_and_then_taps_select(phone: Page) -> None:
    mark = cards(phone).nth(0).get_by_role("checkbox")
    box = cards(phone).nth(0).locator(".card-check").bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    mark.tap()
    cards(phone).nth(1).locator(".card-link").tap()
    expect(bar(phone)).to_contain_text("2 selected")
    fits(phone, 390)
    bar(phone).get_by_role("button", name="Select all").tap()
    assert selected(phone) == names(phone)
    bar(phone).get_by_role("button", name="Clear the selection").tap()
    expect(bar(phone)).to_be_hidden()


def test_selecting_asking_and_looking_are_accessible(page: Page, library: str) -> None:
    check(page, 0)
    assert violations(page) == []
    for name, closed in (("Tags", "#asking"), ("Move", "#asking"), ("Collect", "#asking")):
        act(page, name)
        expect(page.locator(closed)).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(bar(page).get_by_role("button", name=name, exact=True)).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#key-help")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".card-link").first.focus()
    page.keyboard.press("Space")
    expect(page.locator("#preview")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{library}trash/")
    assert violations(page) == []


def test_without_a_script_check_marks_and_buttons_are_a_form(
    few: Page, browser: Browser, stack: Stack, signed_in: Any, library: str
) -> None:
    with browser.new_context(base_url=stack.url, storage_state=signed_in, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{library}?q=selected")
        for at in (0, 1):
            check(page, at)
        act(page, "Move")
        page.get_by_label("Folder", exact=True).select_option("holiday")
        page.get_by_role("button", name="Move", exact=True).click()
        expect(page.locator(".toast")).to_contain_text("2 pictures have been moved.")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".toast")).to_contain_text("Undone for 2 pictures.")


def test_scripts_and_styles_are_small(page: Page) -> None:
    sizes = {"js": 0, "css": 0}
    found = page.evaluate(
        "[...document.querySelectorAll('script[src], link[rel=stylesheet]')].map(e => e.src || e.href)"
    )
    for address in found:
        packed = len(gzip.compress(page.request.get(address).body()))
        sizes["css" if address.endswith(".css") else "js"] += packed
    assert sizes["js"] < 60 * 1024
    assert sizes["css"] < 40 * 1024


def test_a_card_that_has_gone_stays_away_when_its_state_arrives_late(page: Page) -> None:
    card = cards(page).first
    place = page.locator(f"#{card.get_attribute('id')}")
    late = str(card.evaluate("(card) => card.outerHTML.replace('<li', '<li hx-swap-oob=\"true\"')"))
    page.route("**/late/", lambda route: route.fulfill(body=late, content_type="text/html"))
    changed = "new CustomEvent('assetsChanged', { detail: { gone: [card.dataset.asset], here: [] } })"
    card.evaluate(f"(card) => {{ document.dispatchEvent({changed}); }}")
    expect(place).to_be_hidden()
    page.evaluate("htmx.ajax('GET', '/late/', { target: document.getElementById('grid'), swap: 'none' })")
    expect(place).to_be_hidden()
