"""The part of a picture to search with, by mouse, keys and finger."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.steps import drawn, fits
from tests.browser.visual_search.steps import asked, at, box_of, cards, id_of, stroke

pytestmark = pytest.mark.slow


@pytest.fixture
def crop(results: Page) -> Locator:
    """The crop tool of a card's menu, open."""
    cards(results).nth(1).click(button="right")
    results.get_by_role("menuitem", name="Find similar to a part…").click()
    tool = results.get_by_role("dialog", name="Search with a part")
    picture = tool.locator("[data-crop-image]")
    results.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
    return tool


def test_a_box_is_moved_sized_and_drawn_anew_with_the_mouse(results: Page, crop: Locator) -> None:
    stroke(results, at(results, crop, 0.5, 0.5), at(results, crop, 0.6, 0.4))  # inside: moved
    assert box_of(crop) == pytest.approx([25, 5, 70, 70], abs=1)
    stroke(results, at(results, crop, 0.95, 0.75), at(results, crop, 0.75, 0.5))  # its corner: sized
    assert box_of(crop) == pytest.approx([25, 5, 50, 45], abs=1)
    stroke(results, at(results, crop, 0.95, 0.95), at(results, crop, 0.8, 0.7))  # outside: drawn
    assert box_of(crop) == pytest.approx([80, 70, 15, 25], abs=1)
    crop.get_by_role("button", name="Search with this part").click()
    results.wait_for_url(re.compile("anchor="))
    expect(results.locator(".chip-image")).to_contain_text("Part of")


def test_a_box_is_moved_by_arrows_and_sized_with_shift(results: Page, crop: Locator) -> None:
    box = crop.get_by_role("application", name="The part to search with")
    expect(box).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Shift+ArrowLeft", "Shift+ArrowUp"):
        results.keyboard.press(key)
    assert box_of(crop) == [16, 17, 69, 69]
    said = "From the left 16 %, from the top 17 %, 69 % wide, 69 % high"
    expect(crop.locator("[data-crop-said]")).to_have_text(said)
    crop.get_by_label("Width").fill("20")
    drawn_width = box.evaluate("box => box.style.width")
    assert drawn_width == "20%"
    results.keyboard.press("Enter")
    results.wait_for_url(re.compile("anchor="))


def test_the_part_takes_the_place_of_the_picture_in_its_chip(page: Page, library: str) -> None:
    page.goto(library)
    example = id_of(cards(page).first)
    page.goto(f"{library}search/?text=red&like={example}&weight={example}:2")
    page.locator(".chip-image summary").click()
    page.get_by_role("link", name="Crop…").click()
    tool = page.get_by_role("dialog", name="Search with a part")
    tool.get_by_role("button", name="Search with this part").click()
    page.wait_for_url(re.compile("anchor="))
    (anchor,) = asked(page)["anchor"]
    assert asked(page) == {"text": ["red"], "anchor": [anchor], "weight": [f"{anchor}:2"]}
    page.locator(".chip-image summary").click()
    page.get_by_role("link", name="Crop…").click()  # a part of the part
    tool.get_by_role("link", name="With the whole picture").click()
    page.wait_for_url(re.compile(anchor))


def test_a_finger_draws_the_box(phone: Page, library: str) -> None:
    phone.goto(f"{library}search/?text=red")
    phone.locator(".card summary").first.click()
    phone.get_by_role("menuitem", name="Find similar to a part…").click()
    tool = phone.get_by_role("dialog", name="Search with a part")
    expect(tool.locator("[data-crop-image]")).to_be_visible()
    touch = phone.context.new_cdp_session(phone)
    for kind, *spots in (
        ("touchStart", (0.95, 0.95)),
        ("touchMove", (0.7, 0.8)),
        ("touchMove", (0.5, 0.6)),
        ("touchStart", (0.5, 0.6), (0.1, 0.1)),  # another finger on the picture
        ("touchMove", (0.5, 0.6), (0.2, 0.3)),
    ):
        places = [at(phone, tool, *spot) for spot in spots]
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert box_of(tool) == pytest.approx([50, 60, 45, 35], abs=1.5)


def test_the_crop_tool_and_the_dialog_are_accessible(page: Page, library: str) -> None:
    page.goto(f"{library}search/?text=red&not_text=sea&collapse=true")
    page.locator(".chip summary").first.click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".card-link").first.focus()
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="Search with a part")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Search by image", exact=True).click()
    page.locator("#by-image-file").set_input_files(drawn("blue", 3, "example.png"))
    expect(page.locator("[data-chosen]")).to_be_visible()
    assert violations(page) == []


def test_the_crop_tool_fits_a_phone(phone: Page, library: str) -> None:
    phone.goto(f"{library}search/?text=red&not_text=sea")
    phone.locator(".chip summary").last.click()
    panel = phone.locator(".chip-menu[open] .menu-panel").bounding_box()
    assert panel
    assert 0 <= panel["x"] <= panel["x"] + panel["width"] <= 390
    phone.goto(f"{library}search/part/{id_of(cards(phone).first)}/")
    fits(phone, 390)
