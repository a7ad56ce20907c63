"""Searches by words, by examples of every kind, and by filters, against the product's library of drawings."""

from pathlib import Path
from typing import Any

import pytest

from dam_client import ApiError, Asset, Client, Crop, Library
from dam_client.filters import UnknownFilter
from tests.client.scripted import serving

pytestmark = pytest.mark.slow


@pytest.fixture
def sunset(shown: Library) -> Asset:
    (asset,) = [asset for asset in shown.assets() if asset.display_name == "Sunset over the sea"]
    return asset


def names(found: Any) -> list[str]:
    return [hit.asset.display_name for hit in found]


def test_words_find_names_and_say_why(shown: Library) -> None:
    found = shown.search("sunset over the sea")
    hits = list(found)
    assert hits[0].asset.display_name == "Sunset over the sea"
    assert "name:sunset" in hits[0].reasons
    assert (found.total, found.query["text"]) == (shown.detail().counts.total, "sunset over the sea")


@pytest.mark.parametrize("kind", ["asset", "id", "text", "path", "bytes", "file", "url", "anchor", "crop"])
def test_every_kind_of_example_finds_the_picture(
    dam: Client, shown: Library, sunset: Asset, tmp_path: Path, kind: str
) -> None:
    content = dam.assets.read(sunset)
    path = tmp_path / "example.jpg"
    path.write_bytes(content)
    with serving((200, content, {"Content-Type": "image/jpeg"})) as web, path.open("rb") as file:
        examples: dict[str, Any] = {"asset": sunset, "id": sunset.id, "text": str(sunset.id), "path": path}
        examples |= {"bytes": content, "file": file, "url": f"{web.url}/a.jpg", "crop": Crop(path, (0, 0, 0.9, 1))}
        example = shown.anchor(path) if kind == "anchor" else examples[kind]
        assert names(shown.search(like=example, limit=1)) == ["Sunset over the sea"]


def test_parts_are_mixed_and_filters_narrow(shown: Library, sunset: Asset) -> None:
    found = shown.search("mountains", like=[sunset], not_text="palm", weights={"text": 2}, folder="holiday")
    assert sorted(names(found)) == ["Beach with a palm tree", "Snowy mountains with a lake", "Sunset over the sea"]
    assert (found.query["not_text"], found.query["weights"]["text"]) == (["palm"], 2)


def test_pages_follow_each_other_and_the_limit_ends_them(shown: Library) -> None:
    from dam_client.searching import Found
    from dam_client.shapes import Hit

    whole = names(shown.search("sea", limit=None))
    asked = {"text": "sea"}
    paged = Found(shown._transport, "POST", f"{shown._path}search/", Hit, asked, None, page=3)
    assert names(paged) == whole
    assert names(shown.search("sea", limit=5)) == whole[:5]


def test_ids_alone_are_those_of_the_whole_answer(shown: Library, sunset: Asset) -> None:
    asked: dict[str, Any] = {"like": sunset, "not_text": "palm", "weights": {str(sunset.id): 2}, "folder": "holiday"}
    whole = shown.search("sea", **asked)
    ids = shown.search_ids("sea", **asked)
    assert [(hit.id, hit.distance, hit.band) for hit in ids] == [
        (hit.asset.id, hit.distance, hit.band) for hit in whole
    ]
    assert (ids.total, ids.query) == (whole.total, whole.query)
    assert len(list(shown.search_ids("sea", limit=2))) == 2


def test_similar_has_the_picture_itself_first(dam: Client, shown: Library, sunset: Asset) -> None:
    assert names(dam.assets.similar(sunset, limit=2))[0] == "Sunset over the sea"
    assert names(dam.assets.similar(sunset, folder=shown.folders.at("holiday")))[0] == "Sunset over the sea"


def test_facets_count_a_library_and_a_search(shown: Library) -> None:
    whole = shown.facets()
    assert sum(value.count for value in whole.facets["formats"]) == whole.total
    orientations = {value.value: value.count for value in whole.facets["orientation"]}
    assert shown.facets(orientation="landscape").total == orientations["landscape"]
    assert 0 < shown.facets("sea", orientation="landscape").total <= orientations["landscape"]


def test_clusters_hold_every_picture(shown: Library) -> None:
    total = shown.detail().counts.total
    clusters = list(shown.clusters(4))
    assert sum(cluster.n_images for cluster in clusters) in {0, total}  # 0: they are not computed yet
    for cluster in clusters[:1]:
        assert len(list(shown.cluster(cluster))) == cluster.n_images


def test_duplicates_come_in_groups(shown: Library) -> None:
    assert all(len(group.members) > 1 for group in shown.duplicates())


def test_a_filter_that_does_not_exist_is_not_passed_over(shown: Library) -> None:
    with pytest.raises(UnknownFilter, match="There is no filter “colr”: did you mean color"):
        shown.search("sea", colr="red")
    with pytest.raises(ApiError, match="colors must be a colour"):
        shown.search("sea", color="reddish")


def test_nothing_wanted_is_the_servers_sentence(shown: Library) -> None:
    with pytest.raises(ApiError) as caught:
        shown.search(not_text=["sea"])
    assert caught.value.status == 400
