"""Search by expression."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from media_library import ingest
from media_library.models import Folder, Library
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def pictures(library: Library) -> None:
    """`cat`, `dog` and `bird`: three pictures that differ in everything."""
    travel = Folder.objects.create(library=library, name="Travel")
    year = Folder.objects.create(library=library, name="2024", parent=travel)
    now = timezone.now()
    made = {
        "cat": factories.asset(
            library, public_id="pets/cat", display_name="A sleeping cat", folder=travel, width=200, height=100,
            bytes=500, metadata={"sku": "A-1", "context.season": "Winter"}, alt_text="Sleeping",
            taken_at=datetime(2020, 5, 1, 12, tzinfo=UTC),
        ),
        "dog": factories.asset(
            library, public_id="pets/dog", display_name="dog_running", folder=year, format="jpeg", width=100,
            height=100, bytes=3 * 1024 * 1024, metadata={"sku": "B-2", "list": ["one", "two"]},
            traits=["color:red"],
        ),
        "bird": factories.asset(library, public_id="wild-bird", display_name="100% bird (rare)", bytes=10_000),
    }  # fmt: skip
    made["cat"].tags.set(ingest.tags_named(library, ["Animal", "Red Fur"]))
    made["dog"].tags.set(ingest.tags_named(library, ["animal"]))
    for days, name in ((10, "cat"), (3, "dog"), (0, "bird")):
        library.assets.filter(pk=made[name].pk).update(created_at=now - timedelta(days=days, minutes=1))
    factories.asset(library, public_id="gone", deleted_at=now)
    factories.asset(factories.library(name="Other"), public_id="foreign")


def search(cloud: Cloud, **params: Any) -> dict[str, Any]:
    answer = cloud.admin("post", "resources/search", params)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def names(body: dict[str, Any]) -> str:
    """The pictures found, by their last words: `cat dog`."""
    found = {body["public_id"].replace("-", "/").rpartition("/")[2] for body in body["resources"]}
    return " ".join(name for name in ("cat", "dog", "bird", "gone", "foreign") if name in found)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("", "cat dog bird"),
        ("public_id:pets", "cat dog"),
        ("public_id:PETS", "cat dog"),
        ("public_id:pet", ""),
        ("public_id:pet*", "cat dog"),
        ("public_id=pets/cat", "cat"),
        ("public_id=PETS/CAT", ""),
        ("public_id=pets/*", "cat dog"),
        ('public_id="pets/cat"', "cat"),
        ("display_name:running", "dog"),
        ('display_name:"sleeping cat"', "cat"),
        (r"display_name:100\%", "bird"),
        (r"display_name:\(rare\)", "bird"),
        ("filename:cat", "cat"),
        ("display_name:.*", ""),
        ("display_name:%", "bird"),
        ("tags:animal", "cat dog"),
        ("tags=animal", "cat dog"),
        ("tags=Animal", "cat dog"),
        ("tags:fur", "cat"),
        ('tags="Red Fur"', "cat"),
        (r"tags=Red\ Fur", "cat"),
        ("tags:re*", "cat"),
        ("tags", "cat dog"),
        ("-tags", "bird"),
        ("NOT tags", "bird"),
        ("-tags:fur", "dog bird"),
        ("tags:animal AND NOT tags:fur", "dog"),
        ("tags:animal -tags:fur", "dog"),
        ("tags:fur OR public_id:wild", "cat bird"),
        ("tags:animal AND (width>150 OR bytes>1mb)", "cat dog"),
        ("(tags:animal AND width>150) OR public_id:wild", "cat bird"),
        ("tags:fur OR tags:animal AND format:jpg", "cat dog"),
        ("NOT (tags:fur OR format:jpg)", "bird"),
        ("--tags", "cat dog"),
        ("folder:travel", "cat dog"),
        ("folder=Travel", "cat"),
        ("folder=travel", ""),
        ("asset_folder:travel/2024", "dog"),
        ("asset_folder=Travel/*", "dog"),
        ('folder=""', "bird"),
        ("folder", "cat dog"),
        ("-asset_folder", "bird"),
        ("context.season:winter", "cat"),
        ("context.season=Winter", "cat"),
        ("context.season=winter", ""),
        ("context.season", "cat"),
        ("context.alt:sleeping", "cat"),
        ("context.alt", "cat"),
        ("metadata.sku=A-1", "cat"),
        ("metadata.sku=A*", "cat"),
        ("metadata.sku:b", "dog"),
        ("metadata.sku", "cat dog"),
        ("metadata.list=two", "dog"),
        ("metadata.list:two", "dog"),
        ("-metadata", "bird"),
        ("resource_type:image", "cat dog bird"),
        ("resource_type:video", ""),
        ("resource_type:image AND type=upload", "cat dog bird"),
        ("type:private", ""),
        ("status=active", "cat dog bird"),
        ("format:jpg", "dog"),
        ("format=jpeg", "dog"),
        ("format:(x)", None),
        ("width>100", "cat"),
        ("width >= 100", "cat dog"),
        ("width:[60 TO 100]", "dog bird"),
        ("width:{60 TO 100]", "dog"),
        ("width:[60 TO 100}", "bird"),
        ("height=100", "cat dog"),
        ("bytes<1kb", "cat"),
        ("bytes:[1kb TO 20KB]", "bird"),
        ("pixels>15000", "cat"),
        ("bytes>999999999999gb OR width>=999999999999", ""),
        ("bytes<999999999999gb AND pixels<999999999999", "cat dog bird"),
        ("aspect_ratio:2:1", "cat"),
        ("aspect_ratio>=1.5", "cat bird"),
        ("created_at>4d", "dog bird"),
        ("uploaded_at<1w", "cat"),
        ("created_at:1d", "bird"),
        ("created_at:[2w TO 2d]", "cat dog"),
        ("taken_at:2020-05-01", "cat"),
        ("taken_at<2020-05-01", ""),
        ("taken_at<=2020-05-01", "cat"),
        ("taken_at>2020-05-01", ""),
        ("taken_at:[2020-01-01 TO 2020-12-31]", "cat"),
        ('taken_at="2020-05-01T12:00:00Z"', "cat"),
        ("taken_at>2020-05-01T11:59:59Z", "cat"),
        ("taken_at", "cat"),
        ("-taken_at", "dog bird"),
        ("colors:red", "dog"),
        ("asset_id:nonsense", ""),
        ("sleeping", "cat"),
        ("dog", "dog"),
        ('"sleeping cat"', "cat"),
    ],
)
def test_expressions(cloud: Cloud, pictures: None, expression: str, found: str | None) -> None:
    if found is None:
        assert cloud.admin("post", "resources/search", {"expression": expression}).status_code == 400
    else:
        body = search(cloud, expression=expression)
        assert names(body) == found
        assert body["total_count"] == len(found.split())


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("nonsense:1", "nonsense"),
        ("tags:a AND colour:red", "colour"),
        ("width:wide", "wide"),
        ("bytes>1parsec", "1parsec"),
        ("width>1mb", "1mb"),
        ("created_at>yesterday", "yesterday"),
        ("created_at:2024-13-40", "2024-13-40"),
        ("tags>a", "tags"),
        ("tags:[a TO b]", "tags"),
        ("width>[1 TO 2]", "range"),
        ("colors:mauve", "navy"),
        ("context:x", "context.<key>"),
        ("(tags:a", "character 8"),
        ("tags:a)", "character 7"),
        ("tags:a AND", "character"),
        ("OR tags:a", "character 1"),
        ("width:[1 TO", "character"),
        ('tags:"a', "character"),
        ("x" * 4001, "too long"),
        ("(" * 200 + "tags" + ")" * 200, "too long"),
        ("- " * 500 + "tags", "too long"),
        ("word " * 21, "too long"),
        ("tags:a " * 201, "too long"),
    ],
)
def test_nonsense_is_400_and_named(cloud: Cloud, expression: str, part: str) -> None:
    answer = cloud.admin("post", "resources/search", {"expression": expression})
    assert answer.status_code == 400
    assert part in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "value", ["'; DROP TABLE x; --", "%", "_", "\\\\", "[a-z]", "^a$", "(?i)x", "\x7f", "é", "$1", "{0}", "%s"]
)
@pytest.mark.parametrize("field", ["public_id", "tags", "folder", "metadata.x", "context.y", "format", "etag"])
def test_values_are_only_values(cloud: Cloud, pictures: None, field: str, value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    for operator in (":", "="):
        assert names(search(cloud, expression=f'{field}{operator}"{quoted}"')) == ""


def sorted_ids(body: dict[str, Any]) -> list[str]:
    return [found["public_id"] for found in body["resources"]]


@pytest.mark.parametrize(
    ("sort_by", "order"),
    [
        ([], "bird dog cat"),
        ([{"created_at": "asc"}], "cat dog bird"),
        ([{"bytes": "desc"}], "dog bird cat"),
        ([{"height": "desc"}, {"width": "asc"}], "dog cat bird"),
        ([{"public_id": "asc"}], "cat dog bird"),
        ([{"pixels": "desc"}], "cat dog bird"),
        ([{"taken_at": "desc"}, {"bytes": "asc"}], "cat bird dog"),
        ("bytes:desc", "dog bird cat"),
    ],
)
def test_order_and_pages(cloud: Cloud, pictures: None, sort_by: Any, order: str) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = search(cloud, sort_by=sort_by, max_results=1, **({"next_cursor": cursor} if cursor else {}))
        seen += [public_id.replace("-", "/").rpartition("/")[2] for public_id in sorted_ids(body)]
        assert body["total_count"] == 3
        cursor = body.get("next_cursor")
    assert " ".join(seen) == order


def test_pages_hold_while_pictures_come_and_go(cloud: Cloud, library: Library, pictures: None) -> None:
    first = search(cloud, max_results=1)
    factories.asset(library, public_id="new")
    library.assets.filter(public_id="wild-bird").update(deleted_at=timezone.now())
    assert sorted_ids(search(cloud, max_results=1, next_cursor=first["next_cursor"])) == ["pets/dog"]


@pytest.mark.parametrize(
    "params",
    [
        {"sort_by": [{"nonsense": "asc"}]},
        {"sort_by": [{"bytes": "up"}]},
        {"sort_by": ["bytes"]},
        {"sort_by": 5},
        {"next_cursor": "nonsense"},
        {"max_results": 501},
        {"max_results": "many"},
        {"aggregate": "nonsense"},
    ],
)
def test_nonsense_parameters_are_400(cloud: Cloud, params: dict[str, Any]) -> None:
    assert cloud.admin("post", "resources/search", params).status_code == 400


def test_a_cursor_belongs_to_its_order(cloud: Cloud, pictures: None) -> None:
    cursor = search(cloud, max_results=1)["next_cursor"]
    params = {"next_cursor": cursor, "sort_by": [{"bytes": "asc"}]}
    assert cloud.admin("post", "resources/search", params).status_code == 400


def test_fields_and_with_field(cloud: Cloud, pictures: None) -> None:
    body = search(cloud, expression="tags:fur", with_field=["context", "metadata"])["resources"][0]
    assert body["context"] == {"custom": {"alt": "Sleeping", "season": "Winter"}}
    assert body["metadata"] == {"sku": "A-1"}
    body = search(cloud, expression="tags:fur", fields=["tags", "context", "secure_url"])["resources"][0]
    assert set(body) == {"asset_id", "public_id", "tags", "context", "secure_url"}


def test_aggregates(cloud: Cloud, pictures: None) -> None:
    body = search(cloud, aggregate=["format", "resource_type"], max_results=1)
    assert body["aggregations"] == {"format": {"png": 2, "jpg": 1}, "resource_type": {"image": 3}}


def test_get_is_the_same(cloud: Cloud, pictures: None) -> None:
    answer = cloud.get("resources/search", {"expression": "tags:animal", "sort_by[0][bytes]": "asc"})
    assert sorted_ids(answer.json()) == ["pets/cat", "pets/dog"]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("", ["2024", "Travel"]),
        ("name:travel", ["Travel"]),
        ("name=2024", ["2024"]),
        ("name=20*", ["2024"]),
        ("path:travel", ["2024", "Travel"]),
        ("path=Travel/2024", ["2024"]),
        ("trav*", ["Travel"]),
        ("-name=2024", ["Travel"]),
    ],
)
def test_folders(cloud: Cloud, pictures: None, expression: str, found: list[str]) -> None:
    Folder.objects.create(library=factories.library(name="Elsewhere"), name="Travel")
    body = cloud.admin("post", "folders/search", {"expression": expression}).json()
    assert [folder["name"] for folder in body["folders"]] == found
    assert body["total_count"] == len(found)


def test_folders_are_paged_and_have_a_path(cloud: Cloud, pictures: None) -> None:
    first = cloud.admin("post", "folders/search", {"max_results": 1}).json()
    assert first["folders"][0]["path"] == "Travel/2024"
    params = {"max_results": 1, "next_cursor": first["next_cursor"]}
    assert cloud.admin("post", "folders/search", params).json()["folders"][0]["path"] == "Travel"
    assert cloud.admin("post", "folders/search", {"expression": "tags:x"}).status_code == 400


def test_the_number_of_queries_does_not_grow(cloud: Cloud, pictures: None, django_assert_num_queries: Any) -> None:
    search(cloud)
    with django_assert_num_queries(7):  # key, library, folders to compile and to show, page, count, tags
        assert len(search(cloud, expression="folder:travel OR -folder")["resources"]) == 3
