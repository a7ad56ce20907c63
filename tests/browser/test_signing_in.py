"""Somebody sets up a second factor, signs in with it, and signs a forgotten browser out."""

import time
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import violations
from tests.browser.complaints import Complaints
from tests.stack import Stack

pytestmark = pytest.mark.slow
MAKE = "from media_library.models import *; User.objects.create_user({name!r}, password={password!r})"
PASSWORD = "a long walk home"


def sign_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("width", [1200, 390])
def test_a_second_factor_and_a_forgotten_browser(
    browser: Browser, stack: Stack, complaints: Complaints, width: int
) -> None:
    name = f"max{width}"
    stack.django(MAKE.format(name=name, password=PASSWORD))
    options: dict[str, Any] = {"base_url": stack.url, "viewport": {"width": width, "height": 844}}
    with browser.new_context(**options) as here, browser.new_context(**options) as there:
        page, other = here.new_page(), there.new_page()
        page.on("console", complaints.note)
        for each in (page, other):
            sign_in(each, name)
            expect(each.get_by_role("button", name="Sign out")).to_be_visible()
        page.goto("/account/security/")
        assert violations(page) == []
        page.get_by_role("link", name="Set up").click()
        assert violations(page) == []
        totp = pyotp.TOTP(page.locator("code").inner_text().replace(" ", ""))
        page.get_by_label("Code", exact=True).fill(totp.now())
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Set up").click()
        expect(page.get_by_text("Keep these recovery codes")).to_be_visible()
        assert violations(page) == []
        recovery = page.locator(".recovery-codes code").first.inner_text()
        page.get_by_role("link", name="I have kept them").click()
        page.get_by_role("button", name="Sign out everywhere else").click()
        expect(page.get_by_text("One other browser is signed out.")).to_be_visible()
        other.goto("/account/security/")
        expect(other.get_by_label("User name")).to_be_visible()

        sign_in(other, name)
        expect(other.get_by_text("One more step")).to_be_visible()
        assert violations(other) == []
        other.get_by_label("Code").fill("000000")
        other.get_by_role("button", name="Sign in").click()
        expect(other.get_by_role("alert")).to_contain_text("not right")
        other.get_by_label("Code").fill(recovery if width == 390 else totp.at(time.time() + 30))
        other.get_by_role("button", name="Sign in").click()
        expect(other.get_by_role("button", name="Sign out")).to_be_visible()
