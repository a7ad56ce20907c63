"""A link is made in a dialog, opened by somebody without an account, and revoked."""

import re
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import violations
from tests.browser.complaints import Complaints
from tests.browser.steps import fits
from tests.browser.test_every_page import first_asset
from tests.stack import Stack

pytestmark = pytest.mark.slow


@pytest.fixture
def stranger(browser: Browser, stack: Stack, complaints: Complaints) -> Iterator[Page]:
    """Somebody on a phone who has never signed in."""
    complaints.expected = ("status of 4",)
    with browser.new_context(
        base_url=stack.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        page.on("console", complaints.note)
        yield page


def make(page: Page, password: str = "") -> str:
    """Fill the dialog, and give the link."""
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Valid for")).to_have_value("30")
    dialog.get_by_label("Password").fill(password)
    dialog.get_by_role("button", name="Make the link").click()
    field = dialog.get_by_label("Link", exact=True)
    expect(field).to_be_focused()
    assert violations(page) == []
    return field.input_value()


def test_a_picture_is_shared_with_a_password_and_the_link_revoked(page: Page, library: str, stranger: Page) -> None:
    page.goto(first_asset(page, library))
    name = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("link", name="Share…").first.click()
    url = make(page, "open sesame")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.get_by_role("dialog").get_by_role("link", name="Done").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    stranger.goto(url)
    stranger.locator("input[name=password]").fill("wrong one")
    stranger.get_by_role("button", name="Open").click()
    expect(stranger.get_by_role("alert")).to_contain_text("not the password")
    stranger.locator("input[name=password]").fill("open sesame")
    stranger.get_by_role("button", name="Open").click()
    expect(stranger.get_by_role("heading", level=1)).to_have_text(name)
    assert stranger.locator("figure img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    with stranger.expect_download() as started:
        stranger.get_by_role("link", name="Download").click()
    assert started.value.suggested_filename.startswith(name)
    page.goto(f"{library}share-links/")
    expect(page.locator(".listing-row").first).to_contain_text("opened 1 time")
    page.get_by_role("link", name=f"Revoke the link to {name}").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator(".listing-row").first).to_contain_text("revoked")
    stranger.reload()
    expect(stranger.get_by_role("heading", level=1)).to_have_text("This link has ended")


def test_a_card_and_a_collection_are_shared_from_their_menus(page: Page, library: str, stranger: Page) -> None:
    page.locator(".card").first.click(button="right")
    page.get_by_role("menuitem", name="Share…").click()
    expect(page.get_by_role("dialog")).to_contain_text("without an account")
    page.keyboard.press("Escape")
    page.goto(f"{library}collections/new/")
    page.locator("#asked-name").fill("For the press")
    page.get_by_role("button", name="Make the collection").click()
    page.wait_for_url(re.compile(r"/collections/[0-9a-f-]{36}/$"))
    address = page.url
    page.goto(library)
    page.locator(".card").first.click(button="right")
    page.get_by_role("menuitem", name="Add to collection…").click()
    page.get_by_role("dialog").locator("select").select_option(label="For the press")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.goto(address)
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Share…").click()
    stranger.goto(make(page))
    expect(stranger.get_by_role("heading", level=1)).to_have_text("For the press")
    stranger.locator(".card-link").first.click()
    expect(stranger.locator("figure img")).to_be_visible()
    stranger.get_by_role("link", name="For the press").click()
    expect(stranger.locator(".card")).to_have_count(1)
    with stranger.expect_download() as started:
        stranger.get_by_role("link", name="Download all").click()
    assert started.value.suggested_filename == "For the press.zip"
    with zipfile.ZipFile(started.value.path()) as archive:
        assert len(archive.namelist()) == 1
    assert violations(stranger) == []


def test_what_strangers_see_is_accessible_and_fits(page: Page, library: str, stranger: Page) -> None:
    page.goto(f"{first_asset(page, library)}share/")
    assert violations(page) == []
    page.get_by_label("Password").fill("open sesame")
    page.get_by_role("button", name="Make the link").click()
    url = page.get_by_label("Link", exact=True).input_value()
    assert violations(page) == []
    page.goto(f"{library}share-links/")
    assert violations(page) == []
    for address in (url, "/s/nothing/"):
        stranger.goto(address)
        assert violations(stranger) == []
    stranger.goto(url)
    stranger.locator("input[name=password]").fill("open sesame")
    stranger.get_by_role("button", name="Open").click()
    expect(stranger.locator("figure img")).to_be_visible()
    assert violations(stranger) == []
    fits(stranger, 390)
    assert stranger.evaluate("document.scripts.length") == 1
