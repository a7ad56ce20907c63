"""Visual search in the page: refined, dragged, pasted, dropped, cut, weighed, folded, and begun on every surface."""

import base64
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.browser.steps import card, drawn, served
from tests.browser.test_every_page import violations
from tests.stack import Stack

pytestmark = pytest.mark.slow

RESULTS = re.compile(r"/search/\?")


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def id_of(found: Locator) -> str:
    return found.get_attribute("data-asset") or ""


def cards(page: Page) -> Locator:
    return page.locator("#grid > .card")


@pytest.fixture
def results(page: Page, library: str) -> Page:
    page.goto(f"{library}search/?text=red")
    return page


@pytest.fixture
def alike(page: Page, stack: Stack, library: str) -> Iterator[list[str]]:
    """The ids of two pictures of the library that are known to look alike."""
    made = stack.django(
        "from django.utils import timezone\n"
        "from media_library.models import Asset\n"
        "from search.models import DuplicatePair\n"
        f"here = Asset.objects.live().filter(state='ready', library__slug='{library.split('/')[2]}')\n"
        "pair = list(here.order_by('created_at')[:2])\n"
        "DuplicatePair.of(*pair, kind='near', score=0.9, found_at=timezone.now()).save()\n"
        "print(*(asset.pk for asset in pair))"
    ).split()
    yield made
    stack.django(f"from search.models import DuplicatePair\nDuplicatePair.objects.filter(first__in={made}).delete()")


# --- more and less like this ------------------------------------------------------------------------------------------


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
    first, second = (id_of(cards(results).nth(at)) for at in (0, 1))
    cards(results).nth(0).locator(".card-link").focus()
    results.keyboard.press("+")
    results.wait_for_url(re.compile("[?&]like="))
    assert asked(results)["like"] == [first]
    results.locator(f"#open-{second}").focus()
    results.keyboard.press("-")
    results.wait_for_url(re.compile("unlike="))
    assert asked(results) == {"text": ["red"], "like": [first], "unlike": [second]}


# --- dragged onto the query -------------------------------------------------------------------------------------------


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


# --- a part of a picture ----------------------------------------------------------------------------------------------


@pytest.fixture
def crop(results: Page) -> Locator:
    """The crop tool of a card's menu, open."""
    cards(results).nth(1).click(button="right")
    results.get_by_role("menuitem", name="Find similar to a part…").click()
    tool = results.get_by_role("dialog", name="Search with a part")
    picture = tool.locator("[data-crop-image]")
    results.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
    return tool


def box_of(tool: Locator) -> list[float]:
    return [
        float(tool.locator(f"[data-crop-side={side}]").input_value() or -1) for side in ("x", "y", "width", "height")
    ]


def at(page: Page, tool: Locator, x: float, y: float) -> tuple[float, float]:
    """Where this part of the picture is on the screen."""
    frame = tool.locator("[data-crop-stage]").bounding_box()
    assert frame
    return frame["x"] + frame["width"] * x, frame["y"] + frame["height"] * y


def stroke(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()


def test_a_box_is_moved_sized_and_drawn_anew_with_the_mouse(results: Page, crop: Locator) -> None:
    stroke(results, at(results, crop, 0.5, 0.5), at(results, crop, 0.6, 0.4))  # inside: moved
    assert box_of(crop) == pytest.approx([25, 5, 70, 70], abs=1)
    stroke(results, at(results, crop, 0.95, 0.75), at(results, crop, 0.75, 0.5))  # its corner: sized
    assert box_of(crop) == pytest.approx([25, 5, 50, 45], abs=1)
    stroke(results, at(results, crop, 0.95, 0.95), at(results, crop, 0.8, 0.7))  # outside: drawn
    assert box_of(crop) == pytest.approx([80, 70, 15, 25], abs=1)
    crop.get_by_role("button", name="Search with this part").click()
    results.wait_for_url(re.compile("anchor="))
    expect(results.locator(".chip-image")).to_contain_text("Part of")


def test_a_box_is_moved_by_arrows_and_sized_with_shift(results: Page, crop: Locator) -> None:
    box = crop.get_by_role("application", name="The part to search with")
    expect(box).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Shift+ArrowLeft", "Shift+ArrowUp"):
        results.keyboard.press(key)
    assert box_of(crop) == [16, 17, 69, 69]
    said = "From the left 16 %, from the top 17 %, 69 % wide, 69 % high"
    expect(crop.locator("[data-crop-said]")).to_have_text(said)
    crop.get_by_label("Width").fill("20")
    drawn_width = box.evaluate("box => box.style.width")
    assert drawn_width == "20%"
    results.keyboard.press("Enter")
    results.wait_for_url(re.compile("anchor="))


def test_the_part_takes_the_place_of_the_picture_in_its_chip(page: Page, library: str) -> None:
    page.goto(library)
    example = id_of(cards(page).first)
    page.goto(f"{library}search/?text=red&like={example}&weight={example}:2")
    page.locator(".chip-image summary").click()
    page.get_by_role("link", name="Crop…").click()
    tool = page.get_by_role("dialog", name="Search with a part")
    tool.get_by_role("button", name="Search with this part").click()
    page.wait_for_url(re.compile("anchor="))
    (anchor,) = asked(page)["anchor"]
    assert asked(page) == {"text": ["red"], "anchor": [anchor], "weight": [f"{anchor}:2"]}
    page.locator(".chip-image summary").click()
    page.get_by_role("link", name="Crop…").click()  # a part of the part
    tool.get_by_role("link", name="With the whole picture").click()
    page.wait_for_url(re.compile(anchor))


def test_a_finger_draws_the_box(phone: Page, library: str) -> None:
    phone.goto(f"{library}search/?text=red")
    phone.locator(".card summary").first.click()
    phone.get_by_role("menuitem", name="Find similar to a part…").click()
    tool = phone.get_by_role("dialog", name="Search with a part")
    expect(tool.locator("[data-crop-image]")).to_be_visible()
    phone.wait_for_timeout(400)  # the dialog has come to rest
    touch = phone.context.new_cdp_session(phone)
    for kind, spot in (("touchStart", (0.95, 0.95)), ("touchMove", (0.7, 0.8)), ("touchMove", (0.5, 0.6))):
        x, y = at(phone, tool, *spot)
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert box_of(tool) == pytest.approx([50, 60, 45, 35], abs=1.5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_crop_tool_and_the_dialog_are_accessible(page: Page, library: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(f"{library}search/?text=red&not_text=sea&collapse=true")
    page.locator(".chip summary").first.click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".card-link").first.focus()
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="Search with a part")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Search by image", exact=True).click()
    page.locator("#by-image-file").set_input_files(drawn("blue", 3, "example.png"))
    expect(page.locator("[data-chosen]")).to_be_visible()
    assert violations(page) == []


def test_the_crop_tool_fits_a_phone(phone: Page, library: str) -> None:
    phone.goto(f"{library}search/?text=red&not_text=sea")
    page_width = "document.documentElement.scrollWidth"
    phone.locator(".chip summary").last.click()
    panel = phone.locator(".chip-menu[open] .menu-panel").bounding_box()
    assert panel
    assert 0 <= panel["x"] <= panel["x"] + panel["width"] <= 390
    phone.goto(f"{library}search/part/{id_of(cards(phone).first)}/")
    assert phone.evaluate(page_width) <= 390


# --- pictures from outside --------------------------------------------------------------------------------------------


def dialog_of(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Search by Image")


def paste(page: Page, text: str = "", picture: bytes = b"", target: str = "body") -> None:
    page.evaluate(
        """([text, picture, target]) => {
            const clipboardData = new DataTransfer();
            if (text) clipboardData.setData("text/plain", text);
            const bytes = Uint8Array.from(atob(picture), letter => letter.charCodeAt(0));
            if (picture) clipboardData.items.add(new File([bytes], "shot.png", {type: "image/png"}));
            const pasted = new ClipboardEvent("paste", {bubbles: true, cancelable: true, clipboardData});
            document.querySelector(target).dispatchEvent(pasted);
        }""",
        [text, base64.b64encode(picture).decode(), target],
    )


def test_a_part_of_a_chosen_file_is_searched_with(results: Page) -> None:
    results.get_by_role("link", name="Search by image", exact=True).click()
    dialog = dialog_of(results)
    dialog.locator("[type=file]").set_input_files(drawn("blue", 3, "example.png"))
    image = dialog.locator("[data-crop-image]")
    results.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())
    results.wait_for_timeout(300)
    tool = dialog.locator("[data-crop]")
    expect(dialog.get_by_role("button", name="Search with this part")).to_be_hidden()
    stroke(results, at(results, tool, 0.2, 0.2), at(results, tool, 0.7, 0.8))
    assert box_of(tool) == pytest.approx([20, 20, 50, 60], abs=1)
    dialog.get_by_role("button", name="Whole picture").click()
    assert box_of(tool) == [-1] * 4
    stroke(results, at(results, tool, 0.2, 0.2), at(results, tool, 0.7, 0.8))
    dialog.get_by_label("Add it to the present search").check()
    dialog.get_by_role("button", name="Search with this part").click()
    results.wait_for_url(re.compile("anchor="))
    assert asked(results)["text"] == ["red"]
    expect(results.locator(".chip-image")).to_contain_text("Part of example.png")


def test_a_part_of_an_address_is_chosen_once_it_is_fetched(page: Page, library: str) -> None:
    page.goto(f"{library}search/")
    page.get_by_role("link", name="Search by image", exact=True).click()
    with served(factories.picture("red", (300, 200), seed=4)) as address:
        dialog_of(page).get_by_label("Image URL").fill(address)
        dialog_of(page).get_by_role("button", name="Choose a part…").click()
        page.wait_for_url("**/search/part/**")
    page.get_by_role("button", name="Search with this part").click()
    page.wait_for_url(re.compile(r"search/\?anchor="))


def test_an_image_pasted_in_visual_mode_is_ready_to_search_with(results: Page) -> None:
    paste(results, picture=factories.picture("red", (60, 40), seed=7))
    expect(dialog_of(results)).to_be_visible()
    expect(dialog_of(results).locator("[data-chosen-name]")).to_contain_text("shot.png")
    dialog_of(results).locator("[data-chosen-search]").click()
    results.wait_for_url(re.compile(r"search/\?anchor="))


def test_an_address_pasted_in_visual_mode_is_ready_to_search_with(results: Page) -> None:
    paste(results, text="https://example.org/a.jpg")
    expect(dialog_of(results).get_by_label("Image URL")).to_have_value("https://example.org/a.jpg")
    expect(dialog_of(results).get_by_role("button", name="Search", exact=True).first).to_be_focused()


def test_what_is_pasted_elsewhere_is_left_alone(page: Page, library: str) -> None:
    picture = factories.picture("red", (60, 40), seed=7)
    page.goto(library)  # Advanced
    paste(page, picture=picture)
    page.goto(f"{library}search/?text=red")
    paste(page, text="two words")
    paste(page, picture=picture, target="[data-form=visual] input[name=text]")
    paste(page, text="https://example.org/a.jpg", target="[data-form=visual] input[name=text]")
    expect(dialog_of(page)).to_be_hidden()


def test_a_file_dropped_in_visual_mode_asks_what_to_do_with_it(results: Page) -> None:
    results.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(["x"], "a.png", {type: "image/png"}));
            const options = {bubbles: true, cancelable: true, dataTransfer: transfer};
            document.body.dispatchEvent(new DragEvent("dragenter", options));
            window.dropped = options;
        }"""
    )
    overlay = results.locator("#drop-overlay")
    expect(overlay).to_contain_text("Upload")
    expect(overlay).to_contain_text("Search by image")
    results.locator("[data-drop-to=search]").evaluate("to => to.dispatchEvent(new DragEvent('drop', window.dropped))")
    expect(overlay).to_be_hidden()
    expect(dialog_of(results).locator("[data-chosen-name]")).to_contain_text("a.png")


# --- weights, stacks, scores ------------------------------------------------------------------------------------------


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


def test_near_duplicates_fold_into_a_stack_that_opens(page: Page, library: str, alike: list[str]) -> None:
    page.goto(f"{library}search/?like={alike[0]}")
    count = cards(page).count()
    page.get_by_role("link", name="Collapse near-duplicates").click()
    page.wait_for_url(re.compile("collapse=true"))
    expect(cards(page)).to_have_count(count - 1)
    page.get_by_role("link", name="and 1 look-alike").click()
    page.wait_for_url(re.compile("stack="))
    assert {id_of(found) for found in cards(page).all()} == set(alike)
    page.get_by_role("link", name="Remove Look-alikes of").click()
    expect(cards(page)).to_have_count(count - 1)
    page.get_by_role("link", name="Show near-duplicates").click()
    expect(cards(page)).to_have_count(count)


def test_the_search_that_is_sent_last_is_shown(page: Page, library: str) -> None:
    page.goto(f"{library}search/")
    held = []
    page.route(re.compile("text=slow"), lambda route: held.append(route))
    page.get_by_placeholder("Describe what you are looking for").focus()
    for text in ("slow", "blue"):  # by the keyboard alone, which waits for no page
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
    page.wait_for_url(re.compile("text=blue"))
    assert len(held) == 1  # it was dropped, and is never answered
    expect(page.locator(".chip-query")).to_contain_text("blue")


# --- find similar from everywhere -------------------------------------------------------------------------------------

Surface = Callable[[Page, str, str], Locator]


def in_results(page: Page, library: str, _asset: str) -> Locator:
    page.goto(f"{library}search/?text=red")
    return cards(page).first


def in_grid(page: Page, library: str, _asset: str) -> Locator:
    page.goto(library)
    return cards(page).first


def in_folder(page: Page, library: str, _asset: str) -> Locator:
    page.goto(library)
    rail = page.get_by_role("navigation", name="Library")
    if not rail.is_visible():
        page.get_by_role("button", name="Folders and tags").click()
    rail.get_by_role("link", name="holiday", exact=True).click()
    page.wait_for_url(re.compile("folder="))
    return cards(page).first


def on_asset_page(page: Page, library: str, asset: str) -> Locator:
    page.goto(f"/assets/{asset}/")
    page.wait_for_load_state("networkidle")
    return page.locator(".stage")


def in_similar_strip(page: Page, library: str, asset: str) -> Locator:
    page.goto(f"/assets/{asset}/similar/")
    return page.locator(".similar .card").first


def among_duplicates(page: Page, library: str, _asset: str) -> Locator:
    page.goto(f"{library}duplicates/")
    return page.locator(".duplicate").first


def on_start(page: Page, library: str, _asset: str) -> Locator:
    page.goto(f"{library}search/")
    return page.locator(".card").first


SURFACES = [in_results, in_grid, in_folder, on_asset_page, in_similar_strip, among_duplicates, on_start]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.__name__)
@pytest.mark.parametrize("way", ["mouse", "menu key", "s"])
def test_find_similar_is_a_step_away_everywhere(
    page: Page, library: str, alike: list[str], surface: Surface, way: str
) -> None:
    place = surface(page, library, alike[0])
    meant = id_of(place)
    focused = place if surface is on_asset_page else place.locator("a[href]:visible").first
    if way == "mouse":
        place.scroll_into_view_if_needed()
        page.wait_for_timeout(100)  # the menu closes when the page scrolls
        place.click(button="right", position={"x": 40, "y": 40})
    else:
        focused.focus()
        page.keyboard.press("s" if way == "s" else "Shift+F10")
    if way != "s":
        page.get_by_role("menuitem", name="Find Similar Image").click()
    page.wait_for_url(re.compile(f"search/.like={meant}"))


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.__name__)
def test_a_long_press_offers_find_similar_everywhere(
    phone: Page, library: str, alike: list[str], surface: Surface
) -> None:
    place = surface(phone, library, alike[0])
    place.scroll_into_view_if_needed()
    phone.wait_for_timeout(300)
    box = place.bounding_box()
    assert box
    touch = phone.context.new_cdp_session(phone)
    spot = [{"x": box["x"] + 60, "y": box["y"] + 60}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": spot})
    expect(phone.get_by_role("menuitem", name="Find Similar Image")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.get_by_role("menuitem", name="Find Similar Image").tap()
    phone.wait_for_url(re.compile("search/.like="))


def test_without_a_script_a_search_is_refined_weighed_cut_and_collapsed(
    browser: object, stack: Stack, signed_in: object, library: str
) -> None:
    with browser.new_context(  # type: ignore[attr-defined]
        base_url=stack.url, storage_state=signed_in, java_script_enabled=False
    ) as context:
        page = context.new_page()
        page.goto(f"{library}search/?text=red")
        page.locator(".card").nth(1).hover()
        page.locator(".card summary").nth(1).click()
        page.locator(".card").nth(1).get_by_role("link", name="More like this").click()
        assert "like" in asked(page)
        page.locator(".chip-query summary").first.click()
        page.get_by_role("link", name="Much more").click()
        assert asked(page)["weight"] == ["text:4"]
        page.get_by_role("link", name="Collapse near-duplicates").click()
        assert asked(page)["collapse"] == ["true"]
        page.locator(".chip-image summary").click()
        page.get_by_role("link", name="Crop…").click()
        page.get_by_role("main").get_by_label("Width").fill("30")
        page.get_by_role("button", name="Search with this part").click()
        assert asked(page).keys() == {"text", "weight", "anchor", "collapse"}
        expect(card(page, page.locator(".caption-name").first.inner_text())).to_be_visible()
