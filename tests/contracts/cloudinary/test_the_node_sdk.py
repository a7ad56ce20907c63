"""The unmodified `cloudinary` package of npm against the running product."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from dam.contracts.cloudinary.notifications import Cloudinary
from media_library.models import Delivery
from tests.contracts.cloudinary.sdk import Account
from tests.contracts.node import installed

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).with_name("node")


@pytest.fixture(scope="module")
def program(request: pytest.FixtureRequest) -> Path:
    return installed(request.config, SOURCE) / "calls.js"


@pytest.fixture(scope="module")
def given(program: Path, account: Account) -> dict[str, Any]:
    """What each call gave, in the empty cloud; the searches in the one that has pictures."""
    results: dict[str, Any] = {}
    for slug in (account.filled, account.slug):
        command = ["node", str(program), str(account.picture), account.address, account.asset]
        environment = {"PATH": os.environ["PATH"], "CLOUDINARY_URL": account.url(slug)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        results |= found if not results else {key: value for key, value in found.items() if "visual" not in key}
    return results


REFUSED = {
    "upload_eager": (400, "eager"),
    "unsigned_upload": (400, "Upload preset not found"),
    "rename_taken": (400, "already exists"),
    "delete_full_folder": (400, "not empty"),
    "search_unknown": (400, "nonsense"),
    "visual_by_nothing": (400, "exactly one"),
    "missing": (404, "not found"),
    "upload_untyped": (400, "metadata.price: Give a whole number."),
    "rules": (400, "conditional rules"),
    "unsigned_refused": (400, "Not allowed in unsigned uploads: visual_search."),
    "no_preset": (404, "find upload preset"),
}


VERIFY = """
const { v2: cloudinary } = require("cloudinary");
const [body, timestamp, signature] = process.argv.slice(1);
const verify = (text) => cloudinary.utils.verifyNotificationSignature(text, +timestamp, signature);
console.log([body, body + " "].map(verify));
"""


def test_notifications_are_verified(program: Path) -> None:
    delivery = Delivery(body='{"notification_type": "upload", "public_id": "x"}')
    headers = Cloudinary().headers(delivery, "secret", timezone.now())
    command = ["node", "-e", VERIFY, delivery.body, headers["X-Cld-Timestamp"], headers["X-Cld-Signature"]]
    environment = {"PATH": os.environ["PATH"], "CLOUDINARY_URL": "cloudinary://key:secret@cloud"}
    done = subprocess.run(command, cwd=program.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[ true, false ]", done.stderr


def test_all_calls_work_that_should(given: dict[str, Any]) -> None:
    failed = {name: value for name, value in given.items() if isinstance(value, dict) and "failed" in value}
    assert {name: value for name, value in failed.items() if name not in REFUSED} == {}
    assert set(failed) == set(REFUSED)


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_reach_the_caller(given: dict[str, Any], name: str) -> None:
    status, words = REFUSED[name]
    assert given[name]["http_code"] == status
    assert words in given[name]["failed"]


def test_uploads(given: dict[str, Any]) -> None:
    first = given["upload"]
    assert first["tags"] == ["a", "b & c"]
    assert first["context"] == {"custom": {"alt": "An | alternative", "season": "winter=cold"}}
    assert (first["metadata"], first["asset_folder"]) == ({"sku": "1"}, "node/in")
    assert (first["width"], first["height"], first["format"]) == (450, 300, "jpg")
    etags = {given[name]["etag"] for name in ("upload", "upload_data", "upload_url", "upload_stream", "upload_large")}
    assert len(etags) == 1
    assert given["upload_large"]["public_id"] == "node/large"


def test_changes(given: dict[str, Any]) -> None:
    assert set(given["add_tag"]["public_ids"]) == {"node/first", "node/data"}
    assert given["explicit"]["tags"] == ["x", "y"]
    assert given["explicit"]["metadata"] == {"sku": "1", "color": "red"}
    assert given["explicit"]["context"]["custom"]["caption"] == "Text"
    assert given["rename"]["public_id"] == "node/renamed"
    assert (given["update"]["tags"], given["update"]["display_name"]) == (["z"], "Renamed")
    assert [given[name]["result"] for name in ("destroy", "destroy_again")] == ["ok", "not found"]
    assert given["restore"]["node/data"]["public_id"] == "node/data"
    assert given["delete_resources"]["deleted"] == {"node/data": "deleted", "node/missing": "not_found"}


def test_lists(given: dict[str, Any]) -> None:
    def ids(name: str) -> set[str]:
        return {found["public_id"] for found in given[name]["resources"]}

    assert len(ids("resources")) == 2
    assert ids("resources") | ids("resources_next") == {
        f"node/{name}" for name in ("first", "data", "url", "renamed", "large")
    }
    assert ids("resources_by_tag") == ids("resources_by_asset_ids") == {"node/first"}
    assert ids("resources_by_asset_folder") == ids("resources_by_context") == {"node/first"}
    assert ids("resources_by_ids") == {"node/first", "node/url"}
    assert ids("search") == {"node/first"}
    assert [folder["path"] for folder in given["sub_folders"]["folders"]] == ["node/empty", "node/in"]
    assert [folder["path"] for folder in given["search_folders"]["folders"]] == ["node/in"]
    assert given["ping"]["rate_limit_allowed"] == 6000


def test_visual_search(given: dict[str, Any], account: Account) -> None:
    for name in ("visual_by_text", "visual_by_asset", "visual_by_url", "visual_by_file"):
        scores = [found["score"] for found in given[name]["resources"]]
        assert len(scores) >= 8, name
        assert scores == sorted(scores, reverse=True)
    scores_by_asset = {found["asset_id"]: found["score"] for found in given["visual_by_asset"]["resources"]}
    assert scores_by_asset[account.asset] == pytest.approx(max(scores_by_asset.values()))  # copies are as near


def test_metadata_fields(given: dict[str, Any]) -> None:
    def entries(name: str) -> list[str]:
        return [f"{entry['value']} {entry['state']}" for entry in given[name]["values"]]

    assert (given["add_field"]["default_value"], given["add_field"]["type"]) == (["r"], "set")
    assert given["field"]["validation"] == {"type": "greater_than", "value": 1, "equals": True}
    assert given["field"]["label"] == given["update_field"]["label"] == "Amount"
    assert entries("add_entries") == ["Red active", "Green active", "Blue active"]
    assert entries("delete_entries") == ["Red active", "Green inactive", "Blue active"]
    assert entries("restore_entries") == entries("add_entries")
    assert entries("order_entries") == ["Blue active", "Green active", "Red active"]
    fields = [field["external_id"] for field in given["fields"]["metadata_fields"]]
    assert fields == [field["external_id"] for field in given["order_fields"]["metadata_fields"]]
    assert fields == ["price", "colors", "shot"]
    typed = {"colors": ["r", "b"], "price": 9, "shot": "2024-05-31", "note": "a|b=c"}
    assert given["upload_typed"]["metadata"] == typed
    assert given["typed"]["metadata"] == {"colors": ["g"], "price": 10, "note": "a|b=c"}
    assert [found["public_id"] for found in given["search_typed"]["resources"]] == ["node/typed"]
    assert given["delete_field"]["message"] == "ok"


def test_upload_presets(given: dict[str, Any]) -> None:
    settings = {"folder": "in", "tags": ["a", "b"], "context": {"k": "v"}, "disallow_public_id": True}
    assert given["create_preset"]["message"] == "created"
    assert (given["preset"]["unsigned"], given["preset"]["settings"]) == (True, settings)
    assert "node" in [preset["name"] for preset in given["presets"]["presets"]]
    assert (given["unsigned"]["asset_folder"], given["unsigned"]["tags"]) == ("in", ["a", "b", "c"])
    assert (given["updated_preset"]["unsigned"], given["updated_preset"]["settings"]) == (False, settings)
    assert (given["signed"]["asset_folder"], given["signed"]["context"]) == ("in", {"custom": {"k": "v"}})
    assert given["delete_preset"]["message"] == "deleted"


def test_archives(given: dict[str, Any], account: Account) -> None:
    assert given["create_zip"]["file_count"] == 2
    assert given["download_zip_url"].startswith(account.base)
    with pytest.raises(urllib.error.HTTPError) as caught:  # the script has deleted everything since
        urllib.request.urlopen(given["download_zip_url"])
    assert caught.value.code == 404
    assert "not found" in json.load(caught.value)["error"]["message"]
