from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.models import Asset, Library, Tag
from search.models import EmbeddingModel
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
