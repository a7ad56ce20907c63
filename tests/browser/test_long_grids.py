"""A grid of thousands of pictures: it stays light, nothing moves, every gesture reaches what is out of the page.

`GRID_PICTURES=5000 pytest tests/browser/test_long_grids.py` scrolls through so many.
"""

import os
import re
import sys
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Route, expect

from tests.browser.complaints import Complaints
from tests.browser.steps import copies, eventually
from tests.stack import Stack

pytestmark = pytest.mark.slow

COUNT = int(os.environ.get("GRID_PICTURES", "2000"))
MOST_IN_PAGE = 1000
WATCH = """
window.shifts = 0;
window.shifted = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.shifts += entry.value;
    const said = ({ node, previousRect, currentRect }) => `${node?.className} ${previousRect.y} -> ${currentRect.y}`;
    window.shifted.push(...entry.sources.map(said));
  }
}).observe({ type: "layout-shift", buffered: true });
"""
KNOWN = "import(document.querySelector('script[src*=\"js/cards\"]').src).then((cards) => cards.order().length)"


@pytest.fixture(scope="module")
def long(stack: Stack) -> str:
    return copies(stack, "Long", COUNT)


@pytest.fixture
def grid(context: BrowserContext, long: str, complaints: Complaints) -> Any:
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(long)
    page.wait_for_load_state("networkidle")
    yield page
    assert complaints == []


def in_page(page: Page) -> int:
    return int(page.evaluate("document.querySelectorAll('#grid > .card').length"))


def known(page: Page) -> int:
    return int(page.evaluate(KNOWN))


def scroll_to(page: Page, top: str) -> None:
    page.evaluate(f"scrollTo({{ top: {top}, behavior: 'instant' }})")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def load(page: Page, count: int) -> int:
    """Scroll down until so many are known. Gives the most cards that were in the page on the way."""
    assert count <= COUNT
    most = in_page(page)
    while (loaded := known(page)) < count:
        scroll_to(
            page, "document.documentElement.scrollHeight - innerHeight - 1000"
        )  # the next page comes before its place
        page.wait_for_function(f"(loaded) => {KNOWN}.then((now) => now > loaded)", arg=loaded)
        most = max(most, in_page(page))
    return most


def stop_growing(page: Page) -> list[Route]:
    """What has been asked for arrives; what is asked for from now on does not, but for what is let go on."""
    held: list[Route] = []
    page.route(re.compile("cursor="), lambda route: held.append(route))
    while not held:  # each page asks for the next one, once its end is near
        scroll_to(page, "document.documentElement.scrollHeight")
        page.wait_for_timeout(50)
    return held


def heap(page: Page) -> float:
    """Megabytes of JavaScript that are left after its garbage is collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 2**20


def focused_name(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('.card')?.querySelector('.caption-name').textContent"))


def visible_names(page: Page) -> list[str]:
    return list(
        page.evaluate(
            """[...document.querySelectorAll('#grid > .card')].filter((card) => {
                 const box = card.getBoundingClientRect();
                 return box.bottom > 0 && box.top < innerHeight;
               }).map((card) => card.querySelector('.caption-name').textContent)"""
        )
    )


def test_thousands_of_cards_weigh_no_more_than_one(grid: Page, capsys: pytest.CaptureFixture[str]) -> None:
    before = heap(grid)
    grid.evaluate("window.shifts = 0; window.shifted = []")
    most = load(grid, COUNT)
    after = heap(grid)
    places = "document.documentElement.scrollHeight"
    height = grid.evaluate(places)
    for part in (0.75, 0.5, 0.25, 0.0, 1.0):
        scroll_to(grid, f"{part} * {height}")
        most = max(most, in_page(grid))
        assert visible_names(grid)
    shifts = grid.evaluate("window.shifts")
    with capsys.disabled():
        told = f"{COUNT:,} cards: at most {most} in the page, layout shift {shifts:.4f}"
        sys.stdout.write(f"\n{told}, JavaScript {before:.1f} MB before, {after:.1f} MB after scrolling\n")
    assert most <= MOST_IN_PAGE
    assert shifts == 0, grid.evaluate("window.shifted.slice(0, 20)")
    assert abs(grid.evaluate(places) - height) < 40


def test_what_comes_back_stands_where_it_was(grid: Page) -> None:
    load(grid, 100)
    scroll_to(grid, "1500")
    there = visible_names(grid)
    boxes = "[...document.querySelectorAll('#grid > .card')].map((c) => [c.dataset.asset, c.offsetLeft, c.offsetTop])"
    first = {row[0]: row[1:] for row in grid.evaluate(boxes)}
    load(grid, 800)
    assert in_page(grid) < 500
    scroll_to(grid, "1500")
    assert visible_names(grid) == there
    again = {row[0]: row[1:] for row in grid.evaluate(boxes)}
    both = first.keys() & again.keys()
    assert len(both) >= 50
    assert {pk: first[pk] for pk in both} == {pk: again[pk] for pk in both}


def test_all_and_ranges_are_selected_across_what_is_out_of_the_page(grid: Page) -> None:
    load(grid, 600)
    stop_growing(grid)
    shown = known(grid)
    grid.keyboard.press("Control+a")
    expect(grid.locator("#selection-count")).to_have_text(f"{shown:,} selected")
    scroll_to(grid, "0")
    assert grid.locator("#grid > .card:not([data-selected])").count() == 0
    grid.keyboard.press("Escape")
    grid.locator("#grid > .card").first.get_by_role("checkbox").click()
    scroll_to(grid, "document.documentElement.scrollHeight")
    grid.locator("#grid > .card").last.get_by_role("checkbox").click(modifiers=["Shift"])
    expect(grid.locator("#selection-count")).to_have_text(f"{shown:,} selected")


def test_keys_go_on_from_a_card_that_is_out_of_the_page(grid: Page) -> None:
    grid.locator(".card-link").nth(2).focus()
    load(grid, 600)
    expect(grid.locator('.caption-name[title="Picture 0002"]')).to_have_count(0)
    grid.keyboard.press("ArrowRight")
    assert focused_name(grid) == "Picture 0003"
    stop_growing(grid)
    grid.keyboard.press("End")
    assert focused_name(grid) == f"Picture {known(grid) - 1:04}"
    grid.keyboard.press("ArrowLeft")
    assert focused_name(grid) == f"Picture {known(grid) - 2:04}"
    grid.keyboard.press("Home")
    assert focused_name(grid) == "Picture 0000"


def test_what_arrives_while_its_place_is_out_of_the_page_comes_last(grid: Page, stack: Stack) -> None:
    load(grid, 800)
    held, before = stop_growing(grid), known(grid)
    grid.locator(".card-link").last.focus()
    grid.keyboard.press("Home")
    assert in_page(grid) < before / 2
    grid.evaluate(
        """document.addEventListener('htmx:afterSwap', () => document.activeElement.dispatchEvent(
             new KeyboardEvent('keydown', { key: 'End', bubbles: true, cancelable: true })), { once: true })"""
    )
    held[0].continue_()
    grid.wait_for_function(f"(before) => {KNOWN}.then((now) => now > before)", arg=before)
    order = grid.evaluate(KNOWN.replace(".length", ""))
    expected = stack.django(
        "from media_library.models import Asset; assets = Asset.objects.filter(library__slug='long')\n"
        f"print(*assets.order_by('-created_at', 'id').values_list('pk', flat=True)[:{len(order)}])"
    )
    assert order == expected.split()


def test_the_preview_steps_over_what_is_out_of_the_page(grid: Page) -> None:
    load(grid, 600)
    grid.keyboard.press("Tab")
    grid.locator(".card-link").last.focus()
    grid.keyboard.press("Home")
    grid.keyboard.press(" ")
    for number in range(1, 260):
        grid.keyboard.press("ArrowRight")
        if number % 50 == 0:
            expect(grid.locator("#preview-name")).to_contain_text(f"Picture {number:04}")
    grid.keyboard.press("Escape")
    assert focused_name(grid) == "Picture 0259"
    assert in_page(grid) <= MOST_IN_PAGE


def test_a_rubber_band_reaches_over_what_has_left_the_page(grid: Page) -> None:
    load(grid, 600)
    scroll_to(grid, "0")
    box = grid.locator("#grid > .card").first.bounding_box()
    assert box
    grid.mouse.move(box["x"] - 12, box["y"] - 6)
    grid.mouse.down()
    grid.mouse.move(box["x"] + 900, 500, steps=3)
    for _ in range(12):
        grid.mouse.wheel(0, 600)
        grid.wait_for_timeout(60)
        grid.mouse.move(box["x"] + 1000, 500)
    grid.mouse.up()
    chosen = int(str(grid.locator("#selection-count").inner_text()).split()[0].replace(",", ""))
    assert chosen > 100
    assert not grid.locator('.caption-name[title="Picture 0000"]').count()
    scroll_to(grid, "0")
    expect(grid.locator("#grid > .card").first).to_have_attribute("data-selected", "")


def test_what_is_deleted_out_of_the_page_is_gone_and_comes_back(grid: Page) -> None:
    grid.locator("#grid > .card").nth(1).get_by_role("checkbox").click()
    load(grid, 600)
    stop_growing(grid)
    shown = known(grid)
    grid.keyboard.press("Delete")
    expect(grid.locator(".toast")).to_contain_text("1 picture is in the trash.")
    assert known(grid) == shown - 1
    scroll_to(grid, "0")
    assert "Picture 0001" not in visible_names(grid)
    scroll_to(grid, "document.documentElement.scrollHeight")
    grid.get_by_role("button", name="Undo").click()
    expect(grid.locator(".toast")).to_contain_text("Undone for 1 picture.")
    assert known(grid) == shown
    scroll_to(grid, "0")
    assert visible_names(grid)[:3] == ["Picture 0000", "Picture 0001", "Picture 0002"]


def test_another_width_lays_all_of_it_out_anew(grid: Page) -> None:
    load(grid, 600)
    scroll_to(grid, "document.documentElement.scrollHeight / 2")
    there = visible_names(grid)
    grid.set_viewport_size({"width": 900, "height": 900})
    eventually(grid, lambda: set(there) & set(visible_names(grid)), "Another part of it is seen.")
    assert in_page(grid) < 600
    scroll_to(grid, "0")
    assert visible_names(grid)[0] == "Picture 0000"


def test_back_lands_where_one_was(grid: Page) -> None:
    load(grid, 600)
    scroll_to(grid, "document.documentElement.scrollHeight / 2")
    there = visible_names(grid)
    at = grid.evaluate("document.querySelector('#grid > .card:nth-child(80)')?.dataset.asset") or ""
    grid.evaluate(
        """[...document.querySelectorAll('#grid > .card')].find((card) => card.getBoundingClientRect().top > 100)
             .querySelector('.card-link').click()"""
    )
    grid.wait_for_url("**/assets/**")
    grid.go_back()
    grid.wait_for_url("**/l/long/")
    expect(grid.locator(f'.caption-name[title="{there[0]}"]')).to_be_in_viewport()
    assert at is not None
    if in_page(grid) <= 100:  # this browser has not kept the page
        expect(grid.get_by_role("link", name="Show from the beginning")).to_have_count(1)


def test_what_was_to_follow_the_first_page_does_not_follow_the_one_that_one_comes_back_to(grid: Page) -> None:
    second = grid.locator("#more a").get_attribute("href")
    load(grid, 600)
    scroll_to(grid, "document.documentElement.scrollHeight / 2")
    there = visible_names(grid)
    held: list[Route] = []
    grid.route(lambda url: url.endswith(str(second)), lambda route: held.append(route))
    grid.evaluate("location.reload()")
    expect(grid.locator(f'.caption-name[title="{there[0]}"]')).to_be_in_viewport()
    for route in held:
        with suppress(Error):  # it was aborted
            route.continue_()
    grid.wait_for_timeout(500)
    names = grid.locator("#grid > .card .caption-name").all_inner_texts()
    numbers = [int(name.removeprefix("Picture ")) for name in names]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert there[0] in names


def test_on_a_phone_it_stays_light_too(phone: Page, long: str) -> None:
    phone.goto(long)
    most = load(phone, 1000)
    assert most <= MOST_IN_PAGE
    scroll_to(phone, "0")
    assert visible_names(phone)[0] == "Picture 0000"
