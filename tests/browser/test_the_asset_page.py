"""The page of an asset: tabs, zoom, regions that are drawn, versions; with mouse, keys and fingers, light and dark."""

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.accessibility import violations
from tests.browser.complaints import Complaints
from tests.browser.steps import at_rest, drawn, fits, upload, wait_until_indexed
from tests.stack import Stack

pytestmark = pytest.mark.slow

TABS = ["Summary", "Metadata", "Regions", "Similar", "Duplicates", "History", "Versions"]
SIDES = ("x", "y", "width", "height")


def large(seed: int, name: str) -> FilePayload:
    """Larger than its preview: 3000 x 2000."""
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)).resize((3000, 2000))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return {"name": name, "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


@pytest.fixture(scope="module")
def path(browser: Browser, stack: Stack, signed_in: object) -> Iterator[str]:
    """The address of a large picture, indexed."""
    with browser.new_context(base_url=stack.url, storage_state=signed_in) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto("/")
        library = re.sub(r"^https?://[^/]+", "", page.url)
        upload(page, library, large(41, "tapestry.jpg"))
        wait_until_indexed(page, library, "tapestry")
        yield page.locator('.card:has([title="tapestry"]) .card-link').first.get_attribute("href") or ""


def percent(page: Page) -> int:
    return int(page.locator("[data-zoom-percent]").inner_text().split()[0])


def numbers(page: Page) -> list[int]:
    return [int(page.locator(f"[data-side={side}]").input_value() or 0) for side in SIDES]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def layer(page: Page) -> tuple[float, float, float, float]:
    page.locator(".zoom-layer img").evaluate("image => image.decode()")
    box = at_rest(page.locator(".zoom-layer")).bounding_box()
    assert box
    return box["x"], box["y"], box["width"], box["height"]


def test_tabs_by_mouse_and_arrow_keys_each_with_an_address(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("tab")).to_have_text(TABS)
    expect(page.get_by_role("tab", name="Summary")).to_have_attribute("aria-selected", "true")
    page.locator(".zoom-layer img").evaluate("image => image.dataset.same = 'yes'")
    page.get_by_role("tab", name="Versions").click()
    page.wait_for_url("**/versions/")
    expect(page).to_have_title(re.compile("^Versions · tapestry"))
    expect(page.get_by_role("tabpanel", name="Versions")).to_contain_text("Version 1")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Summary")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/metadata/")
    expect(page.get_by_role("tab", name="Metadata")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Versions")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.wait_for_url(re.compile(r"/assets/[^/]+/$"))
    assert page.locator(".zoom-layer img").get_attribute("data-same") == "yes"  # the picture stays as it is
    page.go_back()
    page.wait_for_url("**/metadata/")
    expect(page.get_by_role("tab", name="Metadata")).to_have_attribute("aria-selected", "true")


def test_a_tab_or_dialog_that_cannot_be_reached_is_said(page: Page, path: str, complaints: Complaints) -> None:
    complaints.expected = ("ERR_INTERNET_DISCONNECTED", "htmx:afterRequest", "htmx:sendError")
    page.goto(f"{path}versions/")
    page.context.set_offline(True)
    page.get_by_role("tab", name="History").click()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    expect(page.get_by_role("tab", name="Versions")).to_have_attribute("aria-selected", "true")
    page.locator("[data-asks]").first.click()
    expect(page.locator(".toast")).to_have_count(2)
    page.context.set_offline(False)
    page.get_by_role("tab", name="History").click()
    page.wait_for_url("**/history/")


def test_metadata_is_edited_in_place(page: Page, path: str) -> None:
    page.goto(f"{path}metadata/")
    page.get_by_role("link", name="(edit Alternative text)").click()
    field = page.get_by_label("Alternative text")
    expect(field).to_be_focused()
    field.fill("Coloured cloth")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("Coloured cloth")
    assert page.url.endswith("/metadata/")


def test_zoom_by_keys_buttons_wheel_and_pan(page: Page, path: str) -> None:
    page.goto(path)
    layer(page)
    fitted = percent(page)
    assert fitted < 60
    page.locator("[data-zoom]").focus()
    page.keyboard.press("+")
    assert percent(page) > fitted
    page.keyboard.press("0")
    assert percent(page) == fitted
    page.keyboard.press("1")
    assert percent(page) == 100
    expect(page.locator("[data-zoom]")).to_have_attribute("data-shows", "original")
    assert page.locator(".zoom-layer img").evaluate("image => image.naturalWidth") == 3000
    before = layer(page)
    page.keyboard.press("ArrowRight")
    assert layer(page)[0] == pytest.approx(before[0] - 64, abs=1)
    box = page.locator("[data-zoom]").bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    before = layer(page)
    drag(page, middle, (middle[0] + 50, middle[1] + 30))
    assert layer(page)[:2] == (pytest.approx(before[0] + 50, abs=1), pytest.approx(before[1] + 30, abs=1))
    page.get_by_role("button", name="Fit").click()
    assert percent(page) == fitted
    page.mouse.move(*middle)
    page.mouse.wheel(0, -400)
    expect(page.locator("[data-zoom]")).to_have_attribute("data-zoomed", "")
    page.get_by_role("button", name="Zoom out").click()
    page.mouse.dblclick(*middle)
    page.keyboard.press("0")
    page.mouse.dblclick(*middle)
    assert percent(page) == 100


def test_two_fingers_zoom_and_one_moves(phone: Page, path: str) -> None:
    phone.goto(path)
    x, y, width, height = layer(phone)
    fitted = percent(phone)
    touch = phone.context.new_cdp_session(phone)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {
            "type": kind, "touchPoints": [{"x": at[0], "y": at[1], "id": number} for number, at in enumerate(points)],
        })  # fmt: skip

    middle = (x + width / 2, y + height / 2)
    fingers("touchStart", (middle[0] - 20, middle[1]), (middle[0] + 20, middle[1]))
    phone.wait_for_timeout(700)
    expect(phone.get_by_role("menu")).to_be_hidden()  # one finger as long would have opened it
    for step in range(1, 6):
        fingers("touchMove", (middle[0] - 20 - 16 * step, middle[1]), (middle[0] + 20 + 16 * step, middle[1]))
    fingers("touchEnd")
    phone.wait_for_function(f"parseInt(document.querySelector('[data-zoom-percent]').textContent) > {2 * fitted}")
    before = layer(phone)
    fingers("touchStart", middle)
    for step in range(1, 6):
        fingers("touchMove", (middle[0] + 8 * step, middle[1]))
    fingers("touchEnd")
    assert layer(phone)[0] > before[0] + 20


def fill_in(page: Page) -> None:
    """The numbers of a box."""
    for label, number in (("Left", "10"), ("Top", "20"), ("Width", "100"), ("Height", "90")):
        page.get_by_role("main").get_by_label(label, exact=True).fill(number)


def test_a_region_is_drawn_labelled_resized_moved_and_removed(page: Page, path: str) -> None:
    page.goto(f"{path}regions/")
    x, y, width, height = layer(page)
    drag(page, (x + width * 0.2, y + height * 0.2), (x + width * 0.5, y + height * 0.6))
    assert numbers(page) == [pytest.approx(value, abs=12) for value in (600, 400, 900, 800)]
    expect(page.get_by_label("Label")).to_be_focused()
    page.keyboard.type("corner")
    page.get_by_role("button", name="Mark").click()
    expect(page.locator(".region-list li")).to_contain_text("corner")
    expect(page.locator(".outlines rect")).to_have_count(1)
    page.get_by_role("link", name="Edit corner").click()
    expect(page.get_by_role("heading", name="Change the region")).to_be_visible()
    assert numbers(page) == [pytest.approx(value, abs=12) for value in (600, 400, 900, 800)]
    edge = page.locator('.drawn-box [data-edge="se"]').bounding_box()
    assert edge
    corner = (edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2)
    drag(page, corner, (corner[0] + width * 0.1, corner[1] + height * 0.1))
    assert numbers(page) == [pytest.approx(value, abs=16) for value in (600, 400, 1200, 1000)]
    drag(page, (x + width * 0.3, y + height * 0.3), (x + width * 0.2, y + height * 0.2))
    assert numbers(page) == [pytest.approx(value, abs=20) for value in (300, 200, 1200, 1000)]
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Mark a region")).to_be_visible()
    fill_in(page)  # without a mouse
    expect(page.locator(".drawn-box")).to_be_visible()
    assert page.locator("#region-labels option").first.get_attribute("value") == "corner"
    page.get_by_role("button", name="Mark").click()
    expect(page.locator(".region-list li")).to_have_count(2)
    for left in (1, 0):
        page.get_by_role("button", name=re.compile("^Remove ")).first.click()
        expect(page.locator(".region-list li")).to_have_count(left)


def test_a_region_is_drawn_with_a_finger(phone: Page, path: str) -> None:
    phone.goto(f"{path}regions/")
    x, y, width, height = layer(phone)
    touch = phone.context.new_cdp_session(phone)
    for kind, share in (("touchStart", 0.3), ("touchMove", 0.4), ("touchMove", 0.6), ("touchEnd", None)):
        points = [] if share is None else [{"x": x + width * share, "y": y + height * share}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        phone.wait_for_timeout(700 if kind == "touchStart" else 0)  # who aims is not asking for the menu
    expect(phone.get_by_role("menu")).to_be_hidden()
    assert numbers(phone) == [pytest.approx(value, abs=40) for value in (900, 600, 900, 600)]


@pytest.mark.usefixtures("refusals")
def test_a_file_is_replaced_and_restored(page: Page, path: str) -> None:
    page.goto(f"{path}versions/")
    page.set_input_files("input[name=file]", [large(42, "new.jpg")])
    page.get_by_role("button", name="Replace").click()
    expect(page.locator(".version[aria-current]")).to_contain_text("Version 2", timeout=60_000)
    expect(page.locator(".zoom-layer img")).to_have_attribute("src", re.compile(r"\?v=2$"))
    expect(page.locator(".version")).to_have_count(2)
    page.get_by_role("link", name="Restore version 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.locator(".version[aria-current]")).to_contain_text("Version 1", timeout=60_000)
    page.set_input_files("input[name=file]", [large(42, "new.jpg")])
    page.get_by_role("button", name="Replace").click()
    expect(page.get_by_role("alert")).to_contain_text("version 2 of this picture")
    page.set_input_files("input[name=file]", [drawn(name="x.png") | {"buffer": b"no picture"}])
    page.get_by_role("button", name="Replace").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".version[aria-current]")).to_contain_text("Version 1")


@pytest.fixture
def refusals(complaints: list[str]) -> None:
    """A refused file is a page with a status of its own, which Chromium notes."""
    complaints.expected = ("status of 4",)  # type: ignore[attr-defined]


def test_every_tab_is_accessible_and_fits_a_phone(page: Page, path: str) -> None:
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for tab in ("", "metadata/", "regions/", "similar/", "duplicates/", "history/", "versions/", "edit/"):
            page.goto(path + tab)
            assert violations(page) == [], tab
            fits(page, width)


def test_without_a_script_tabs_regions_and_versions_work(
    browser: Browser, stack: Stack, signed_in: object, path: str
) -> None:
    with browser.new_context(
        base_url=stack.url,
        storage_state=signed_in,  # type: ignore[arg-type]
        java_script_enabled=False,
    ) as context:
        page = context.new_page()
        page.goto(path)
        page.get_by_role("link", name="Regions", exact=True).click()
        page.get_by_label("Label").fill("plain")
        fill_in(page)
        page.get_by_role("button", name="Mark").click()
        expect(page.locator(".region-list li")).to_contain_text("plain")
        page.get_by_role("button", name="Remove plain").click()
        expect(page.locator(".region-list li")).to_have_count(0)
        page.get_by_role("link", name="Metadata", exact=True).click()
        page.get_by_role("link", name="(edit Description)").click()
        page.locator("#id_description").fill("Without a script")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#panel")).to_contain_text("Without a script")
        page.get_by_role("link", name="Versions", exact=True).click()
        expect(page.locator(".version")).not_to_have_count(0)
