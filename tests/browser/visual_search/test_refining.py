"""A search is refined: more and less, dragged cards, weights, stacks."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.steps import eventually
from tests.browser.visual_search.steps import asked, cards, id_of
from tests.stack import Stack

pytestmark = pytest.mark.slow


RESULTS = re.compile(r"/search/\?")


def test_less_like_this_takes_a_picture_off_the_search(results: Page) -> None:
    wanted = cards(results).nth(1)
    unwanted = id_of(wanted)
    wanted.click(button="right")
    results.get_by_role("menuitem", name="Less like this").click()
    results.wait_for_url(re.compile("unlike="))
    assert asked(results) == {"text": ["red"], "unlike": [unwanted]}
    expect(results.locator(".chip-not")).to_be_visible()
    results.go_back()
    results.wait_for_url(re.compile(r"\?text=red$"))


def test_plus_and_minus_add_the_card_with_the_focus(results: Page) -> None:
    first = id_of(cards(results).nth(0))
    cards(results).nth(0).locator(".card-link").focus()
    results.keyboard.press("+")
    results.wait_for_url(re.compile("[?&]like="))
    assert asked(results)["like"] == [first]
    expect(results.locator(".chip-image")).to_have_count(1)  # what is shown is of this search
    second = id_of(cards(results).nth(1))
    results.locator(f"#open-{second}").focus()
    results.keyboard.press("-")
    results.wait_for_url(re.compile("unlike="))
    assert asked(results) == {"text": ["red"], "like": [first], "unlike": [second]}


def drag(page: Page, taken: Locator, target: Locator) -> None:
    page.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished.catch(() => null)))")
    start, end = taken.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 60, start["y"] + 60)
    page.mouse.down()
    page.mouse.move(start["x"] + 90, start["y"] + 30, steps=4)
    expect(page.locator(".search[data-wanted]")).to_be_visible()
    page.mouse.move(end["x"] + min(200, end["width"] / 2), end["y"] + end["height"] / 2, steps=6)
    expect(page.locator("[data-query-area][data-over]")).to_have_count(1)
    page.mouse.up()


def test_a_card_dragged_onto_the_box_is_searched_with_and_onto_the_chips_added(page: Page, library: str) -> None:
    page.goto(library)
    first = id_of(cards(page).nth(0))
    drag(page, cards(page).nth(0).locator(".thumb"), page.locator(".search"))
    page.wait_for_url(RESULTS)
    assert asked(page) == {"like": [first]}
    second = id_of(cards(page).nth(1))
    drag(page, cards(page).nth(1).locator(".thumb"), page.locator(".chips"))
    page.wait_for_url(re.compile(second))
    assert asked(page) == {"like": [first, second]}


def test_more_than_twenty_are_refused_in_words_and_the_page_stays(page: Page, library: str) -> None:
    words = "".join(f"&not_text=word{number}" for number in range(19))
    page.goto(f"{library}search/?text=red{words}")
    url = page.url
    page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.setData("application/x-library-assets", "a b");
            const drop = new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: transfer});
            document.querySelector(".search").dispatchEvent(drop);
        }"""
    )
    expect(page.locator(".toast")).to_have_text("Search with at most 20 examples.")
    assert page.url == url


def test_weights_are_chosen_in_the_chip_and_kept_in_the_address(page: Page, library: str) -> None:
    page.goto(f"{library}search/?text=red&not_text=sea")
    page.get_by_label("Weight and more of red").click()
    page.get_by_role("link", name="Much more").click()
    page.wait_for_url(re.compile("weight="))
    assert asked(page)["weight"] == ["text:4"]
    page.reload()
    expect(page.get_by_label("Weight and more of red")).to_have_text("4 ×")  # noqa: RUF001
    page.go_back()
    expect(page.get_by_label("Weight and more of red")).to_have_text("")


@pytest.fixture
def with_another(stack: Stack, alike: list[str]) -> Iterator[str]:
    """The id of a collection of the two that look alike and one that does not, whatever else the library holds."""
    made = stack.django(
        "from media_library import collections\n"
        "from media_library.models import Asset, User\n"
        f"user, library = User.objects.get(username='{stack.username}'), Asset.objects.get(pk='{alike[0]}').library\n"
        "here = Asset.objects.live().filter(state='ready', library=library)\n"
        f"another = here.exclude(pk__in={alike}).order_by('created_at').first()\n"
        "made = collections.make(library, user, name='Two and another')\n"
        f"collections.add(made, user, [*{alike}, another.pk])\n"
        "print(made.pk)"
    ).strip()
    yield made
    stack.django(f"from media_library.models import Collection\nCollection.objects.get(pk='{made}').delete()")


def test_near_duplicates_fold_into_a_stack_that_opens(
    page: Page, library: str, alike: list[str], with_another: str
) -> None:
    page.goto(f"{library}search/?like={alike[0]}&collection={with_another}")
    expect(cards(page)).to_have_count(3)
    page.get_by_role("link", name="Collapse near-duplicates").click()
    page.wait_for_url(re.compile("collapse=true"))
    expect(cards(page)).to_have_count(2)
    page.get_by_role("link", name="and 1 look-alike").click()
    page.wait_for_url(re.compile("stack="))
    assert {id_of(found) for found in cards(page).all()} == set(alike)
    page.get_by_role("link", name="Remove Look-alikes of").click()
    expect(cards(page)).to_have_count(2)
    page.get_by_role("link", name="Show near-duplicates").click()
    expect(cards(page)).to_have_count(3)


def test_the_search_that_is_sent_last_is_shown(page: Page, library: str) -> None:
    page.goto(f"{library}search/")
    held = []
    page.route(re.compile("text=slow"), lambda route: held.append(route))
    page.get_by_placeholder("Describe what you are looking for").focus()
    for text in ("slow", "blue"):  # by the keyboard alone, which waits for no page
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        eventually(page, lambda: held, "Nothing is asked.")
    page.wait_for_url(re.compile("text=blue"))
    assert len(held) == 1  # it was dropped, and is never answered
    expect(page.locator(".chip-query")).to_contain_text("blue")
