"""Find Similar Image is a step away on every surface; all of it without a script, too."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.steps import at_rest, card
from tests.browser.visual_search.steps import asked, cards, id_of
from tests.stack import Stack

pytestmark = pytest.mark.slow


Surface = Callable[[Page, str, str], Locator]


def in_results(page: Page, library: str, _asset: str) -> Locator:
    page.goto(f"{library}search/?text=red")
    return cards(page).first


def in_grid(page: Page, library: str, _asset: str) -> Locator:
    page.goto(library)
    return cards(page).first


def in_folder(page: Page, library: str, _asset: str) -> Locator:
    page.goto(library)
    rail = page.get_by_role("navigation", name="Library")
    if not rail.is_visible():
        page.get_by_role("button", name="Folders and tags").click()
    rail.get_by_role("link", name="holiday", exact=True).click()
    page.wait_for_url(re.compile("folder="))
    return cards(page).first


def on_asset_page(page: Page, library: str, asset: str) -> Locator:
    page.goto(f"/assets/{asset}/")
    page.wait_for_load_state("networkidle")
    return page.locator(".stage")


def in_similar_strip(page: Page, library: str, asset: str) -> Locator:
    page.goto(f"/assets/{asset}/similar/")
    return page.locator(".similar .card").first


def among_duplicates(page: Page, library: str, _asset: str) -> Locator:
    page.goto(f"{library}duplicates/")
    return page.locator(".duplicate").first


def on_start(page: Page, library: str, _asset: str) -> Locator:
    page.goto(f"{library}search/")
    return page.locator(".card").first


SURFACES = [in_results, in_grid, in_folder, on_asset_page, in_similar_strip, among_duplicates, on_start]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.__name__)
@pytest.mark.parametrize("way", ["mouse", "menu key", "s"])
def test_find_similar_is_a_step_away_everywhere(
    page: Page, library: str, alike: list[str], surface: Surface, way: str
) -> None:
    place = surface(page, library, alike[0])
    meant = id_of(place)
    focused = place if surface is on_asset_page else place.locator("a[href]:visible").first
    if way == "mouse":
        place.scroll_into_view_if_needed()
        at_rest(place)  # the menu closes when the page scrolls
        place.click(button="right", position={"x": 40, "y": 40})
    else:
        focused.focus()
        page.keyboard.press("s" if way == "s" else "Shift+F10")
    if way != "s":
        page.get_by_role("menuitem", name="Find Similar Image").click()
    page.wait_for_url(re.compile(f"search/.like={meant}"))


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.__name__)
def test_a_long_press_offers_find_similar_everywhere(
    phone: Page, library: str, alike: list[str], surface: Surface
) -> None:
    place = surface(phone, library, alike[0])
    place.scroll_into_view_if_needed()
    box = at_rest(place).bounding_box()
    assert box
    touch = phone.context.new_cdp_session(phone)
    spot = [{"x": box["x"] + 60, "y": box["y"] + 60}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": spot})
    expect(phone.get_by_role("menuitem", name="Find Similar Image")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.get_by_role("menuitem", name="Find Similar Image").tap()
    phone.wait_for_url(re.compile("search/.like="))


def test_without_a_script_a_search_is_refined_weighed_cut_and_collapsed(
    browser: object, stack: Stack, signed_in: object, library: str
) -> None:
    with browser.new_context(  # type: ignore[attr-defined]
        base_url=stack.url, storage_state=signed_in, java_script_enabled=False
    ) as context:
        page = context.new_page()
        page.goto(f"{library}search/?text=red")
        page.locator(".card").nth(1).hover()
        page.locator(".card summary").nth(1).click()
        page.locator(".card").nth(1).get_by_role("link", name="More like this").click()
        assert "like" in asked(page)
        page.locator(".chip-query summary").first.click()
        page.get_by_role("link", name="Much more").click()
        assert asked(page)["weight"] == ["text:4"]
        page.get_by_role("link", name="Collapse near-duplicates").click()
        assert asked(page)["collapse"] == ["true"]
        page.locator(".chip-image summary").click()
        page.get_by_role("link", name="Crop…").click()
        page.get_by_role("main").get_by_label("Width").fill("30")
        page.get_by_role("button", name="Search with this part").click()
        assert asked(page).keys() == {"text", "weight", "anchor", "collapse"}
        expect(card(page, page.locator(".caption-name").first.inner_text())).to_be_visible()
