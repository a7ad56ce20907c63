"""Filters as people say them, and as the server knows them."""

import datetime

import pytest

from dam_client.cli.choosing import spoken
from dam_client.filters import NAMES, REPEATED, UnknownFilter, named, parameters
from dam_client.shapes import Folder


def test_every_filter_of_the_server_is_known() -> None:
    from media_library.api.base import FILTERS

    theirs = {item.name: item.many for item in FILTERS if not item.name.startswith("metadata.")}
    assert theirs.keys() <= NAMES
    assert {name for name, many in theirs.items() if many} <= REPEATED


def test_values_become_what_addresses_hold() -> None:
    folder = Folder(id="1b4e28ba-2fa1-11d2-883f-0016d3cca427", name="a")  # type: ignore[arg-type]
    found = parameters(
        {"folder": folder, "colour": ["red", "blue"], "grey": False, "min_width": 5, "q": None}
        | {"taken_after": datetime.date(2024, 5, 1), "metadata": {"client": "Aurora"}}
    )
    assert found == {
        "folder": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        "colors": ["red", "blue"],
        "grey": "false",
        "min_width": "5",
        "taken_after": "2024-05-01",
        "metadata.client": "Aurora",
    }


def test_an_unknown_filter_is_told_with_what_is_near() -> None:
    assert named("taken-after") == "taken_after"
    with pytest.raises(UnknownFilter, match="did you mean orientation"):
        named("orientaton")
    with pytest.raises(UnknownFilter, match=r"there are any_tags, .* and metadata\.<field>"):
        named("xyzzy")


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("sunset -boat", "sunset", ["boat"]),
        ('-"two people" beach', "beach", ["two people"]),
        ("well-known -x-y", "well-known", ["x-y"]),
        ("a - b", "a - b", []),
        ("", "", []),
    ],
)
def test_a_minus_takes_the_word_or_phrase_after_it(text: str, wanted: str, unwanted: list[str]) -> None:
    assert spoken(text) == (wanted, unwanted)
