import base64
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.accessibility import SCHEMES, Scheme, violations
from tests.browser.complaints import Complaints
from tests.browser.steps import card, drawn, served, upload
from tests.stack import Stack

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
    expect(outcome(page, "notes.png").locator("img")).to_have_count(0)
    expect(outcome(page, "fine.png")).to_contain_text("Added")
    expect(outcome(page, "fine.png").locator("img")).to_be_visible()
    expect(page.locator("[data-summary-text]")).to_have_text("1 of 3 added")


def test_a_duplicate_is_shown_and_both_can_be_kept(page: Page, library: str) -> None:
    upload(page, library, drawn("orange", 22, "twin.png"))
    upload(page, library, drawn("orange", 22, "twin again.png"))
    row = outcome(page, "twin again.png")
    expect(row).to_contain_text("already here as “twin”")
    expect(row.get_by_role("link", name="Show the existing one")).to_have_attribute("href", re.compile("^/assets/"))
    row.get_by_role("button", name="Keep both").click()
    expect(outcome(page, "twin again.png")).to_contain_text("Added")


def test_an_upload_of_the_same_name_becomes_the_new_file_of_the_picture(page: Page, library: str) -> None:
    upload(page, library, drawn("orange", 25, "renewed.png"))
    page.goto(library)
    drop(page, "[data-drop-to=upload]", drawn("teal", 26, "renewed.png"))
    row = outcome(page, "renewed.png")
    named = page.locator("#grid > .card:visible").filter(has=page.locator('.caption-name[title="renewed"]'))
    expect(row).to_contain_text("Another picture here is called “renewed”.")
    expect(named).to_have_count(2)
    row.get_by_role("link", name="Make it the new file of that picture").click()
    dialog = page.get_by_role("dialog", name="Make this the new file of “renewed”?")
    expect(dialog).to_contain_text("keeps its address, tags, folder and description")
    dialog.get_by_role("button", name="Make it the new file").click()
    expect(page.get_by_text("The new file of “renewed” is shown as soon as it is processed.")).to_be_visible()
    expect(named).to_have_count(1)
    page.goto(named.locator(".card-link").get_attribute("href") or "")
    page.get_by_role("tab", name="Versions").click()
    expect(page.locator(".version")).to_have_count(2)


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


def posted(page: Page, handle: Any) -> None:
    """Have what is uploaded handled so, until that is taken back."""
    page.context.route(
        "**/upload/", lambda route: handle(route) if route.request.method == "POST" else route.continue_()
    )


def test_after_a_lost_connection_it_goes_on_by_itself(page: Page, library: str, complaints: Complaints) -> None:
    complaints.expected = ("ERR_FAILED",)
    page.goto(f"{library}upload/")
    posted(page, lambda route: route.abort())
    page.set_input_files("input[name=files]", [drawn("cyan", 26, "patient.png")])
    expect(page.locator(".upload-pace")).to_contain_text("goes on by itself")
    expect(page.locator("#announcer")).to_contain_text("goes on by itself")
    page.context.unroute("**/upload/")
    page.get_by_role("button", name="Try now").click()
    expect(outcome(page, "patient.png")).to_contain_text("Added")
    expect(page.locator(".upload-pace")).to_have_text("")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_while_a_proxy_finds_no_server_it_waits(page: Page, library: str, complaints: Complaints, status: int) -> None:
    complaints.expected = ("status of 50",)
    page.goto(f"{library}upload/")
    answers = [status, status]
    posted(page, lambda route: route.fulfill(status=answers.pop()) if answers else route.continue_())
    page.set_input_files("input[name=files]", [drawn("cyan", 100 + status, "proxied.png")])
    expect(outcome(page, "proxied.png")).to_contain_text("Added")
    assert answers == []


def test_an_answer_that_is_lost_makes_no_second_asset(page: Page, library: str, complaints: Complaints) -> None:
    complaints.expected = ("ERR_FAILED",)
    page.goto(f"{library}upload/")
    lost = []

    def lose(route: Any) -> None:
        if lost:
            return route.continue_()
        lost.append(route.fetch().status)  # it has arrived, and nobody learns of it
        return route.abort()

    posted(page, lose)
    page.set_input_files("input[name=files]", [drawn("teal", 27, "once.png")])
    expect(outcome(page, "once.png")).to_contain_text("Added")
    assert lost == [200]
    page.goto(f"{library}?q=once")
    expect(card(page, "once")).to_be_visible()
    assert page.locator('.caption-name[title="once"]').count() == 1


def test_a_failure_of_the_server_is_said_and_can_be_tried_again(
    page: Page, library: str, complaints: Complaints
) -> None:
    complaints.expected = ("status of 500",)
    page.goto(f"{library}upload/")
    posted(page, lambda route: route.fulfill(status=500, body="no"))
    page.set_input_files("input[name=files]", [drawn("cyan", 28, "a.png"), drawn("cyan", 29, "b.png")])
    expect(outcome(page, "a.png")).to_contain_text("did not accept")
    expect(page.locator(".upload-pace")).to_contain_text("Could not be added: 2")
    page.context.unroute("**/upload/")
    outcome(page, "a.png").get_by_role("button", name="Try again").click()
    expect(outcome(page, "a.png")).to_contain_text("Added")
    outcome(page, "b.png").get_by_role("button", name="Try again").click()
    expect(page.locator("[data-summary-text]")).to_have_text("2 of 2 added")


def large(tmp_path: Path, seed: int, name: str = "large.png") -> Path:
    """A picture that goes in parts."""
    noise = np.random.default_rng(seed).integers(0, 255, (2000, 1800, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    return tmp_path / name


def slow_down(page: Page, bytes_a_second: int) -> Any:
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    speed = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second}
    network.send("Network.emulateNetworkConditions", speed)
    return network


def test_a_large_file_pauses_and_goes_on_where_it_stood_also_after_a_reload(
    page: Page, library: str, tmp_path: Path
) -> None:
    page.on("dialog", lambda dialog: dialog.accept())  # that the page is left while it uploads
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.headers.get("upload-offset", "")))
    path = large(tmp_path, 1)
    page.goto(f"{library}upload/")
    network = slow_down(page, 1_500_000)
    page.set_input_files("input[name=files]", path)
    side = outcome(page, "large.png").locator("[data-side]")
    expect(side).to_contain_text(re.compile("(4[5-9]|5[0-9]) %"))
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-summary-text]")).to_contain_text("Paused")
    page.reload()
    network.detach()
    sent.clear()
    page.set_input_files("input[name=files]", path)
    expect(outcome(page, "large.png")).to_contain_text("Added")
    assert int(next(offset for offset in sent if offset)) >= 4 * 1024 * 1024  # also what a broken part had brought
    outcome(page, "large.png").get_by_role("link").click()
    expect(page.get_by_role("heading", name="large")).to_be_visible()


def test_a_large_duplicate_can_be_kept_and_a_bad_large_file_gets_its_sentence(
    page: Page, library: str, tmp_path: Path, complaints: Complaints
) -> None:
    complaints.expected = ("status of 4",)
    page.goto(f"{library}upload/")
    path = large(tmp_path, 2)
    page.set_input_files("input[name=files]", path)
    expect(outcome(page, "large.png")).to_contain_text("Added")
    again = path.rename(tmp_path / "again.png")
    page.set_input_files("input[name=files]", again)
    expect(outcome(page, "again.png")).to_contain_text("already here as “large”")
    outcome(page, "again.png").get_by_role("button", name="Keep both").click()
    expect(outcome(page, "again.png")).to_contain_text("Added")
    (tmp_path / "broken.png").write_bytes(b"no picture" * 500_000)
    page.set_input_files("input[name=files]", tmp_path / "broken.png")
    expect(outcome(page, "broken.png")).to_contain_text("not a picture")


def test_duplicates_are_decided_one_by_one_or_all_at_once(page: Page, library: str) -> None:
    def pictures(again: str) -> list[Any]:
        return [drawn("maroon", 40 + number, f"{again} {number}.png") for number in range(4)]

    upload(page, library, *pictures("first"))
    upload(page, library, *pictures("second"))
    outcome(page, "second 0").get_by_role("button", name="Skip").click()
    expect(outcome(page, "second 0")).to_contain_text("Skipped")
    expect(page.locator("[data-duplicates-text]")).to_have_text("3 of these pictures are already here.")
    page.get_by_role("button", name="Keep both of all").click()
    expect(page.locator("[data-summary-text]")).to_have_text("3 of 4 added")
    page.set_input_files("input[name=files]", pictures("third"))  # the same for those that follow
    expect(page.locator("[data-summary-text]")).to_have_text("7 of 8 added")
    page.get_by_role("button", name="Ask for each again").click()
    page.set_input_files("input[name=files]", pictures("fourth"))
    expect(outcome(page, "fourth 3")).to_contain_text("already here")
    page.get_by_role("button", name="Skip all").click()
    expect(outcome(page, "fourth 3")).to_contain_text("Skipped")


def test_a_folder_becomes_folders_of_the_library(page: Page, library: str, tmp_path: Path) -> None:
    for number, place in enumerate(["", "lisbon", "lisbon/tram"]):
        (tmp_path / "journey" / place).mkdir(exist_ok=True, parents=True)
        (tmp_path / "journey" / place / f"{number}.png").write_bytes(drawn("navy", 50 + number)["buffer"])
    (tmp_path / "journey/.DS_Store").write_text("no picture")
    page.goto(f"{library}upload/")
    page.get_by_label("New folder inside it").fill("2026")
    page.set_input_files("#choose-folder", tmp_path / "journey")
    expect(page.locator("[data-summary-text]")).to_have_text("3 of 3 added")
    expect(outcome(page, "journey/lisbon/tram/2.png")).to_be_visible()
    page.goto(library)
    for name in ("2026", "journey", "lisbon", "tram"):
        expect(page.locator("#rail a").filter(has_text=re.compile(f"^\\s*{name}\\s*$"))).to_have_count(1)


def test_a_dropped_folder_is_walked(page: Page, library: str) -> None:
    page.evaluate(
        """text => {
            const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
            const made = new File([bytes], "deep.png", {type: "image/png"});
            const file = { isFile: true, name: "deep.png", file: (done) => done(made) };
            const reader = (left) => ({ readEntries: (done) => done(left.shift()) });
            const folder = (name, inside) => ({ isFile: false, name, createReader: () => reader([inside, []]) });
            DataTransferItem.prototype.webkitGetAsEntry = () => folder("outer", [folder("inner", [file])]);
        }""",
        base64.b64encode(drawn("olive", 60)["buffer"]).decode(),
    )
    drop(page, "[data-drop-to=upload]", drawn("olive", 61, "outer"))
    expect(outcome(page, "outer/inner/deep.png")).to_contain_text("Added")


def test_what_is_left_can_be_cancelled(page: Page, library: str) -> None:
    page.goto(f"{library}upload/")
    slow_down(page, 2_000)
    page.set_input_files("input[name=files]", [drawn("plum", 70 + number, f"c{number}.png") for number in range(6)])
    outcome(page, "c5.png").get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-summary-text]")).to_contain_text("of 5")
    page.get_by_role("button", name="Cancel the rest").click()
    expect(page.locator("[data-summary-text]")).to_have_text("0 of 0 added")
    expect(page.locator(".upload-row")).to_have_count(0)


def test_a_file_that_is_removed_meanwhile_gets_a_sentence(page: Page, library: str, tmp_path: Path) -> None:
    paths = [large(tmp_path, 80 + number, f"g{number}.png") for number in range(4)]
    page.goto(f"{library}upload/")
    slow_down(page, 5_000_000)
    page.set_input_files("input[name=files]", paths)
    expect(outcome(page, "g3.png").locator("img")).to_be_visible()
    paths[3].unlink()
    expect(outcome(page, "g3.png")).to_contain_text("cannot be read any more", timeout=60_000)
    expect(page.locator("[data-summary-text]")).to_have_text("3 of 4 added", timeout=60_000)


def test_who_is_signed_out_is_told_and_goes_on_after_signing_in_elsewhere(
    page: Page, library: str, stack: Stack
) -> None:
    page.goto(f"{library}upload/")
    page.context.clear_cookies(name="sessionid")
    page.set_input_files("input[name=files]", [drawn("beige", 90, "later.png")])
    expect(page.locator(".upload-pace")).to_contain_text("You are signed out")
    elsewhere = page.context.new_page()
    elsewhere.goto("/")
    elsewhere.get_by_label("User name").fill(stack.username)
    elsewhere.get_by_label("Password").fill(stack.password)
    elsewhere.get_by_role("button", name="Sign in").click()
    elsewhere.wait_for_url("**/l/**")
    page.get_by_role("button", name="Resume").click()
    expect(outcome(page, "later.png")).to_contain_text("Added")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", ["page", "phone"])
def test_axe_finds_nothing_while_files_go_and_wait_for_a_decision(
    request: pytest.FixtureRequest, library: str, scheme: Scheme, size: str
) -> None:
    shown: Page = request.getfixturevalue(size)
    shown.emulate_media(color_scheme=scheme)  # from the beginning: rows that are out of sight take no new one on
    upload(shown, library, drawn("coral", 95, f"{scheme} {size}.png"))
    upload(shown, library, *[drawn("coral", 95, f"{scheme} {size} {number}.png") for number in range(2)])
    assert violations(shown, [scheme]) == []
