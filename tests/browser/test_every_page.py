"""What holds for every page: accessible in light and dark, no sideways scrolling, usable without a script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import violations
from tests.browser.complaints import Complaints
from tests.browser.steps import drawn, fits
from tests.stack import Stack

pytestmark = pytest.mark.slow

PAGES = [
    "",
    "?q=no+such+thing",
    "upload/",
    "search/",
    "search/?text=red&scores=1",
    "search/by-image/",
    "filters/",
    "issues/",
    "duplicates/",
    "trash/",
    "collections/",
    "collections/new/?q=red",
    "tags/",
    "searches/",
    "searches/new/?q=red",
    "folders/new/",
    "activity/",
    "export/",
]
ACCOUNT = [
    "/account/keys/",
    "/account/tokens/",
    "/account/security/",
    "/account/security/password/",
    "/account/security/second-factor/",
]


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Iterator[Page]:
    """One that shows nothing yet."""
    page = context.new_page()
    yield page
    assert complaints == []


@pytest.fixture
def library(stack: Stack) -> str:
    return stack.library


def first_asset(page: Page, library: str) -> str:
    page.goto(library)
    return page.locator("#grid .card-link").first.get_attribute("href") or ""


@pytest.mark.parametrize("address", PAGES)
def test_a_page_of_the_library_is_accessible(page: Page, library: str, address: str) -> None:
    page.goto(library + address)
    assert violations(page) == []


def test_the_asset_page_its_form_and_the_question_before_deleting_are_accessible(page: Page, library: str) -> None:
    asset = first_asset(page, library)
    for address in (asset, f"{asset}edit/", f"{asset}delete/"):
        page.goto(address)
        assert violations(page) == []


def test_the_page_of_api_keys_is_accessible(page: Page) -> None:
    page.goto("/account/keys/")
    page.get_by_label("What it is for").fill("script")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_role("status").filter(has_text="API secret")).to_be_visible()
    assert violations(page) == []


def test_dialog_and_menus_are_accessible(page: Page, library: str) -> None:
    page.goto(library)
    page.get_by_label("Account").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".card").first.click(button="right")
    assert violations(page) == []
    page.goto(f"{library}search/")
    page.locator(".camera").click()
    assert violations(page) == []


def test_sign_in_and_the_page_for_nothing_are_accessible(
    browser: Browser, stack: Stack, complaints: Complaints
) -> None:
    complaints.expected = ("status of 404",)
    with browser.new_context(base_url=stack.url) as context:
        page = context.new_page()
        page.on("console", complaints.note)
        for address in ("/accounts/login/", "/nothing/here/"):
            page.goto(address)
            assert violations(page) == []
    assert complaints == []


def test_no_page_scrolls_sideways(page: Page, library: str) -> None:
    asset = first_asset(page, library)
    for address in [*(library + address for address in PAGES), asset, *ACCOUNT]:
        page.goto(address)
        for width in (360, 768, 3840):
            page.set_viewport_size({"width": width, "height": 800})
            fits(page, width)


def test_on_a_phone_the_rail_is_a_drawer(page: Page, library: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(library)
    rail = page.get_by_role("navigation", name="Library")
    expect(rail).to_be_hidden()
    page.get_by_role("button", name="Folders and tags").click()
    expect(rail).to_be_visible()
    page.keyboard.press("Escape")
    expect(rail).to_be_hidden()


@pytest.fixture
def plain(browser: Browser, stack: Stack, signed_in: object) -> Iterator[Page]:
    """A page in a browser without scripts."""
    with browser.new_context(
        base_url=stack.url,
        storage_state=signed_in,  # type: ignore[arg-type]
        java_script_enabled=False,
    ) as context:
        page = context.new_page()
        page.goto("/")
        yield page


def test_without_a_script_one_can_browse_search_and_find_similar(plain: Page) -> None:
    plain.locator(".card").first.hover()
    plain.locator(".card summary").first.click()
    plain.locator(".card").first.get_by_role("link", name="Find Similar Image").last.click()
    assert "/search/?like=" in plain.url
    box = plain.get_by_placeholder("Describe what you are looking for")
    box.fill("red")
    box.press("Enter")
    assert "text=red" in plain.url
    plain.get_by_role("link", name="Advanced").click()
    plain.get_by_label("Search names, descriptions and tags").press("Enter")
    expect(plain.locator(".card").first).to_be_visible()


def test_without_a_script_one_can_upload_and_search_by_image(plain: Page) -> None:
    plain.get_by_role("link", name="Upload").click()
    plain.set_input_files("input[name=files]", [drawn("pink", 31, "no script.png")])
    plain.get_by_role("button", name="Upload").click()
    expect(plain.locator(".upload-row")).to_contain_text("no script.png")
    plain.goto(plain.url.replace("upload/", "search/by-image/"))
    plain.set_input_files("input[name=file]", [drawn("pink", 32, "example.png")])
    plain.get_by_role("button", name="Search").last.click()
    assert "/search/?anchor=" in plain.url
    expect(plain.locator(".card").first).to_be_visible()
