"""A region is drawn by a program, embedded by the workers, seen in the page and found on its own."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Page, expect

from tests.browser.accessibility import violations
from tests.stack import Stack

pytestmark = pytest.mark.slow

BOX = {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5}


class Program:
    """Somebody's script, signed in with a token."""

    def __init__(self, request: APIRequestContext, stack: Stack) -> None:
        self.request = request
        self.headers: dict[str, str] = {}
        access = self.ask("post", "token/", {"username": stack.username, "password": stack.password})["access"]
        self.headers = {"Authorization": f"Bearer {access}"}

    def ask(self, method: str, path: str, data: Any = None) -> Any:
        answer = self.request.fetch(f"/api/v1/{path}", method=method, data=data, headers=self.headers)
        assert answer.ok, answer.text()
        return answer.json() if answer.text() else None


@pytest.fixture
def program(page: Page, library: str, stack: Stack) -> Program:
    page.goto(library)
    return Program(page.request, stack)


@pytest.fixture
def region(program: Program, library: str) -> Iterator[dict[str, Any]]:
    """On the newest asset, embedded."""
    ids = {f"/l/{each['slug']}/": each["id"] for each in program.ask("get", "libraries/")["results"]}
    asset = program.ask("get", f"libraries/{ids[library]}/assets/?limit=1&state=ready")["results"][0]["id"]
    made = program.ask("post", f"assets/{asset}/regions/", {"box": BOX, "label": "middle"})
    deadline = time.monotonic() + 120
    while not program.ask("get", f"regions/{made['id']}/")["indexed"]:
        assert time.monotonic() < deadline, "the region is not embedded"
        time.sleep(0.5)
    yield made | {"library": ids[library]}
    program.ask("delete", f"assets/{asset}/regions/")


def test_it_is_found_on_its_own(program: Program, region: dict[str, Any]) -> None:
    body = {"like": [region["asset"]], "box": BOX, "entity_type": "OBJECTS"}
    (hit,) = program.ask("post", f"libraries/{region['library']}/search/", body)["results"]
    assert (hit["region"]["id"], hit["region"]["label"]) == (region["id"], "middle")
    assert hit["distance"] < 0.05


def test_the_page_shows_it_and_finds_what_is_like_it(page: Page, region: dict[str, Any]) -> None:
    page.goto(f"/assets/{region['asset']}/")
    picture, outlines = page.locator(".zoom-layer > img").bounding_box(), page.locator(".stage rect").bounding_box()
    assert picture
    assert outlines
    for side, start, size in (("x", "x", "width"), ("y", "y", "height")):
        expected = picture[start] + BOX[side] * picture[size]  # type: ignore[literal-required]
        assert outlines[start] == pytest.approx(expected, abs=4)  # type: ignore[literal-required]
    assert violations(page) == []
    page.goto(f"/assets/{region['asset']}/regions/")
    page.get_by_role("link", name="Find similar to middle").click()
    expect(page.get_by_role("heading", name="Similar objects")).to_be_visible()
    expect(page.locator("#grid > .card")).to_have_count(1)
    assert violations(page) == []
