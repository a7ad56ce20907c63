"""Pages of visual search: more and less like this, and weights."""

import re
from typing import Any

import pytest
from django.test import Client

from media_library.models import Asset
from tests.media_library.pages import cards_of, links_of, text_of
from tests.search.visual_pages.steps import SEARCH, menu_of, params

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]


def test_a_card_of_results_is_added_to_the_search_or_taken_off(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get(f"{SEARCH}?text=red&weight=text:2&min_width=10&collapse=true&scores=1")
    menu = menu_of(page, pictures["blue"])
    asked = params(page.request["QUERY_STRING"] and f"?{page.request['QUERY_STRING']}")
    assert params(menu["More like this"]) == asked | {"like": [str(pictures["blue"].pk)]}
    assert params(menu["Less like this"]) == asked | {"unlike": [str(pictures["blue"].pk)]}
    assert cards_of(client.get(menu["More like this"]))
    assert cards_of(client.get(menu["Less like this"]))[-1] == "Blue"


def test_what_is_an_example_already_is_not_offered_again(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get(f"{SEARCH}?like={pictures['red'].pk}&unlike={pictures['blue'].pk}")
    offered = {color: "More like this" in menu_of(page, asset) for color, asset in pictures.items()}
    assert offered == {"red": False, "blue": False, "green": True}


def test_no_more_is_offered_once_there_are_twenty(client: Client, pictures: dict[str, Asset]) -> None:
    words = "".join(f"&not_text=word{number}" for number in range(20))
    page = client.get(f"{SEARCH}?text=red{words}")
    assert "More like this" not in menu_of(page, pictures["red"])
    assert "data-add-to" not in page.content.decode()


@pytest.mark.parametrize("address", ["/l/studio/", SEARCH])
def test_only_results_can_be_refined(client: Client, pictures: dict[str, Asset], address: str) -> None:
    assert "More like this" not in menu_of(client.get(address), pictures["red"])


def test_what_is_typed_is_a_text_in_every_link(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get(SEARCH, {"text": '"><script>alert(1)</script> {name}'})
    assert "<script>alert" not in page.content.decode()
    assert params(menu_of(page, pictures["red"])["More like this"])["text"] == ['"><script>alert(1)</script> {name}']


def test_the_box_says_where_a_dragged_card_goes(client: Client, pictures: dict[str, Asset]) -> None:
    grid = client.get("/l/studio/?tags=sea").content.decode()
    assert f'data-add-to="{SEARCH}?tags=sea"' in grid
    results = client.get(f"{SEARCH}?text=red&not_text=sea").content.decode()
    assert f'data-add-to="{SEARCH}?text=red&amp;not_text=sea"' in results


def weights_of(page: Any) -> list[tuple[str, str, bool]]:
    """(what it says, where it leads, whether it is so now) of all weights on the page."""
    items = re.findall(
        r'<a class="menu-item" href="([^"]*)"( aria-current="true")?>([^<]*)<span class="menu-side number">',
        page.content.decode(),
    )
    return [(label, url.replace("&amp;", "&"), bool(current)) for url, current, label in items]


def test_each_part_is_weighed_in_its_chip(client: Client, pictures: dict[str, Asset]) -> None:
    red = str(pictures["red"].pk)
    page = client.get(f"{SEARCH}?text=blue&like={red}")
    names = ["Much less", "Less", "Normal", "More", "Much more"]
    found = weights_of(page)
    assert [label for label, _url, _current in found] == names * 2
    assert [label for label, _url, current in found if current] == ["Normal", "Normal"]
    more = next(url for label, url, _current in found if label == "Much more")
    assert params(more)["weight"] == ["text:4"]
    heavier = client.get(more)
    assert cards_of(heavier)[0] == "Blue"
    assert [label for label, _url, current in weights_of(heavier) if current] == ["Much more", "Normal"]
    assert "4 ×" in text_of(heavier)  # noqa: RUF001
    normal = next(url for label, url, _current in weights_of(heavier) if label == "Normal")
    assert "weight" not in params(normal)


def test_what_is_not_wanted_is_weighed_against_its_own_ordinary_weight(
    client: Client, pictures: dict[str, Asset]
) -> None:
    blue = str(pictures["blue"].pk)
    page = client.get(f"{SEARCH}?text=red&not_text=sea&unlike={blue}&weight={blue}:0.5")
    urls = [params(url).get("weight", []) for label, url, _current in weights_of(page) if label == "More"]
    assert urls == [[f"{blue}:0.5", "text:2"], [f"{blue}:0.5", "not_text:1"], [f"{blue}:1"]]
    assert [label for label, _url, current in weights_of(page) if current] == ["Normal"] * 3


def test_a_weight_of_ones_own_is_shown_as_it_is(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get(f"{SEARCH}?text=red&not_text=sea&weight=text:3")
    assert ("As it is", True) in [(label, current) for label, _url, current in weights_of(page)]


def test_a_part_that_stands_alone_has_no_weight(client: Client, pictures: dict[str, Asset]) -> None:
    assert weights_of(client.get(f"{SEARCH}?text=red")) == []


def test_a_chip_that_is_removed_takes_only_its_weight_along(client: Client, pictures: dict[str, Asset]) -> None:
    red = str(pictures["red"].pk)
    page = client.get(f"{SEARCH}?text=blue&like={red}&weight=text:2&weight={red}:4")
    assert f"{SEARCH}?text=blue&weight=text%3A2" in links_of(page)
    assert f"{SEARCH}?like={red}&weight={red}%3A4" in links_of(page)
