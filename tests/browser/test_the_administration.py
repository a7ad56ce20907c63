"""The Health page, and who may see a folder: by mouse and keyboard, in light and dark, on a phone."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.complaints import Complaints
from tests.browser.steps import fits
from tests.stack import Stack

pytestmark = pytest.mark.slow

HEALTH = "/admin/health/"


def test_the_health_page_is_accessible_and_fits_a_phone(page: Page) -> None:
    page.goto(HEALTH)
    expect(page.get_by_role("heading", name="What needs attention")).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    fits(page, 360)


def reload_until(page: Page, seen: Callable[[], bool], what: str) -> None:
    """What the page says is as old as ten seconds, and what it waits for is done by a worker."""
    for _second in range(60):
        page.reload()
        if seen():
            return
        page.wait_for_timeout(1000)
    raise AssertionError(what)


def test_its_figures_are_those_of_the_library_and_its_buttons_do_what_they_say(page: Page, stack: Stack) -> None:
    page.goto(HEALTH)
    entries = int(stack.django("from search.models import IndexEntry\nprint(IndexEntry.objects.count())"))
    assert entries >= 8
    total = page.get_by_role("region", name="Search by look").get_by_role("row").nth(1).get_by_role("cell").nth(1)
    reload_until(page, lambda: total.inner_text() == f"{entries:,}", f"It never says {entries}.")
    queues = page.get_by_role("region", name="What waits, and who works")
    expect(queues.get_by_role("row").filter(has_text="media")).not_to_contain_text("none")
    page.get_by_role("button", name="Measure storage").click()
    expect(page.get_by_role("list").filter(has_text="It is being measured")).to_be_visible()
    measured = page.get_by_role("region", name="Storage").get_by_role("cell", name="photos", exact=True)
    reload_until(page, lambda: measured.count() > 0, "Storage is not measured.")


def test_a_folder_is_granted_to_somebody_and_taken_back(
    page: Page, library: str, stack: Stack, complaints: Complaints
) -> None:
    complaints.expected = ("status of 400",)
    guest = f"guest-{uuid4().hex[:8]}"
    stack.django(f"from media_library.models import User\nUser.objects.create_user('{guest}')")
    page.get_by_role("link", name="holiday", exact=True).click()
    page.wait_for_url("**folder=*")
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Who may see this folder").click()
    form = page.locator("form.key-form")
    form.get_by_label("Named").fill("nobody at all")
    form.get_by_role("button", name="Grant it").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody")
    assert violations(page) == []
    form.get_by_label("Named").fill(guest)
    form.get_by_label("What they may").select_option("may edit everything")
    form.get_by_role("button", name="Grant it").click()
    expect(page.locator(".toast")).to_contain_text(f"“{guest}” was granted this folder.")
    listed = page.locator(".listing-row").filter(has_text=guest)
    expect(listed.locator("option:checked")).to_have_text("may edit everything")
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    fits(page, 360)
    listed.get_by_role("link").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"from “{guest}”?")
    assert violations(page) == []
    dialog.get_by_role("button", name="Take it away").click()
    expect(listed).to_have_count(0)
