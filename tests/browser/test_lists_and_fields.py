"""Grid or list and how large; typed fields; duplicates by keyboard: with mouse, keys and fingers, light and dark."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.steps import copies, drawn, fits, upload
from tests.stack import Stack

pytestmark = pytest.mark.slow


@pytest.fixture
def as_grid(page: Page) -> Iterator[Page]:
    """As it is for everybody who has chosen nothing."""
    yield page
    page.context.clear_cookies(name="layout")


def shown(page: Page) -> list[str]:
    return page.locator("#grid > .card:visible .caption-name").all_inner_texts()


# --- grid or list -----------------------------------------------------------------------------------------------------


def test_a_list_has_columns_and_the_same_gestures(as_grid: Page) -> None:
    page = as_grid
    names = shown(page)
    page.get_by_role("button", name="List", exact=True).click()
    expect(page.locator("#grid")).to_have_attribute("data-layout", "list")
    assert shown(page) == names
    first = page.locator("#grid > .card").first
    expect(first).to_contain_text(re.compile(r"\d+ × \d+"))  # noqa: RUF001
    box, head = first.bounding_box(), page.locator(".list-head p").nth(2).bounding_box()
    cell = first.locator(".columns p").nth(1).bounding_box()
    assert box
    assert head
    assert cell
    assert box["height"] < 80
    assert abs(head["x"] - cell["x"]) < 2
    first.get_by_role("checkbox").click()
    page.locator("#grid > .card").nth(2).get_by_role("checkbox").click(modifiers=["Shift"])
    expect(page.locator("#selection-count")).to_have_text("3 selected")
    page.keyboard.press("Escape")
    page.locator(".card-link").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("s")
    page.wait_for_url("**/search/?like=*")
    expect(page.locator("#grid")).to_have_attribute("data-layout", "list")  # it is remembered


def test_a_head_of_a_list_sorts(as_grid: Page) -> None:
    page = as_grid
    page.get_by_role("button", name="List", exact=True).click()
    page.locator(".list-head").get_by_role("link", name="Name").click()
    page.wait_for_url("**sort=display_name")
    assert shown(page) == sorted(shown(page), key=str.lower)
    page.locator(".list-head").get_by_role("link", name=re.compile("Name ?, sorted upwards")).click()
    page.wait_for_url("**sort=-display_name")


def test_the_size_changes_in_place_and_is_remembered(as_grid: Page) -> None:
    page = as_grid
    card = page.locator("#grid > .card").first
    before = card.bounding_box()
    page.get_by_label("Size of the pictures").first.click()
    page.get_by_role("button", name="Small").click()
    after = card.bounding_box()
    assert before
    assert after
    assert after["height"] < before["height"]
    page.reload()
    assert (card.bounding_box() or {})["height"] == after["height"]


@pytest.mark.parametrize("address", ["", "search/?text=red", "trash/"])
def test_a_list_is_accessible(as_grid: Page, library: str, address: str) -> None:
    page = as_grid
    page.get_by_role("button", name="List", exact=True).click()
    page.goto(library + address)
    assert violations(page) == []


def test_a_list_fits_a_phone(phone: Page) -> None:
    phone.get_by_role("button", name="List", exact=True).tap()
    expect(phone.locator("#grid")).to_have_attribute("data-layout", "list")
    fits(phone, 390)
    first = phone.locator("#grid > .card").first
    expect(first.get_by_role("checkbox")).to_be_visible()
    first.tap(position={"x": 200, "y": 30})
    phone.wait_for_url("**/assets/**")
    phone.context.clear_cookies(name="layout")


# --- typed fields -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fields(stack: Stack) -> None:
    stack.django(
        """
from media_library.metadata import fields
from media_library.models import Library, User
library, user = Library.objects.get(slug="photos"), User.objects.get(username="demo")
fields.add(library, user, label="Price", type="integer", validation={"min": 0, "max": 100})
fields.add(library, user, label="Season", type="choice", choices=[{"value": "Summer"}, {"value": "Winter"}])
fields.add(library, user, label="Rights", type="choices", choices=[{"value": "Print"}, {"value": "Web"}])
fields.add(library, user, label="Until", type="date")
fields.add(library, user, label="Note", type="text")
"""
    )


def test_a_field_is_made_in_a_dialog_that_asks_what_its_type_needs(page: Page, library: str, fields: None) -> None:
    page.get_by_label("Account").click()
    page.get_by_role("link", name="Fields of this library").click()
    page.get_by_role("link", name="New field").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Choices")).to_be_hidden()
    expect(dialog.get_by_label("Pattern")).to_be_visible()
    dialog.get_by_label("Name").fill("Licence")
    dialog.get_by_label("Type").select_option("One choice")
    expect(dialog.get_by_label("At least")).to_be_hidden()
    dialog.get_by_label("Choices").fill("Free\nfree")
    dialog.get_by_role("button", name="Make the field").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Two choices are called free.")
    dialog.get_by_label("Choices").fill("Free\nPaid")
    dialog.get_by_role("button", name="Make the field").click()
    expect(page.locator(".listing-row").filter(has_text="Licence")).to_contain_text("Free, Paid")
    page.get_by_role("link", name="Delete Licence").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the field").click()
    expect(page.locator(".listing-row").filter(has_text="Licence")).to_have_count(0)


def test_a_picture_takes_values_and_says_what_is_wrong_with_one(page: Page, fields: None) -> None:
    page.locator("#grid .card-link").first.click()
    page.get_by_role("link", name="Edit").click()
    first = page.locator("form.fields [autofocus]")
    expect(first).to_be_focused()  # or what is typed at that moment goes there
    page.get_by_label("Price").fill("101")
    page.get_by_label("Season").select_option("Winter")
    page.get_by_label("Web").check()
    page.get_by_label("Until").fill("2027-05-31")
    page.locator("form.fields").evaluate("(form) => { form.noValidate = true; }")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".errorlist")).to_have_text("Give at most 100.")
    expect(first).to_be_focused()
    page.get_by_label("Price").fill("12")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#asset")).to_contain_text("Winter")
    expect(page.locator("#asset")).to_contain_text("2027-05-31")


def test_a_selection_gets_a_value_which_filters_find_and_undo_takes_back(
    page: Page, library: str, fields: None
) -> None:
    page.goto(f"{library}?sort=display_name")
    for at in (1, 2):
        page.locator("#grid > .card").nth(at).get_by_role("checkbox").click()
    page.get_by_role("form", name="selected").get_by_role("button", name="Fields").click()
    dialog = page.locator("#asking")
    expect(dialog.get_by_label("Value of Note")).to_be_hidden()
    dialog.get_by_role("checkbox", name="Price", exact=True).check()
    dialog.get_by_label("Value of Price").fill("77")
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("The fields of 2 pictures are set.")
    narrowed = page.context.new_page()
    narrowed.goto(f"{library}filters/")
    range_ = narrowed.get_by_role("group", name="Price")
    range_.get_by_label("At least").fill("70")
    range_.get_by_label("At most").fill("80")
    narrowed.get_by_role("button", name="Show pictures").click()
    expect(narrowed.locator("#grid > .card")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("Undone for 2 pictures.")
    narrowed.reload()
    expect(narrowed.locator("#grid > .card")).to_have_count(0)


def test_the_screens_of_fields_are_accessible(page: Page, library: str, fields: None) -> None:
    asset = page.locator("#grid .card-link").first.get_attribute("href")
    for address in (f"{library}fields/", f"{library}fields/new/", f"{library}filters/", f"{asset}edit/", str(asset)):
        page.goto(address)
        assert violations(page) == [], address
    page.goto(library)
    page.locator("#grid > .card").first.get_by_role("checkbox").click()
    page.get_by_role("form", name="selected").get_by_role("button", name="Fields").click()
    page.locator("#asking").get_by_role("checkbox", name="Rights", exact=True).check()
    assert violations(page) == []


def test_fields_fit_a_phone(phone: Page, fields: None) -> None:
    phone.goto(phone.url + "fields/")
    fits(phone, 390)
    phone.get_by_role("link", name="Change Season").tap()
    expect(phone.get_by_role("dialog").get_by_label("Choice: Summer")).to_have_value("Summer")


# --- duplicates -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twins(stack: Stack) -> str:
    """A library of six pictures."""
    return copies(stack, "Twins", 6)


@pytest.fixture
def groups(stack: Stack, twins: str) -> str:
    """The page of three groups of two, undecided."""
    stack.django(
        """
from django.utils import timezone
from media_library.models import Asset
from search.models import DuplicatePair, Embedding, EmbeddingModel
assets = Asset.objects.filter(library__slug="twins")
assets.update(deleted_at=None)
DuplicatePair.objects.filter(library__slug="twins").delete()
assets = list(assets.order_by("created_at"))
model = EmbeddingModel.active()
vector = Embedding.objects.filter(model=model).first().vector
Embedding.objects.bulk_create(
    [Embedding(asset=asset, model=model, vector=vector) for asset in assets], ignore_conflicts=True
)
for one, other in zip(assets[::2], assets[1::2]):
    DuplicatePair.of(one, other, kind="near", score=0.9, found_at=timezone.now()).save()
"""
    )
    return f"{twins}duplicates/"


def focused_group(page: Page) -> Any:
    return page.evaluate("document.activeElement.closest('[data-group]')?.querySelector('h2').id")


def test_groups_are_decided_by_keyboard_and_undone(page: Page, groups: str) -> None:
    page.goto(groups)
    sections = page.locator("[data-group]")
    expect(sections).to_have_count(3)
    heads = [section.locator("h2").get_attribute("id") for section in sections.all()]
    page.locator(".duplicate-picture").first.focus()
    page.keyboard.press("ArrowDown")
    assert focused_group(page) == heads[1]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert focused_group(page) == heads[0]
    page.keyboard.press("n")
    expect(sections).to_have_count(2)
    assert focused_group(page) == heads[1]
    expect(page.locator(".toast").last).to_contain_text("will not be suggested together again")
    page.keyboard.press("1")
    expect(sections).to_have_count(1)
    expect(page.locator(".toast").last).to_contain_text("One is kept, 1 picture is in the trash.")
    with page.expect_navigation():  # what is undone comes with the page anew
        page.keyboard.press("u")
    expect(sections).to_have_count(2)
    page.keyboard.press("a")
    page.keyboard.press("a")  # it need not wait for the first
    expect(page.get_by_text("No duplicates to decide about")).to_be_visible()


def test_find_similar_is_in_the_menu_of_a_duplicate(page: Page, groups: str) -> None:
    page.goto(groups)
    page.locator(".duplicate-picture").first.click(button="right")
    page.get_by_role("menuitem", name="Find Similar Image").click()
    page.wait_for_url("**/search/?like=*")


def test_the_review_of_duplicates_is_accessible(page: Page, groups: str) -> None:
    page.goto(groups)
    expect(page.locator("[data-group]").first).to_be_visible()
    assert violations(page) == []


def test_an_upload_shows_in_a_list_too(as_grid: Page, library: str) -> None:
    page = as_grid
    page.get_by_role("button", name="List", exact=True).click()
    upload(page, library, drawn("teal", 77, "listed.png"))
    page.goto(library)
    row = page.locator("#grid > .card").filter(has_text="listed")
    expect(row).to_contain_text("480 × 320")  # noqa: RUF001
