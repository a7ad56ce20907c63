from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.models import Asset, Library, Tag
from search.clusters import joining
from search.clusters.kinds import OBJECTS
from search.models import EmbeddingModel, Region
from tests import factories
from tests.search.clusters import drawn

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(library: Library) -> list[Asset]:
    """Bunches of twelve, four and one."""
    vectors = drawn.bunches(3, 12)
    return drawn.joined(library, drawn.model(), [*vectors[:16], vectors[24]])


def url(library: Library, path: str = "") -> str:
    return f"/api/v1/libraries/{library.pk}/clusters/{path}"


def listed(api: APIClient, library: Library, **params: object) -> dict[str, Any]:
    answer = api.get(url(library), params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_clusters_come_with_size_height_and_previews(api: APIClient, library: Library, made: list[Asset]) -> None:
    body = listed(api, library)
    assert [row["n_images"] for row in body["results"]] == [12, 4, 1]
    first = body["results"][0]
    assert (first["level"], first["height"], len(first["previews"])) == (0, drawn.HEIGHTS[0], 9)
    assert first["previews"][0]["urls"]["thumb"].startswith("http")
    assert first["previews"][0]["indexed"] is True
    assert body["next_cursor"] is None


def test_pages_repeat_and_skip_nothing(api: APIClient, library: Library, made: list[Asset]) -> None:
    whole = [row["id"] for row in listed(api, library)["results"]]
    first = listed(api, library, limit=2)
    second = listed(api, library, limit=2, cursor=first["next_cursor"])
    assert [row["id"] for row in first["results"] + second["results"]] == whole
    assert second["next_cursor"] is None


def test_a_cluster_can_be_opened(api: APIClient, library: Library, made: list[Asset]) -> None:
    cluster = listed(api, library)["results"][0]
    body = api.get(url(library, f"{cluster['id']}/"), {"limit": 10}).json()
    assert {name: body[name] for name in ("id", "level", "height", "n_images")} == {
        name: cluster[name] for name in ("id", "level", "height", "n_images")
    }
    rest = api.get(url(library, f"{cluster['id']}/"), {"limit": 10, "cursor": body["next_cursor"]}).json()
    ids = [asset["id"] for asset in body["results"] + rest["results"]]
    assert set(ids) == {str(asset.pk) for asset in made[:12]}
    assert len(ids) == 12


def test_trash_exclusion_and_filters_narrow_counts_and_previews(
    api: APIClient, library: Library, made: list[Asset]
) -> None:
    Asset.objects.filter(pk=made[0].pk).update(deleted_at=timezone.now())
    Asset.objects.filter(pk=made[1].pk).update(visual_search=False)
    assert [row["n_images"] for row in listed(api, library)["results"]] == [10, 4, 1]
    tag = Tag.objects.create(library=library, name="red")
    for asset in (made[0], made[2], made[16]):
        asset.tags.add(tag)
    body = listed(api, library, tags="red")
    assert sorted(row["previews"][0]["id"] for row in body["results"]) == sorted([str(made[2].pk), str(made[16].pk)])
    cluster = next(row["id"] for row in body["results"] if row["previews"][0]["id"] == str(made[2].pk))
    assert api.get(url(library, f"{cluster}/"), {"tags": "red"}).json()["n_images"] == 1


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"level": "7"}, "bad_level"),
        ({"level": "-1"}, "bad_level"),
        ({"level": "coarse"}, "bad_level"),
        ({"level": "1.0"}, "bad_level"),
        ({"limit": "0"}, "bad_limit"),
        ({"cursor": "x"}, "bad_cursor"),
        ({"folder": "x"}, "bad_id"),
    ],
)
def test_bad_input_gets_a_sentence(
    api: APIClient, library: Library, made: list[Asset], params: dict[str, str], code: str
) -> None:
    answer = api.get(url(library), params)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["detail"].endswith(".")


def test_a_cursor_belongs_to_its_level(api: APIClient, library: Library, made: list[Asset]) -> None:
    cursor = listed(api, library, limit=1)["next_cursor"]
    answer = api.get(url(library), {"level": 1, "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")
    from django.core import signing

    assert api.get(url(library), {"cursor": signing.dumps(["-created_at", "x", "y"])}).status_code == 400


def test_strangers_find_nothing(api: APIClient, library: Library, made: list[Asset]) -> None:
    cluster = listed(api, library)["results"][0]["id"]
    stranger = APIClient()
    assert stranger.get(url(library)).status_code in {401, 403}
    other = factories.user()
    stranger.force_login(other)
    assert stranger.get(url(library)).status_code == 404
    assert stranger.get(url(library, f"{cluster}/")).status_code == 404
    own = factories.library(other)
    assert stranger.get(url(own, f"{cluster}/")).status_code == 404  # not through a library of their own


def test_an_unknown_cluster_is_not_found(api: APIClient, library: Library, made: list[Asset]) -> None:
    assert api.get(url(library, f"{made[0].pk}/")).status_code == 404


def test_a_library_without_pictures_has_no_clusters(api: APIClient, library: Library) -> None:
    drawn.model()
    assert listed(api, library, level=4) == {"results": [], "next_cursor": None, "computed_at": None}
    EmbeddingModel.objects.all().delete()
    assert listed(api, library)["results"] == []


@pytest.fixture
def objects(library: Library) -> list[Region]:
    """Bunches of twelve and four and one alone, on two pictures; the twelve are labelled `Cup`."""
    model, vectors = drawn.model(), drawn.bunches(3, 12)
    assets = [factories.asset(library), factories.asset(library)]
    made = [
        factories.embedded_region(
            assets[at % 2], model, vector, label="Cup" if at < 12 else "", box=(0, 0, 0.01 * (at + 1), 1)
        )
        for at, vector in enumerate([*vectors[:16], vectors[24]])
    ]
    joining.join(model, [region.pk for region in made], OBJECTS)
    return made


def test_clusters_of_objects_show_assets_with_their_boxes(
    api: APIClient, library: Library, objects: list[Region]
) -> None:
    body = listed(api, library, entity_type="OBJECTS")
    assert [(row["n_objects"], row["n_images"]) for row in body["results"]] == [(12, 0), (4, 0), (1, 0)]
    shown = body["results"][0]["previews"]
    assert len(shown) == 9
    region = next(region for region in objects if str(region.pk) == shown[0]["region"]["id"])
    assert shown[0]["region"]["label"] == "Cup"
    assert shown[0]["region"]["box"] == region.box.as_dict()
    assert shown[0]["asset"]["id"] == str(region.asset_id)
    assert shown[0]["asset"]["urls"]["preview"].startswith("http")
    assert listed(api, library)["results"] == []  # no picture has a vector


def test_pages_of_objects_repeat_and_skip_nothing(api: APIClient, library: Library, objects: list[Region]) -> None:
    whole = [row["id"] for row in listed(api, library, entity_type="OBJECTS")["results"]]
    first = listed(api, library, entity_type="OBJECTS", limit=2)
    second = listed(api, library, entity_type="OBJECTS", limit=2, cursor=first["next_cursor"])
    assert [row["id"] for row in first["results"] + second["results"]] == whole
    asked, found = {"entity_type": "OBJECTS", "limit": 10}, []
    while True:
        page = api.get(url(library, f"{whole[0]}/"), asked).json()
        found += [row["region"]["id"] for row in page["results"]]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert found == [str(region.pk) for region in reversed(objects[:12])]
    assert (page["n_objects"], page["n_images"], page["level"]) == (12, 0, 0)


def test_labels_filters_and_the_trash_narrow_objects(api: APIClient, library: Library, objects: list[Region]) -> None:
    assert [row["n_objects"] for row in listed(api, library, entity_type="OBJECTS", labels="cup")["results"]] == [12]
    asset = objects[0].asset
    asset.tags.add(Tag.objects.create(library=library, name="red"))
    tagged = listed(api, library, entity_type="OBJECTS", tags="red")["results"]
    assert [row["n_objects"] for row in tagged] == [6, 2, 1]
    opened = api.get(url(library, f"{tagged[0]['id']}/"), {"entity_type": "OBJECTS", "tags": "red"}).json()
    assert {row["asset"]["id"] for row in opened["results"]} == {str(asset.pk)}
    Asset.objects.filter(pk=asset.pk).update(visual_search=False)
    Asset.objects.exclude(pk=asset.pk).update(deleted_at=timezone.now())
    assert listed(api, library, entity_type="OBJECTS")["results"] == []


def test_labels_narrow_clusters_of_pictures_to_those_that_have_such_a_region(
    api: APIClient, library: Library, made: list[Asset]
) -> None:
    for asset in made[10:14]:
        factories.region(asset, label="Cup")
    assert [row["n_images"] for row in listed(api, library, labels="cup")["results"]] == [2, 2]


@pytest.mark.parametrize("kind", ["IMAGES", "OBJECTS"])
def test_a_list_costs_the_same_however_many_are_shown(
    api: APIClient, library: Library, objects: list[Region], made: list[Asset], kind: str
) -> None:
    counts = []
    for limit in (1, 50):
        with CaptureQueriesContext(connection) as queries:
            listed(api, library, entity_type=kind, limit=limit)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_cluster_of_one_kind_is_not_found_among_the_other(
    api: APIClient, library: Library, objects: list[Region]
) -> None:
    cluster = listed(api, library, entity_type="OBJECTS")["results"][0]["id"]
    assert api.get(url(library, f"{cluster}/")).status_code == 404
    answer = api.get(url(library), {"entity_type": "THINGS"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_entity_type")


def test_strangers_find_no_objects(api: APIClient, library: Library, objects: list[Region]) -> None:
    cluster = listed(api, library, entity_type="OBJECTS")["results"][0]["id"]
    stranger, other = APIClient(), factories.user()
    stranger.force_login(other)
    for path in ("", f"{cluster}/"):
        assert stranger.get(url(library, path), {"entity_type": "OBJECTS"}).status_code == 404
    own = factories.library(other)
    assert stranger.get(url(own, f"{cluster}/"), {"entity_type": "OBJECTS"}).status_code == 404
