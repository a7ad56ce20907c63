"""A real browser against the whole product. What a page complains of in its console fails the test.

It is Chromium; `BROWSER=firefox` or `BROWSER=webkit` takes Playwright's own (`python -m playwright install firefox`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests import chromium
from tests.browser.complaints import Complaints
from tests.stack import Stack

BROWSER = os.environ.get("BROWSER", "chromium")
PATIENCE_MS = 20_000  # on a busy machine
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=PATIENCE_MS)


def launch_options() -> dict[str, Any]:
    if BROWSER != "chromium":
        return {}
    options = chromium.launch_options()
    options["args"] += QUIET
    return options


@contextmanager
def launched() -> Iterator[Browser]:
    options = launch_options()
    with sync_playwright() as playwright:
        browser = getattr(playwright, BROWSER).launch(**options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in(browser: Browser, stack: Stack) -> Any:
    """The cookies of somebody who signed in through the page."""
    with browser.new_context(base_url=stack.url) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_label("User name").fill(stack.username)
        page.get_by_label("Password").fill(stack.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/l/**")
        page.goto(stack.library)  # which `/` leads to from now on, whatever libraries other tests have made
        return context.storage_state()


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def context(browser: Browser, stack: Stack, signed_in: Any, complaints: Complaints) -> Iterator[BrowserContext]:
    size = ViewportSize(width=1280, height=900)
    with browser.new_context(base_url=stack.url, storage_state=signed_in, viewport=size) as context:
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", complaints.note)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Iterator[Page]:
    page = context.new_page()
    page.goto("/")
    yield page
    assert complaints == []


@pytest.fixture
def library(page: Page, stack: Stack) -> str:
    """The path of the library that the stack has filled, which the page shows."""
    assert urlsplit(page.url).path == stack.library
    return stack.library


@pytest.fixture
def phone(browser: Browser, stack: Stack, signed_in: Any, complaints: Complaints) -> Iterator[Page]:
    with browser.new_context(
        base_url=stack.url,
        storage_state=signed_in,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=BROWSER != "firefox",  # which cannot pretend to be a phone, only be as small
    ) as context:
        page = context.new_page()
        page.on("console", complaints.note)
        page.goto("/")
        yield page
    assert complaints == []
