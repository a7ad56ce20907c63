import base64
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.complaints import Complaints
from tests.browser.steps import card, drawn, served, upload

pytestmark = pytest.mark.slow


def drop(page: Page, target: str, *files: Any) -> None:
    """What dragging files from the desktop over the page and letting go on `target` does."""
    given = [[file["name"], file["mimeType"], base64.b64encode(file["buffer"]).decode()] for file in files]
    transfer = page.evaluate_handle(
        """files => { const data = new DataTransfer();
            for (const [name, type, text] of files)
                data.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name, {type}));
            return data; }""",
        given,
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    for event in ("dragover", "drop"):
        page.dispatch_event(target, event, {"dataTransfer": transfer})


def outcome(page: Page, name: str) -> Any:
    return page.locator(".upload-row").filter(has=page.locator(".upload-name", has_text=name))


def test_each_file_has_its_own_outcome(page: Page, library: str, tmp_path: Path) -> None:
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(40 * 1024 * 1024 + 1)
    (tmp_path / "notes.png").write_bytes(b"not a picture")
    (tmp_path / "fine.png").write_bytes(drawn("yellow", 21)["buffer"])
    page.goto(f"{library}upload/")
    page.set_input_files("input[name=files]", [huge, tmp_path / "notes.png", tmp_path / "fine.png"])
    expect(outcome(page, "huge.png")).to_contain_text("larger than 40 MB")
    expect(outcome(page, "notes.png")).to_contain_text("not a picture")
    expect(outcome(page, "fine.png")).to_contain_text("Added")
    expect(page.locator("[data-summary-text]")).to_have_text("1 of 3 added")


def test_a_duplicate_is_shown_and_both_can_be_kept(page: Page, library: str) -> None:
    upload(page, library, drawn("orange", 22, "twin.png"))
    upload(page, library, drawn("orange", 22, "twin again.png"))
    row = outcome(page, "twin again.png")
    expect(row).to_contain_text("already here as “twin”")
    expect(row.get_by_role("link", name="Show the existing one")).to_have_attribute("href", re.compile("^/assets/"))
    row.get_by_role("button", name="Keep both").click()
    expect(outcome(page, "twin again.png")).to_contain_text("Added")


def test_files_dropped_on_the_grid_are_uploaded_and_their_cards_appear(page: Page, library: str) -> None:
    drop(page, "[data-drop-to=upload]", drawn("purple", 23, "dropped.png"))
    expect(outcome(page, "dropped.png")).to_contain_text("Added")
    expect(card(page, "dropped")).to_be_visible()
    card(page, "dropped").locator("img").wait_for()


def test_a_dropped_file_can_be_searched_with_instead(page: Page) -> None:
    drop(page, "[data-drop-to=search]", drawn("blue", 24, "question.png"))
    dialog = page.get_by_role("dialog", name="Search by Image")
    expect(dialog).to_contain_text("question.png")
    dialog.locator("[data-chosen-search]").click()
    page.wait_for_url("**/search/?anchor=*")


def test_an_image_can_be_pasted_into_the_dialog(page: Page, library: str) -> None:
    page.goto(f"{library}search/")
    page.locator(".camera").click()
    page.evaluate(
        """text => { const data = new DataTransfer();
            data.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], "", {type: "image/png"}));
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data})); }""",
        base64.b64encode(drawn("green", 25)["buffer"]).decode(),
    )
    expect(page.get_by_role("dialog")).to_contain_text("Pasted image")


def test_what_the_dialog_cannot_use_gets_a_sentence_there(
    page: Page, library: str, complaints: Complaints, tmp_path: Path
) -> None:
    complaints.expected = ("status of 4",)  # the browser itself notes each refused request
    page.goto(f"{library}search/")
    page.locator(".camera").click()
    dialog = page.get_by_role("dialog")
    for address, sentence in [("http://10.0.0.1/a.png", "not on the public internet"), ("ftp://a.b/c.png", "http")]:
        dialog.get_by_label("Image URL").fill(address)
        dialog.get_by_label("Image URL").press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text(sentence)
    with served(b"<html>no picture</html>", "text/html") as address:
        dialog.get_by_label("Image URL").fill(address)
        dialog.get_by_label("Image URL").press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text("picture")
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(40 * 1024 * 1024 + 1)
    dialog.locator("[type=file]").set_input_files(huge)
    expect(dialog.get_by_role("alert")).to_contain_text("larger than 40 MB")
    assert page.url.endswith("/search/")


def test_a_lost_connection_is_said_and_can_be_tried_again(page: Page, library: str, complaints: Complaints) -> None:
    complaints.expected = ("ERR_FAILED",)
    page.goto(f"{library}upload/")
    page.context.route(
        "**/upload/", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    page.set_input_files("input[name=files]", [drawn("cyan", 26, "patient.png")])
    expect(outcome(page, "patient.png")).to_contain_text("The connection was lost")
    page.context.unroute("**/upload/")
    outcome(page, "patient.png").get_by_role("button", name="Try again").click()
    expect(outcome(page, "patient.png")).to_contain_text("Added")
