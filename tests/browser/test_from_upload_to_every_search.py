"""The main path: upload in the page, see the thumbnail, be indexed, and be found in each of the four ways."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.steps import card, drawn, served, upload, wait_until_indexed

pytestmark = pytest.mark.slow

RED, BLUE = "plain red", "plain blue"


@pytest.fixture
def uploaded(page: Page, library: str) -> Page:
    """A red and a blue picture, uploaded through the page once, and indexed."""
    page.goto(f"{library}?q=plain")
    if not page.locator(".card").count():
        upload(page, library, drawn("red", 1, f"{RED}.png"), drawn("blue", 2, f"{BLUE}.png"))
    for name in (RED, BLUE):
        wait_until_indexed(page, library, name)
    return page


def first_result(page: Page) -> str:
    return page.locator("#grid > .card .caption-name").first.inner_text()


def test_an_uploaded_picture_appears_and_is_indexed_without_a_reload(uploaded: Page) -> None:
    thumb = card(uploaded, RED).locator("img")
    thumb.scroll_into_view_if_needed()
    uploaded.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=thumb.element_handle())
    expect(card(uploaded, RED).locator(".badge")).to_have_count(0)


def test_words_find_it(uploaded: Page) -> None:
    uploaded.get_by_role("link", name="Visual", exact=True).click()
    box = uploaded.get_by_placeholder("Describe what you are looking for")
    expect(box).to_be_focused()
    box.fill("red")
    box.press("Enter")
    uploaded.wait_for_url(re.compile(r"search/\?text=red"))
    names = uploaded.locator("#grid > .card .caption-name").all_inner_texts()
    assert names.index(RED) < names.index(BLUE)


def test_right_click_finds_similar(uploaded: Page) -> None:
    card(uploaded, BLUE).click(button="right")
    uploaded.get_by_role("menuitem", name="Find Similar Image").click()
    uploaded.wait_for_url("**/search/?like=*")
    assert first_result(uploaded) == BLUE


def test_an_image_file_finds_it(uploaded: Page) -> None:
    uploaded.get_by_role("link", name="Visual", exact=True).click()
    uploaded.get_by_role("link", name="Search by image", exact=True).click()
    dialog = uploaded.get_by_role("dialog", name="Search by Image")
    expect(dialog).to_contain_text("Up to 40 MB")
    dialog.locator("[type=file]").set_input_files(drawn("blue", 3, "example.png"))
    dialog.locator("[data-chosen-search]").click()
    uploaded.wait_for_url("**/search/?anchor=*")
    assert first_result(uploaded) == BLUE
    expect(uploaded.get_by_role("link", name="Remove example.png")).to_be_visible()


def test_an_image_address_finds_it(uploaded: Page, library: str) -> None:
    uploaded.goto(f"{library}search/")
    uploaded.get_by_role("link", name="Search by image", exact=True).click()
    dialog = uploaded.get_by_role("dialog", name="Search by Image")
    with served(factories.picture("red", (300, 200), seed=4)) as address:
        dialog.get_by_label("Image URL").fill(address)
        dialog.get_by_role("button", name="Search").first.click()
        uploaded.wait_for_url("**/search/?anchor=*")
    assert first_result(uploaded) == RED
    shared = uploaded.url
    uploaded.goto(shared)  # nothing is fetched again: the web server is gone
    assert first_result(uploaded) == RED


def test_chips_are_removed_one_by_one(uploaded: Page, library: str) -> None:
    card(uploaded, RED).click(button="right")
    uploaded.get_by_role("menuitem", name="Find Similar Image").click()
    uploaded.wait_for_url("**/search/?like=*")
    box = uploaded.get_by_placeholder("Describe what you are looking for")
    box.fill("blue")
    box.press("Enter")
    uploaded.wait_for_url(re.compile("text=blue"))
    assert "like=" in uploaded.url
    uploaded.get_by_role("link", name="Remove blue").click()
    uploaded.wait_for_url(re.compile(r"search/\?like=[^&]*$"))
    uploaded.get_by_role("link", name=f"Remove {RED}").click()
    uploaded.wait_for_url(re.compile(r"search/$"))


def test_find_similar_is_offered_in_the_results_and_on_the_asset_page(uploaded: Page, library: str) -> None:
    uploaded.goto(f"{library}search/?text=red")
    card(uploaded, RED).click(button="right")
    uploaded.get_by_role("menuitem", name="Open").click()
    uploaded.wait_for_url("**/assets/**")
    uploaded.wait_for_load_state("networkidle")  # the strip of similar pictures arrives, and moves what is below it
    uploaded.locator(".stage").click(button="right")
    uploaded.get_by_role("menuitem", name="Find Similar Image").click()
    uploaded.wait_for_url("**/search/?like=*")
    assert first_result(uploaded) == RED
