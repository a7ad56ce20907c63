"""The unmodified `cloudinary` package of PyPI: typed metadata fields, upload presets, large data URIs."""

import base64
from collections.abc import Iterator
from datetime import date
from typing import Any

import cloudinary
import pytest
from cloudinary import Search, api, exceptions, uploader
from PIL import Image

from tests import factories
from tests.contracts.cloudinary.sdk import Account, configure

pytestmark = pytest.mark.slow

COLORS = [{"external_id": "r", "value": "Red"}, {"external_id": "g", "value": "Green"}]


@pytest.fixture(autouse=True)
def configured(account: Account) -> Iterator[None]:
    configure(account, account.slug)
    yield
    configure(account, account.slug)  # a test may have forgotten the key
    for field in api.list_metadata_fields()["metadata_fields"]:
        api.delete_metadata_field(field["external_id"])
    cloudinary.reset_config()


def field(external_id: str, type_: str, **more: Any) -> Any:
    return api.add_metadata_field({"external_id": external_id, "type": type_, "label": external_id.title(), **more})


def test_fields_are_made_listed_changed_ordered_and_deleted() -> None:
    later = {"type": "greater_than", "value": "2020-01-01", "equals": True}
    made = field("shot", "date", validation=later, default_value=date(2024, 5, 31).isoformat())
    assert (made["validation"], made["default_value"]) == (later, "2024-05-31")
    field("price", "integer", mandatory=True, default_value=1)
    assert api.metadata_field_by_field_id("price")["mandatory"] is True
    assert api.update_metadata_field("price", {"label": "Amount", "mandatory": False})["label"] == "Amount"
    ordered = api.reorder_metadata_fields("label", "desc")["metadata_fields"]
    assert [found["external_id"] for found in ordered] == ["shot", "price"]
    assert api.list_metadata_fields()["metadata_fields"] == ordered
    assert api.delete_metadata_field("shot")["message"] == "ok"
    with pytest.raises(exceptions.NotFound, match="shot doesn't exist"):
        api.metadata_field_by_field_id("shot")
    with pytest.raises(exceptions.AlreadyExists):
        field("price", "integer")


def test_datasources() -> None:
    def entries(answer: Any) -> list[str]:
        return [f"{entry['value']} {entry['state']}" for entry in answer["values"]]

    made = field("colors", "set", datasource={"values": COLORS}, default_value=["r"])
    assert entries(made["datasource"]) == ["Red active", "Green active"]
    added = api.update_metadata_field_datasource("colors", [{"external_id": "b", "value": "Blue"}])
    assert entries(added) == ["Red active", "Green active", "Blue active"]
    assert entries(api.delete_datasource_entries("colors", ["g"]))[1] == "Green inactive"
    assert entries(api.restore_metadata_field_datasource("colors", ["g"]))[1] == "Green active"
    ordered = api.reorder_metadata_field_datasource("colors", "value", "asc")
    assert entries(ordered) == ["Blue active", "Green active", "Red active"]
    with pytest.raises(exceptions.BadRequest, match="is the default"):
        api.delete_datasource_entries("colors", ["r"])


def test_values_are_checked_and_searched_by_type(account: Account) -> None:
    field("colors", "set", datasource={"values": COLORS})
    field("price", "integer")
    field("shot", "date")
    values = {"colors": ["r", "g"], "price": 9, "shot": "2024-05-31", "note": "a|b=c"}
    body = uploader.upload(str(account.picture), public_id="typed", metadata=values)
    assert body["metadata"] == values
    uploader.update_metadata({"price": 10, "colors": ["g"], "shot": ""}, ["typed"])
    assert api.resource("typed")["metadata"] == {"colors": ["g"], "price": 10, "note": "a|b=c"}
    found = Search().expression("metadata.price>9 AND metadata.colors:green").with_field("metadata").execute()
    assert [asset["public_id"] for asset in found["resources"]] == ["typed"]
    assert api.update("typed", metadata={"price": 11})["metadata"]["price"] == 11
    assert uploader.explicit("typed", type="upload", metadata={"price": 12})["metadata"]["price"] == 12
    for call in (
        lambda: uploader.update_metadata({"price": "much"}, ["typed"]),
        lambda: uploader.upload(str(account.picture), metadata={"price": "much"}),
        lambda: api.update("typed", metadata={"price": "much"}),
    ):
        with pytest.raises(exceptions.BadRequest, match="price: Give a whole number"):
            call()


def test_presets_are_made_listed_changed_and_deleted(account: Account) -> None:
    made = api.create_upload_preset(
        name="mine", folder="in", tags=["a", "b"], context={"k": "v", "l": "w"}, unsigned=True, disallow_public_id=True
    )
    assert (made["message"], made["name"]) == ("created", "mine")
    preset = api.upload_preset("mine")
    assert (preset["name"], preset["unsigned"]) == ("mine", True)
    expected = {"folder": "in", "tags": ["a", "b"], "context": {"k": "v", "l": "w"}, "disallow_public_id": True}
    assert preset["settings"] == expected
    assert preset["name"] in [found["name"] for found in api.upload_presets()["presets"]]
    settings = preset["settings"] | {"disallow_public_id": False}
    assert api.update_upload_preset("mine", colors=True, unsigned=False, **settings)["message"] == "updated"
    changed = api.upload_preset("mine")
    assert changed["unsigned"] is False
    assert changed["settings"] == expected | {"colors": True, "disallow_public_id": False}
    assert uploader.upload(str(account.picture), upload_preset="mine", public_id="p")["public_id"] == "in/p"
    with pytest.raises(exceptions.BadRequest, match="Upload preset not found"):
        uploader.unsigned_upload(str(account.picture), "mine")
    assert api.delete_upload_preset("mine")["message"] == "deleted"
    with pytest.raises(exceptions.NotFound):
        api.upload_preset("mine")


def test_strangers_upload_by_an_unsigned_preset(account: Account) -> None:
    api.create_upload_preset(name="public", unsigned=True, tags="web", folder="strangers")
    config = cloudinary.config()
    config.api_key = config.api_secret = None
    body = uploader.unsigned_upload(str(account.picture), "public", public_id="x", tags="mine")
    assert (body["public_id"], body["tags"]) == ("strangers/x", ["mine", "web"])
    uri = "data:image/jpeg;base64," + base64.b64encode(account.picture.read_bytes()).decode()
    assert uploader.unsigned_upload(uri, "public")["bytes"] == body["bytes"]
    with pytest.raises(exceptions.BadRequest, match="Not allowed in unsigned uploads: display_name, visual_search"):
        uploader.unsigned_upload(str(account.picture), "public", visual_search=False, display_name="x")
    with pytest.raises(exceptions.BadRequest, match="already exists"):
        uploader.unsigned_upload(str(account.picture), "public", public_id="x")
    with pytest.raises(exceptions.AuthorizationRequired):
        uploader.call_api("upload", {}, unsigned=True, file=str(account.picture))


def test_a_data_uri_may_hold_a_picture_of_many_megabytes(account: Account) -> None:
    content = factories.picture_of(Image.effect_noise((3400, 3400), 100).convert("RGB"), "BMP")
    assert 34_000_000 < len(content) < 40_000_000
    body = uploader.upload("data:image/bmp;base64," + base64.b64encode(content).decode(), public_id="large data")
    assert (body["bytes"], body["width"], body["format"]) == (len(content), 3400, "bmp")
