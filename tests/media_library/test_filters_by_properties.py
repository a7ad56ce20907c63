from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import QueryDict
from rest_framework.test import APIClient

from dam.errors import InvalidRequest
from media_library.filters import AssetFilters
from media_library.models import Asset, Library, Tag, User
from media_library.properties import PROPERTIES
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


def found(library: Library, params: str) -> list[str]:
    filters = AssetFilters.from_params(library, QueryDict(params), None)
    again = AssetFilters.from_params(library, QueryDict(mutable=True) | dict(filters.params()), None)
    assert set(again.properties) <= set(filters.properties)
    return sorted(filters.apply(Asset.objects.filter(library=library)).values_list("display_name", flat=True))


@pytest.fixture
def pictures(library: Library, user: User) -> dict[str, Asset]:
    """One red, large, blurry photograph of 2024, one blue grey icon, and one that was never measured."""
    return {
        "photo": factories.asset(
            library, display_name="photo", format="jpeg", width=4000, height=2000, bytes=5_000_000, uploaded_by=user,
            traits=["orientation:landscape", "size:large", "color:red", "color:blue", "issue:blurry"],
            facts={"colors": {"red": 0.5, "blue": 0.12, "pink": 0.04}}, camera="Canon EOS 5D",
            taken_at=datetime(2024, 5, 31, 18, tzinfo=UTC), metadata={"job": 7, "client": "7", "paid": True},
        ),
        "icon": factories.asset(
            library, display_name="icon", width=64, height=64, metadata={"job": "x", "tags": ["7"]},
            traits=["orientation:square", "size:small", "color:blue", "grey", "transparent"],
            facts={"colors": {"blue": 0.9}},
        ),
        "plain": factories.asset(library, display_name="plain", width=300, height=400),
    }  # fmt: skip


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(
    ("params", "names"),
    [
        ("colors=red", ["photo"]),
        ("colors=blue", ["icon", "photo"]),
        ("colors=blue&colors=red", ["photo"]),
        ("colors=blue:0.3", ["icon"]),
        ("colors=red:0.5", ["photo"]),
        ("colors=red:0.51", []),
        ("colors=pink", []),
        ("colors=pink:0.03", ["photo"]),
        ("colors=GRAY", []),
        ("orientation=square", ["icon"]),
        ("orientation=square&orientation=landscape", ["icon", "photo"]),
        ("size=large", ["photo"]),
        ("formats=jpg", ["photo"]),
        ("formats=jpeg&formats=png", ["icon", "photo", "plain"]),
        ("issues=blurry", ["photo"]),
        ("issues=dark&issues=blurry", ["photo"]),
        ("grey=true", ["icon"]),
        ("grey=no", ["photo"]),
        ("transparent=1", ["icon"]),
        ("camera=Canon EOS 5D", ["photo"]),
        ("camera=Canon", []),
        ("taken_after=2024-05-31", ["photo"]),
        ("taken_before=2024-05-31", ["photo"]),
        ("taken_before=2024-05-30", []),
        ("taken_after=2024-05-31T18:00:01Z", []),
        ("taken_after=2024-01-01&taken_before=2024-12-31", ["photo"]),
        ("created_before=2020-01-01", []),
        ("created_after=2020-01-01", ["icon", "photo", "plain"]),
        ("min_width=300", ["photo", "plain"]),
        ("max_width=300", ["icon", "plain"]),
        ("min_height=401&max_height=2000", ["photo"]),
        ("min_bytes=101", ["photo"]),
        ("max_bytes=100", ["icon", "plain"]),
        ("min_width=999999999999999", []),
        ("max_width=999999999999999", ["icon", "photo", "plain"]),
        ("metadata.job=7", ["photo"]),
        ("metadata.client=7", ["photo"]),
        ("metadata.paid=true", ["photo"]),
        ("metadata.job=x", ["icon"]),
        ("metadata.tags=7", []),
        ("metadata.job=", ["icon", "photo", "plain"]),
        ("metadata.absent=7", []),
        ("colors=&orientation=&min_width=&taken_after=", ["icon", "photo", "plain"]),
    ],
)
def test_a_property_narrows(library: Library, params: str, names: list[str]) -> None:
    assert found(library, params) == names


def test_ids_tags_and_uploader_narrow(library: Library, user: User, pictures: dict[str, Asset]) -> None:
    assert found(library, f"ids={pictures['icon'].pk}&ids={pictures['plain'].pk}") == ["icon", "plain"]
    assert found(library, f"uploaded_by={user.pk}") == ["photo"]
    for name in ("icon", "plain"):
        pictures[name].tags.add(Tag.objects.create(library=library, name=f"Of {name}"))
    assert found(library, "any_tags=of icon&any_tags=OF PLAIN") == ["icon", "plain"]
    assert found(library, "tags=of icon&tags=of plain") == []


NONSENSE = [
    ("colors=mauve", "red"), ("colors=red:2", "red:0.3"), ("colors=red:", "red:0.3"), ("colors=red:nan", "red:0.3"),
    ("orientation=up", "landscape"), ("size=xxl", "medium"), ("formats=exe", "jpeg"), ("issues=ugly", "blurry"),
    ("grey=perhaps", "true or false"), ("transparent=2", "true or false"), ("camera=a%00b", "text"),
    (f"camera={'x' * 256}", "255"), ("any_tags=%00", "text"), ("taken_after=yesterday", "2024-05-31"),
    ("taken_before=2024-13-01", "2024-05-31"), ("created_after=0001-01-01", "2024-05-31"),
    ("created_before=9", "2024-05-31"),
    ("min_width=-1", "whole number"), ("max_width=1.5", "whole number"), ("min_height=x", "whole number"),
    ("max_height=1e3", "whole number"), ("min_bytes=9999999999999999", "whole number"),
    ("max_bytes=ten", "whole number"),
    ("uploaded_by=ann", "number of a user"), ("ids=1", "id of an asset"), ("metadata.a=%00", "text"),
]  # fmt: skip


@pytest.mark.parametrize(("params", "allowed"), NONSENSE)
def test_nonsense_is_refused_with_the_parameter_and_what_is_allowed(
    api: APIClient, library: Library, params: str, allowed: str
) -> None:
    answer = api.get(f"/api/v1/libraries/{library.pk}/assets/?{params}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")
    assert answer.json()["detail"].startswith(params.partition("=")[0])
    assert allowed in answer.json()["detail"]


def test_every_property_has_a_test_of_nonsense() -> None:
    tested = {params.partition("=")[0] for params, _allowed in NONSENSE}
    assert set(PROPERTIES) <= tested


@pytest.mark.parametrize("pair", ["min_width=2&max_width=1", "taken_after=2024-02-01&taken_before=2024-01-31"])
def test_a_range_that_is_the_wrong_way_round_is_refused(library: Library, pair: str) -> None:
    with pytest.raises(InvalidRequest, match="must not be more than"):
        found(library, pair)


def test_too_many_ids_are_refused(library: Library) -> None:
    ids = "&".join(f"ids={factories.uuid.uuid4()}" for _number in range(501))
    with pytest.raises(InvalidRequest, match="at most 500"):
        found(library, ids)


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"min_width": 300, "grey": False}, ["photo"]),
        ({"colors": ["red", "blue"]}, ["photo"]),
        ({"metadata.job": 7}, ["photo"]),
        ({"metadata.paid": True}, ["photo"]),
    ],
)
def test_a_json_body_may_hold_numbers_and_truth_values(
    library: Library, body: dict[str, Any], names: list[str]
) -> None:
    filters = AssetFilters.from_params(library, body, None)
    assert sorted(asset.display_name for asset in filters.apply(Asset.objects.all())) == names


@pytest.mark.parametrize("body", [{"colors": {"red": 0.3}}, {"camera": [["a"]]}, {"metadata.a": "\ud800"}])
def test_a_json_body_with_nonsense_is_refused(library: Library, body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        AssetFilters.from_params(library, body, None)
