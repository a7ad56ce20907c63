import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from media_library import colours
from media_library.models import Asset, Library
from media_library.properties.labels import COLORS
from tests import factories
from tests.media_library.pages import cards_of, links_of, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "model")]


@pytest.fixture
def pictures(library: Library) -> list[Asset]:
    return [
        factories.asset(
            library, display_name="Rose", traits=["color:red", "orientation:square"], camera="Canon EOS 5D"
        ),
        factories.asset(
            library,
            display_name="Sea",
            traits=["color:blue", "issue:blurry"],
            taken_at=datetime(2024, 5, 1, tzinfo=UTC),
        ),
    ]


def fields_of(page: Any) -> set[tuple[str, str]]:
    return set(re.findall(r'<input type="(?:checkbox|hidden)" name="([^"]+)" value="([^"]*)"', page.content.decode()))


@pytest.mark.usefixtures("pictures")
def test_the_grid_leads_to_the_filters_with_its_own_query(client: Client) -> None:
    assert "/l/studio/filters/?colors=red&sort=display_name" in links_of(
        client.get("/l/studio/?colors=red&sort=display_name")
    )


@pytest.mark.usefixtures("pictures")
def test_the_panel_names_what_there_is_with_counts(client: Client) -> None:
    page = client.get("/l/studio/filters/")
    words = text_of(page)
    for part in (
        "2 pictures now.",
        "Colours Red 1 Blue 1",
        "Square 1",
        "Blurry 1",
        "Canon EOS 5D 1",
        "PNG 2",
        "2024 1",
    ):
        assert part in words
    assert "/l/studio/?taken_after=2024-01-01&taken_before=2024-12-31" in links_of(page)


@pytest.mark.usefixtures("pictures")
def test_the_form_keeps_what_it_does_not_show(client: Client) -> None:
    page = client.get("/l/studio/filters/?q=o&sort=bytes&colors=red:0.2&max_width=500")
    assert {("q", "o"), ("sort", "bytes"), ("max_width", "500"), ("colors", "red:0.2")} <= fields_of(page)
    assert "Red, at least 20 %" in text_of(page)
    assert "/l/studio/?q=o&sort=bytes" in links_of(page)


@pytest.mark.usefixtures("pictures")
def test_what_the_form_sends_narrows_the_grid_and_becomes_chips(client: Client) -> None:
    page = client.get("/l/studio/?colors=red&taken_after=&taken_before=&min_width=10&min_height=")
    assert cards_of(page) == ["Rose"]
    removable = re.findall(r'aria-label="Remove ([^"]+)"', page.content.decode())
    assert removable == ["Red", "At least 10 px wide"]
    assert "/l/studio/?min_width=10" in links_of(page)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("issues=blurry", "Blurry"),
        ("taken_after=2024-01-01", "Taken from Jan. 1, 2024"), ("metadata.job=7", "job: 7"),
        ("grey=false", "With colour"), ("formats=heif", "HEIF"), ("any_tags=x", "Tag: x"),
        ("created_before=2030-01-01T00:00:00Z", "Added until 2030-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_every_filter_has_a_chip_in_words(client: Client, library: Library, params: str, words: str) -> None:
    assert words in text_of(client.get(f"/l/studio/?{params}"))


def test_who_uploaded_is_a_chip_with_a_name_only_for_uploaders(client: Client, library: Library, user: Any) -> None:
    factories.asset(library, uploaded_by=user)
    other = factories.user("secretive")
    factories.asset(factories.library(other), uploaded_by=other)
    assert "Uploaded by ann" in text_of(client.get(f"/l/studio/?uploaded_by={user.pk}"))
    assert "secretive" not in text_of(client.get(f"/l/studio/?uploaded_by={other.pk}"))


@pytest.mark.usefixtures("pictures")
def test_htmx_gets_only_the_panel(client: Client) -> None:
    part = client.get("/l/studio/filters/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "filter-form" in part.content.decode()


@pytest.mark.parametrize("address", ["filters/", "issues/", "search/filters/?text=red"])
def test_a_stranger_finds_nothing(library: Library, address: str) -> None:
    assert signed_in(factories.user()).get(f"/l/studio/{address}").status_code == 404


@pytest.mark.usefixtures("pictures")
def test_nonsense_in_the_address_gets_a_sentence(client: Client) -> None:
    answer = client.get("/l/studio/?min_width=wide")
    assert answer.status_code == 400
    assert "min_width must be a whole number." in text_of(answer)


@pytest.mark.usefixtures("pictures")
def test_filters_are_carried_into_visual_search(client: Client) -> None:
    assert "/l/studio/search/?colors=red" in links_of(client.get("/l/studio/?colors=red"))


def test_issues_are_listed_by_kind_with_counts(client: Client, pictures: list[Asset]) -> None:
    page = client.get("/l/studio/issues/")
    for part in ("Blurry 1", "Dark 0", "Too bright 0", "Unlike all others 0"):
        assert part in text_of(page)
    assert cards_of(page) == ["Sea"]
    assert "/l/studio/?issues=blurry" in links_of(page)


@pytest.mark.usefixtures("pictures")
def test_the_panel_and_the_issues_take_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(14):
        client.get("/l/studio/filters/?colors=red&size=large")
    with django_assert_max_num_queries(17):
        client.get("/l/studio/issues/")


def test_every_colour_has_a_name_and_a_swatch() -> None:
    css = (settings.BASE_DIR / "static/css/filters.css").read_text()
    assert tuple(COLORS) == colours.NAMES
    assert set(re.findall(r"\.swatch-(\w+)", css)) == set(colours.NAMES)
