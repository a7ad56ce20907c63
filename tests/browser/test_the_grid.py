import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.complaints import Complaints
from tests.browser.steps import card, drawn, eventually, upload

pytestmark = pytest.mark.slow


def focused_name(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('.card')?.querySelector('.caption-name').textContent"))


def names(page: Page) -> list[str]:
    return page.locator("#grid > .card:visible .caption-name").all_inner_texts()


def test_arrow_keys_move_between_cards_and_enter_opens(page: Page) -> None:
    shown = names(page)
    page.locator(".card-link").first.focus()
    page.keyboard.press("ArrowRight")
    assert focused_name(page) == shown[1]
    page.keyboard.press("ArrowDown")
    below = focused_name(page)
    assert below in shown[2:]
    page.keyboard.press("ArrowUp")
    assert focused_name(page) in shown[: shown.index(below)]
    page.keyboard.press("Home")
    assert focused_name(page) == shown[0]
    page.keyboard.press("Enter")
    page.wait_for_url("**/assets/**")


@pytest.mark.parametrize("key", ["Shift+F10", "ContextMenu"])
def test_the_menu_opens_by_keyboard_and_gives_the_focus_back(page: Page, key: str) -> None:
    page.locator(".card-link").nth(1).focus()
    was = focused_name(page)
    page.keyboard.press(key)
    expect(page.get_by_role("menuitem", name="Open")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Find Similar Image")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_be_hidden()
    assert focused_name(page) == was


def test_the_dots_open_the_same_menu(page: Page) -> None:
    page.locator(".card").first.hover()
    page.locator(".card summary").first.click()
    actions = ["Open", "Find Similar Image", "Find similar to a part…", "Download"]
    actions += ["Add to collection…", "Move to folder…", "Share…", "Delete"]
    expect(page.get_by_role("menuitem")).to_have_text(actions)


def test_s_finds_similar_and_can_be_switched_off(page: Page, library: str) -> None:
    page.get_by_label("Account").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.keyboard.press("Escape")
    page.locator(".card-link").first.focus()
    page.keyboard.press("s")
    assert page.url.endswith(library)
    page.evaluate("localStorage.clear()")
    page.keyboard.press("s")
    page.wait_for_url("**/search/?like=*")


def test_shift_and_right_click_leave_the_browsers_own_menu(page: Page) -> None:
    ours = page.evaluate(
        """() => ["", "shift"].map(key => {
            const click = new MouseEvent("contextmenu", {bubbles: true, cancelable: true, shiftKey: key === "shift"});
            return !document.querySelector(".card-link").dispatchEvent(click);
        })"""
    )
    assert ours == [True, False]


def test_a_long_press_opens_the_menu(phone: Page) -> None:
    box = phone.locator(".card").first.bounding_box()
    assert box
    touch = phone.context.new_cdp_session(phone)
    spot = [{"x": box["x"] + 60, "y": box["y"] + 60}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": spot})
    expect(phone.get_by_role("menuitem", name="Find Similar Image")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(phone.get_by_role("menuitem", name="Find Similar Image")).to_be_visible()


def test_slash_goes_to_the_search_box(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.get_by_label("Search names, descriptions and tags")).to_be_focused()


def test_deleting_can_be_undone_where_it_was_done(page: Page, library: str) -> None:
    upload(page, library, drawn("green", 11, "to be deleted.png"))
    page.goto(library)
    card(page, "to be deleted").click(button="right")
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.locator(".toast")).to_contain_text("is in the trash")
    assert "to be deleted" not in names(page)
    page.get_by_role("button", name="Undo").click()
    expect(card(page, "to be deleted")).to_be_visible()
    page.reload()
    assert "to be deleted" in names(page)


def test_what_is_deleted_may_have_been_replaced_under_its_menu(page: Page, library: str) -> None:
    upload(page, library, *(drawn("green", 12 + at, f"replaced {at}.png") for at in range(3)))
    page.goto(library)
    held: list[Route] = []
    page.route("**/bulk/", lambda route: held.append(route))
    for at in range(3):  # while nothing is answered
        card(page, f"replaced {at}").click(button="right")
        expect(page.get_by_role("menuitem", name="Delete")).to_be_visible()
        card(page, f"replaced {at}").evaluate("card => card.replaceWith(card.cloneNode(true))")
        page.get_by_role("menuitem", name="Delete").click()
    eventually(page, lambda: len(held) == 3, "Not all of them are asked for.")
    for route in held:
        route.continue_()
    for at in range(3):
        expect(card(page, f"replaced {at}")).to_be_hidden()
    expect(page.locator(".toast")).to_have_count(3)


def test_what_could_not_be_sent_is_said_and_the_card_stays(page: Page, complaints: Complaints) -> None:
    complaints.expected = ("ERR_INTERNET_DISCONNECTED", "htmx:afterRequest", "htmx:sendError")
    shown = names(page)
    page.context.set_offline(True)
    page.locator("#grid > .card").first.click(button="right")
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    assert names(page) == shown


def test_unfinished_cards_are_asked_about_again_after_a_failure(page: Page, complaints: Complaints) -> None:
    complaints.expected = ("ERR_FAILED", "htmx:afterRequest", "htmx:sendError")
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        route.abort() if len(asked) == 1 else route.fulfill(status=204)

    page.route(re.compile("seen="), answer)
    page.locator("#grid > .card").first.evaluate("card => card.dataset.unfinished = 'x'")
    eventually(page, lambda: len(asked) > 1, "It is not asked again.")


def test_cards_do_not_move_when_their_pictures_arrive(page: Page, library: str) -> None:
    boxes = "[...document.querySelectorAll('.card')].map(card => JSON.stringify(card.getBoundingClientRect()))"
    page.wait_for_load_state("networkidle")
    with_pictures = page.evaluate(boxes)
    page.context.route("**/thumb/", lambda route: route.fulfill(status=204))
    page.goto(library)
    assert page.evaluate(boxes) == with_pictures


def test_scores_are_shown_by_key_and_kept_in_the_address(page: Page, library: str) -> None:
    page.goto(f"{library}search/?text=red")
    score = page.locator(".caption-score").first
    expect(score).to_be_hidden()
    page.keyboard.press("i")
    expect(score).to_have_text(re.compile(r"^(strong|likely|weak) -?\d\.\d{3}$"))
    assert "scores=1" in page.url
    page.reload()
    expect(score).to_be_visible()


def test_the_theme_changes_at_once_and_stays(page: Page) -> None:
    page.get_by_label("Account").click()
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark != "rgb(255, 255, 255)"
