"""Filters, facets and words of typed fields."""

from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from rest_framework.test import APIClient

from dam.errors import InvalidRequest
from media_library import facets, ingest, words
from media_library.filters import AssetFilters
from media_library.metadata import fields
from media_library.models import Asset, Library, MetadataChoice, MetadataField, MetadataValue, User
from media_library.properties.labels import label
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def typed(library: Library, user: User) -> dict[str, MetadataField]:
    seasons = [{"id": "s", "value": "Summer holidays"}, {"id": "w", "value": "Winter"}]
    colors = [{"id": "r", "value": "Crimson"}, {"id": "b", "value": "Navy"}]
    made = [
        fields.add(library, user, external_id="price", label="Price", type="decimal"),
        fields.add(library, user, external_id="due", label="Due", type="date"),
        fields.add(library, user, seasons, external_id="season", label="Season", type="choice"),
        fields.add(library, user, colors, external_id="colors", label="Shades", type="choices"),
    ]
    return {field.external_id: field for field in made}


@pytest.fixture
def pictures(library: Library, typed: Any) -> dict[str, Asset]:
    return {
        "a": factories.asset(
            library,
            display_name="a",
            metadata={"price": 9.5, "due": "2024-05-31", "season": "s", "colors": ["r", "b"], "free": "1"},
        ),
        "b": factories.asset(
            library, display_name="b", metadata={"price": 10, "due": "2024-06-01", "season": "w", "colors": ["b"]}
        ),
        "c": factories.asset(library, display_name="c", metadata={"price": "dear", "due": [], "free.min": "2"}),
    }


def found(library: Library, params: str) -> str:
    filters = AssetFilters.from_params(library, QueryDict(params), None)
    return "".join(filters.apply(Asset.objects.order_by("display_name")).values_list("display_name", flat=True))


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(
    ("params", "names"),
    [
        ("metadata.price=9.5", "a"),
        ("metadata.price=10.0", "b"),
        ("metadata.price=10&metadata.price=9.5", "ab"),
        ("metadata.price.min=9.5", "ab"),
        ("metadata.price.min=9.6", "b"),
        ("metadata.price.max=9.5", "a"),
        ("metadata.price.min=9.6&metadata.price.max=9.9", ""),
        ("metadata.due.min=2024-06-01", "b"),
        ("metadata.due.max=2024-05-31", "a"),
        ("metadata.due=2024-05-31", "a"),
        ("metadata.season=s", "a"),
        ("metadata.season=s&metadata.season=w", "ab"),
        ("metadata.colors=b", "ab"),
        ("metadata.colors=r&metadata.season=w", ""),
        ("metadata.season.exists=true", "ab"),
        ("metadata.season.exists=no", "c"),
        ("metadata.free=1", "a"),
        ("metadata.free.min=2", "c"),  # no field: a member of that name
    ],
)
def test_each_filter(library: Library, params: str, names: str) -> None:
    assert found(library, params) == names


@pytest.mark.usefixtures("typed")
@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ("metadata.price=much", "metadata.price: Give a number."),
        ("metadata.price.min=much", "metadata.price.min: Give a number."),
        ("metadata.due.max=2024", "metadata.due.max: Give a date such as 2024-05-31."),
        ("metadata.season=x", "metadata.season: Give the id of a choice of this field."),
        ("metadata.season.exists=maybe", "metadata.season.exists: Give true or false."),
        ("metadata.price.min=2&metadata.price.max=1", "metadata.price.min must not be more than metadata.price.max."),
        ("&".join(f"metadata.x{n}=1" for n in range(51)), "At most 50 members"),
        ("&".join(f"metadata.x={n}" for n in range(501)), "metadata.x: Give at most 500 values."),
        (f"metadata.{'x' * 300}=1", "This name is too long."),
    ],
)
def test_nonsense_is_refused(library: Library, params: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        found(library, params)


def test_filters_without_metadata_take_no_query(library: Library, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        AssetFilters.from_params(library, QueryDict("colors=red&min_width=3"), None)


def test_a_range_is_found_by_an_index(library: Library, typed: Any, pictures: Any) -> None:
    filters = AssetFilters.from_params(library, QueryDict("metadata.price.min=10"), None)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = filters.apply(Asset.objects.order_by()).explain()
    assert "metadata_value_number" in plan


def test_facets_of_choices(api: APIClient, library: Library, pictures: Any) -> None:
    body = api.get(f"/api/v1/libraries/{library.pk}/facets/?metadata.season=w").json()
    assert body["total"] == 1
    assert body["metadata"] == {
        "season": [
            {"value": "s", "label": "Summer holidays", "count": 1},
            {"value": "w", "label": "Winter", "count": 1},
        ],
        "colors": [{"value": "b", "label": "Navy", "count": 1}],
    }


@pytest.mark.parametrize(("params", "queries"), [("", 6), ("metadata.season=w", 8)])
@pytest.mark.usefixtures("pictures")
def test_facets_of_choices_take_few_queries(
    library: Library, user: User, params: str, queries: int, django_assert_num_queries: Any
) -> None:
    filters = AssetFilters.from_params(library, QueryDict(params), None)
    with django_assert_num_queries(queries):
        facets.count(filters, facets.of_library(user))


def names_with(library: Library, text: str) -> str:
    return found(library, f"q={text}")


def test_choices_are_found_by_what_people_see(library: Library, user: User, typed: Any, pictures: Any) -> None:
    assert names_with(library, "holiday") == "a"
    assert names_with(library, "navy") == "ab"
    fields.merge_choices(typed["season"], user, [{"id": "s", "value": "Été"}])
    assert names_with(library, "holiday") == ""
    assert names_with(library, "ete") == "a"


def test_a_choice_ranks_and_is_the_reason(library: Library, pictures: Any) -> None:
    asked = words.terms(library, "winter")
    matches = Asset.objects.filter(library=library).ranked_by_words(asked)
    assert [match.asset_id for match in matches.found] == [pictures["b"].pk]
    assert words.reasons(library, [pictures["b"].pk], asked) == {pictures["b"].pk: ["metadata:season"]}


def test_choices_follow_the_language_of_the_library(library: Library, typed: Any, pictures: Any) -> None:
    library.language = "simple"
    library.save()
    assert names_with(library, "holidays") == "a"
    assert not MetadataChoice.objects.get(external_id="s").words.count("holiday'")


def values(asset: Asset) -> set[Any]:
    rows = MetadataValue.objects.filter(asset=asset).values_list("number", "date", "choice__external_id")
    return {value for row in rows for value in row if value is not None}


def test_values_follow_every_change(library: Library, user: User, typed: Any, pictures: Any) -> None:
    asset = pictures["b"]
    assert {10.0, "w", "b"} < values(asset)
    ingest.update(asset, user, {"metadata": {"price": 3, "colors": ["r"]}})
    assert values(asset) == {3.0, "r"}
    asset.library = factories.library(user)
    asset.save()
    assert values(asset) == set()


def test_members_from_before_there_was_a_field_count(library: Library, user: User) -> None:
    asset = factories.asset(library, metadata={"n": 5, "d": "2024-01-01", "c": "x", "s": ["y", "z"], "bad": "1e999"})
    factories.asset(library, metadata={"n": "five", "d": "2024-99-99", "c": {"x": 1}, "s": 7})
    for name, type_ in (("n", "integer"), ("d", "date")):
        fields.add(library, user, external_id=name, label=name, type=type_)
    for name, type_ in (("c", "choice"), ("s", "choices")):
        made = fields.add(library, user, external_id=name, label=name, type=type_)
        fields.merge_choices(made, user, [{"id": key, "value": key} for key in "xyz"])
    assert {5.0, "x", "y", "z"} < values(asset)
    assert MetadataValue.objects.count() == 5


def test_what_the_index_cannot_hold_is_passed_over(library: Library, user: User) -> None:
    factories.asset(library, metadata={"n": 10**400})
    fields.add(library, user, external_id="n", label="n", type="decimal")
    assert MetadataValue.objects.count() == 0


def test_a_deleted_field_leaves_its_values_as_free_members(
    library: Library, user: User, typed: Any, pictures: Any
) -> None:
    fields.delete(typed["season"], user)
    pictures["a"].refresh_from_db()
    assert pictures["a"].metadata["season"] == "s"
    assert found(library, "metadata.season=s") == "a"
    assert names_with(library, "winter") == ""


def test_chips_say_it_in_words(library: Library, typed: Any) -> None:
    assert label("metadata.season", "s", library) == "Season: Summer holidays"
    assert label("metadata.price.min", "5", library) == "Price: at least 5"
    assert label("metadata.due.exists", "false", library) == "Due: not given"
    assert label("metadata.free", "x", library) == "free: x"
