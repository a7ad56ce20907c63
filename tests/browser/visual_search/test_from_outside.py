"""Pictures from outside: chosen, pasted, dropped, fetched."""

import base64
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.browser.steps import drawn, served
from tests.browser.visual_search.steps import asked, at, box_of, stroke

pytestmark = pytest.mark.slow


def dialog_of(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Search by Image")


def paste(page: Page, text: str = "", picture: bytes = b"", target: str = "body") -> None:
    page.evaluate(
        """([text, picture, target]) => {
            const clipboardData = new DataTransfer();
            if (text) clipboardData.setData("text/plain", text);
            const bytes = Uint8Array.from(atob(picture), letter => letter.charCodeAt(0));
            if (picture) clipboardData.items.add(new File([bytes], "shot.png", {type: "image/png"}));
            const pasted = new ClipboardEvent("paste", {bubbles: true, cancelable: true, clipboardData});
            document.querySelector(target).dispatchEvent(pasted);
        }""",
        [text, base64.b64encode(picture).decode(), target],
    )


def test_a_part_of_a_chosen_file_is_searched_with(results: Page) -> None:
    results.get_by_role("link", name="Search by image", exact=True).click()
    dialog = dialog_of(results)
    dialog.locator("[type=file]").set_input_files(drawn("blue", 3, "example.png"))
    image = dialog.locator("[data-crop-image]")
    results.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())
    tool = dialog.locator("[data-crop]")
    expect(dialog.get_by_role("button", name="Search with this part")).to_be_hidden()
    stroke(results, at(results, tool, 0.2, 0.2), at(results, tool, 0.7, 0.8))
    assert box_of(tool) == pytest.approx([20, 20, 50, 60], abs=1)
    dialog.get_by_role("button", name="Whole picture").click()
    assert box_of(tool) == [-1] * 4
    stroke(results, at(results, tool, 0.2, 0.2), at(results, tool, 0.7, 0.8))
    dialog.get_by_label("Add it to the present search").check()
    dialog.get_by_role("button", name="Search with this part").click()
    results.wait_for_url(re.compile("anchor="))
    assert asked(results)["text"] == ["red"]
    expect(results.locator(".chip-image")).to_contain_text("Part of example.png")


def test_a_picture_stays_where_it_is_while_a_box_is_drawn_on_it(results: Page) -> None:
    results.get_by_role("link", name="Search by image", exact=True).click()
    results.set_viewport_size({"width": 420, "height": 1000})  # what comes with a box does not fit one row
    dialog = dialog_of(results)
    dialog.locator("[type=file]").set_input_files(drawn("blue", 3, "example.png"))
    tool = dialog.locator("[data-crop]")
    start, end = at(results, tool, 0.2, 0.2), at(results, tool, 0.7, 0.8)
    stroke(results, start, end)
    expect(dialog.get_by_role("button", name="Whole picture")).to_be_visible()
    assert (at(results, tool, 0.2, 0.2), at(results, tool, 0.7, 0.8)) == (start, end)
    results.set_viewport_size({"width": 360, "height": 800})
    assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")


def test_a_part_of_an_address_is_chosen_once_it_is_fetched(page: Page, library: str) -> None:
    page.goto(f"{library}search/")
    page.get_by_role("link", name="Search by image", exact=True).click()
    with served(factories.picture("red", (300, 200), seed=4)) as address:
        dialog_of(page).get_by_label("Image URL").fill(address)
        dialog_of(page).get_by_role("button", name="Choose a part…").click()
        page.wait_for_url("**/search/part/**")
    page.get_by_role("button", name="Search with this part").click()
    page.wait_for_url(re.compile(r"search/\?anchor="))


def test_an_image_pasted_in_visual_mode_is_ready_to_search_with(results: Page) -> None:
    paste(results, picture=factories.picture("red", (60, 40), seed=7))
    expect(dialog_of(results)).to_be_visible()
    expect(dialog_of(results).locator("[data-chosen-name]")).to_contain_text("shot.png")
    dialog_of(results).locator("[data-chosen-search]").click()
    results.wait_for_url(re.compile(r"search/\?anchor="))


def test_an_address_pasted_in_visual_mode_is_ready_to_search_with(results: Page) -> None:
    paste(results, text="https://example.org/a.jpg")
    expect(dialog_of(results).get_by_label("Image URL")).to_have_value("https://example.org/a.jpg")
    expect(dialog_of(results).get_by_role("button", name="Search", exact=True).first).to_be_focused()


def test_what_is_pasted_elsewhere_is_left_alone(page: Page, library: str) -> None:
    picture = factories.picture("red", (60, 40), seed=7)
    page.goto(library)  # Advanced
    paste(page, picture=picture)
    page.goto(f"{library}search/?text=red")
    paste(page, text="two words")
    paste(page, picture=picture, target="[data-form=visual] input[name=text]")
    paste(page, text="https://example.org/a.jpg", target="[data-form=visual] input[name=text]")
    expect(dialog_of(page)).to_be_hidden()


def test_a_file_dropped_in_visual_mode_asks_what_to_do_with_it(results: Page) -> None:
    results.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(["x"], "a.png", {type: "image/png"}));
            const options = {bubbles: true, cancelable: true, dataTransfer: transfer};
            document.body.dispatchEvent(new DragEvent("dragenter", options));
            window.dropped = options;
        }"""
    )
    overlay = results.locator("#drop-overlay")
    expect(overlay).to_contain_text("Upload")
    expect(overlay).to_contain_text("Search by image")
    results.locator("[data-drop-to=search]").evaluate("to => to.dispatchEvent(new DragEvent('drop', window.dropped))")
    expect(overlay).to_be_hidden()
    expect(dialog_of(results).locator("[data-chosen-name]")).to_contain_text("a.png")
