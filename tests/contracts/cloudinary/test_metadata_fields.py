"""Typed metadata fields: the Admin API, values of uploads and changes, expressions."""

import json
from typing import Any

import pytest

from media_library.models import Asset, Membership, Role
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

COLORS = {
    "external_id": "colors",
    "type": "set",
    "label": "Colours",
    "datasource": {"values": [{"external_id": "r", "value": "Dark red"}, {"external_id": "b", "value": "Blue"}]},
}


def done(answer: Any) -> Any:
    assert answer.status_code == 200, answer.json()
    return answer.json()


def refused(answer: Any, status: int = 400) -> str:
    assert answer.status_code == status, answer.json()
    return answer.json()["error"]["message"]


def add(cloud: Cloud, **field: Any) -> Any:
    return done(cloud.admin("post", "metadata_fields", {"label": "X", "type": "string"} | field))


def test_a_field_comes_back_as_it_was_given(cloud: Cloud) -> None:
    rules = [{"type": "greater_than", "value": 1, "equals": False}, {"type": "less_than", "value": 9, "equals": True}]
    body = add(
        cloud, external_id="n", type="integer", label="Number", mandatory=True, default_value=5,
        validation={"type": "and", "rules": rules},
    )  # fmt: skip
    assert body == {
        "external_id": "n", "type": "integer", "label": "Number", "mandatory": True, "default_value": 5,
        "default_disabled": False, "validation": {"type": "and", "rules": rules}, "restrictions": {},
        "allow_dynamic_list_values": False,
    }  # fmt: skip
    assert done(cloud.get("metadata_fields/n")) == body
    assert done(cloud.get("metadata_fields")) == {"metadata_fields": [body]}


def test_each_validation_comes_back_as_it_was_given(cloud: Cloud) -> None:
    for number, validation in enumerate([{"type": "strlen", "min": 2, "max": 5}, {"type": "strlen", "max": 5}]):
        assert add(cloud, external_id=f"s{number}", validation=validation)["validation"] == validation
    until = {"type": "less_than", "value": "2030-01-01", "equals": True}
    assert add(cloud, external_id="d", type="date", validation=until)["validation"] == until


def test_a_datasource_is_changed_emptied_restored_and_ordered(cloud: Cloud) -> None:
    def values(answer: Any) -> list[tuple[str, str, str]]:
        return [(entry["external_id"], entry["value"], entry["state"]) for entry in done(answer)["values"]]

    add(cloud, **COLORS)
    path = "metadata_fields/colors/datasource"
    added = {"values": [{"external_id": "r", "value": "Red"}, {"external_id": "a", "value": "Amber"}]}
    all_of_them = [("r", "Red", "active"), ("b", "Blue", "active"), ("a", "Amber", "active")]
    assert values(cloud.admin("put", path, added)) == all_of_them
    assert values(cloud.admin("delete", path, {"external_ids": ["b"]}))[1] == ("b", "Blue", "inactive")
    assert values(cloud.admin("post", f"{path}_restore", {"external_ids": ["b"]})) == all_of_them
    ordered = values(cloud.admin("post", f"{path}/order", {"order_by": "value", "direction": "desc"}))
    assert [value for _id, value, _state in ordered] == ["Red", "Blue", "Amber"]
    assert "no choice with the id x" in refused(cloud.admin("delete", path, {"external_ids": ["x"]}))


def test_fields_are_changed_ordered_and_deleted(cloud: Cloud) -> None:
    add(cloud, external_id="a", label="B")
    add(cloud, external_id="b", label="A")
    assert done(cloud.admin("put", "metadata_fields/a", {"label": "C", "mandatory": True}))["mandatory"] is True
    ordered = done(cloud.admin("put", "metadata_fields/order", {"order_by": "label"}))["metadata_fields"]
    assert [field["external_id"] for field in ordered] == ["b", "a"]
    assert done(cloud.admin("delete", "metadata_fields/a", {})) == {"message": "ok"}
    assert refused(cloud.get("metadata_fields/a"), 404) == "External ID a doesn't exist"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"type": "colour"}, "type is one of string, integer, date, enum, set"),
        ({"type": ["string"]}, "type"),
        ({"label": ""}, "label"),
        ({"label": {"a": 1}}, "label"),
        ({"external_id": "a b"}, "id: Give letters"),
        ({"validation": 5}, "validation"),
        ({"validation": {"type": "and", "rules": [{"type": "and", "rules": []}]}}, "holds no other"),
        ({"validation": {"type": "magic"}}, "The type of validation"),
        ({"validation": {"type": ["strlen"]}}, "The type of validation"),
        ({"validation": {"type": "strlen", "min": "x"}}, "min_length"),
        ({"type": "integer", "validation": {"type": "greater_than"}}, "needs a value"),
        ({"type": "enum", "datasource": [1]}, "datasource"),
        ({"type": "enum", "datasource": {"values": [1]}}, "Values have to look like"),
        ({"type": "enum", "datasource": {"values": [{"value": {"a": 1}}]}}, "value has to be a text"),
        ({"type": "enum", "datasource": {"values": [{"external_id": "a"}]}}, "The value of a choice"),
        ({"type": "integer", "default_value": "x"}, "default: Give a whole number."),
        ({"restrictions": {"readonly_ui": True}}, "restrictions"),
        ({"allow_dynamic_list_values": True}, "allow_dynamic_list_values"),
        ({"mandatory": "perhaps"}, "mandatory"),
    ],
)
def test_nonsense_is_400(cloud: Cloud, field: Any, words: str) -> None:
    assert words in refused(cloud.admin("post", "metadata_fields", {"label": "X", "type": "string"} | field))


def test_rules_between_fields_are_not_here(cloud: Cloud) -> None:
    assert "conditional rules" in refused(cloud.get("metadata_rules"))


def test_viewers_read_and_change_nothing(cloud: Cloud) -> None:
    add(cloud, **COLORS)
    Membership.objects.update(role=Role.VIEWER)
    assert done(cloud.get("metadata_fields/colors"))["label"] == "Colours"
    for method, path in [
        ("post", "metadata_fields"), ("put", "metadata_fields/colors"), ("delete", "metadata_fields/colors"),
        ("put", "metadata_fields/order"), ("post", "metadata_fields/colors/datasource/order"),
    ]:  # fmt: skip
        refused(cloud.admin(method, path, {**COLORS, "external_id": "", "order_by": "label"} | (
            {"order_by": "value"} if "datasource" in path else {})), 403)  # fmt: skip


def typed(cloud: Cloud) -> None:
    add(cloud, **COLORS)
    add(cloud, external_id="price", type="integer", default_value=3)
    add(cloud, external_id="due", type="date")


@pytest.mark.parametrize(
    "metadata",
    [
        r'colors=["r"\,"b"]|price=12|due=2024-05-31|free=a\|b',
        json.dumps({"colors": ["r", "b"], "price": 12, "due": "2024-05-31", "free": "a|b"}),
        json.dumps({"colors": '["r","b"]', "price": "12", "due": "2024-05-31", "free": "a|b"}),
    ],
)
def test_values_of_an_upload_in_every_form(cloud: Cloud, metadata: str) -> None:
    typed(cloud)
    body = done(cloud.post("image/upload", {"metadata": metadata}, file=factories.file()))
    assert body["metadata"] == {"colors": ["r", "b"], "price": 12, "due": "2024-05-31", "free": "a|b"}


def test_an_upload_is_checked_and_gets_defaults(cloud: Cloud) -> None:
    typed(cloud)
    assert done(cloud.post("image/upload", {}, file=factories.file()))["metadata"] == {"price": 3}
    files = factories.stored_files()
    answer = cloud.post("image/upload", {"metadata": "price=dear|due=soon"}, file=factories.file())
    assert refused(answer).startswith("metadata.price: Give a whole number. metadata.due: Give a date")
    assert (Asset.objects.count(), factories.stored_files()) == (1, files)


def test_a_mandatory_value_is_asked_for(cloud: Cloud) -> None:
    add(cloud, external_id="rights", mandatory=True)
    assert "metadata.rights: This is required." in refused(cloud.post("image/upload", {}, file=factories.file()))
    body = done(cloud.post("image/upload", {"metadata": "rights=ours", "public_id": "x"}, file=factories.file()))
    assert body["metadata"] == {"rights": "ours"}
    assert "required" in refused(cloud.post("image/metadata", {"metadata": "rights=", "public_ids": ["x"]}))
    done(cloud.post("image/context", {"command": "add", "context": "k=v", "public_ids": ["x"]}))


def test_update_metadata_changes_all_or_none(cloud: Cloud) -> None:
    typed(cloud)
    for name in ("x", "y"):
        factories.asset(cloud.library, public_id=name, metadata={"price": 1, "free": "z"})
    answer = cloud.post("image/metadata", {"metadata": 'price=|colors=["b"]', "public_ids": ["x", "y"]})
    assert set(done(answer)["public_ids"]) == {"x", "y"}
    assert list(Asset.objects.values_list("metadata", flat=True)) == [{"free": "z", "colors": ["b"]}] * 2
    refused(cloud.post("image/metadata", {"metadata": "colors=green", "public_ids": ["x", "y"]}))
    refused(cloud.post("image/explicit", {"metadata": "due=soon", "public_id": "x", "type": "upload"}))


@pytest.fixture
def priced(cloud: Cloud) -> Cloud:
    typed(cloud)
    values = {
        "a": {"price": 9, "due": "2024-05-31", "colors": ["r"]},
        "b": {"price": 10, "due": "2024-06-01", "colors": ["r", "b"]},
        "c": {"price": -5, "note": "9"},
        "d": {"price": "dear", "due": "", "colors": "none"},
    }
    for name, metadata in values.items():
        factories.asset(cloud.library, public_id=name, metadata=metadata)
    return cloud


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("metadata.price>9", "b"),
        ("metadata.price>=9", "ab"),
        ("metadata.price<10", "ac"),
        ("metadata.price<-4.5", "c"),
        ("metadata.price:9", "a"),
        ("metadata.price=10.0", "b"),
        ("metadata.price:[9 TO 10]", "ab"),
        ("metadata.price:{9 TO 10]", "b"),
        ("-metadata.price:9", "bcd"),
        ("metadata.due<2024-06-01", "a"),
        ("metadata.due<=2024-06-01", "ab"),
        ("metadata.due>2024-05-31", "b"),
        ("metadata.due>=2024-05-31", "ab"),
        ("metadata.due:2024-05-31", "a"),
        ('metadata.due:["2024-05-01" TO "2024-05-31"]', "a"),
        ("metadata.due<1y", "ab"),
        ("metadata.due>4w", ""),
        ("metadata.colors:r", "ab"),
        ("metadata.colors=b", "b"),
        ('metadata.colors="Dark red"', "ab"),
        ("metadata.colors:red", "ab"),
        ("metadata.colors:blu*", "b"),
        ("metadata.colors", "abd"),
        ("-metadata.colors", "c"),
        ("metadata.note=9", "c"),
        ("dark", "ab"),
    ],
)
def test_expressions_compare_by_type(priced: Cloud, expression: str, names: str) -> None:
    body = done(priced.admin("post", "resources/search", {"expression": expression}))
    assert "".join(sorted(found["public_id"] for found in body["resources"])) == names


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("metadata.price:dear", "dear is not a value for metadata.price"),
        ("metadata.price:1*", "not a value"),
        ("metadata.due>soon", "soon is not a date"),
        ("metadata.due>2024-05-31T10:00:00Z", "is not a date"),
        ("metadata.colors>r", "only by : and ="),
        ("metadata.note>1", "only by : and ="),
    ],
)
def test_what_cannot_be_compared_is_400(priced: Cloud, expression: str, words: str) -> None:
    assert words in refused(priced.admin("post", "resources/search", {"expression": expression}))
