"""An upload under a public id that is taken: the same asset with another file."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media_library import processing, replacing, versions
from media_library.images import BadImage
from media_library.models import Asset, Delivery, Library, Membership, Role, Version
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud
from tests.contracts.cloudinary.test_upload import failure, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

DETAILS = {"tags": "a,b", "context": "alt=A|k=v", "metadata": "m=1|n=2", "display_name": "Shown", "asset_folder": "in"}


@pytest.fixture
def former(cloud: Cloud) -> dict[str, Any]:
    """As it was uploaded an hour ago, and is shown."""
    body = uploaded(cloud, public_id="x", **DETAILS)
    processing.render_pending()
    Asset.objects.update(created_at=timezone.now() - timedelta(hours=1))
    return cloud.get("resources/image/upload/x", {"context": "1", "metadata": "1", "etag": "1"}).json() | {
        "etag": body["etag"]
    }


def overwritten(cloud: Cloud, content: bytes, **params: Any) -> Any:
    name = "new.jpg" if content == WIDE else "new.png"
    return cloud.post("image/upload", {"public_id": "x", **params}, file=factories.file(content, name))


WIDE = factories.picture("blue", (120, 30), "JPEG")


def test_it_is_the_same_asset_and_the_answer_tells_of_the_new_file(cloud: Cloud, former: dict[str, Any]) -> None:
    body = overwritten(cloud, WIDE).json()
    assert (body["asset_id"], body["public_id"], body["overwritten"]) == (former["asset_id"], "x", True)
    assert (body["width"], body["height"], body["bytes"], body["format"]) == (120, 30, len(WIDE), "jpg")
    assert body["existing"] is False and body["original_filename"] == "new"
    assert body["etag"] != former["etag"] and body["version"] > former["version"]
    assert body["url"].endswith(f"/v{body['version']}/x.jpg")
    assert Asset.objects.count() == 1


def test_once_it_is_decoded_everything_agrees_with_that_answer(cloud: Cloud, former: dict[str, Any]) -> None:
    body = overwritten(cloud, WIDE).json()
    before = cloud.get("resources/image/upload/x").json()
    assert (before["width"], before["version"]) == (former["width"], former["version"])
    processing.render_pending()
    after = cloud.get("resources/image/upload/x").json()
    same = ("asset_id", "version", "width", "height", "bytes", "format", "url", "created_at")
    assert {name: after[name] for name in same} == {name: body[name] for name in same}
    asset = Asset.objects.get()
    assert [(each.number, each.state) for each in versions.of(asset)] == [(2, "present"), (1, "kept")]


def test_what_is_not_said_stays_and_what_is_said_replaces(cloud: Cloud, former: dict[str, Any]) -> None:
    body = overwritten(cloud, WIDE).json()
    for name in ("tags", "context", "metadata", "display_name", "asset_folder"):
        assert body[name] == former[name], name
    given = {"tags": "c", "context": "k=w", "metadata": "n=3", "display_name": "Other", "folder": ""}
    body = overwritten(cloud, factories.picture("green"), **given).json()
    assert (body["tags"], body["display_name"], body["asset_folder"]) == (["c"], "Other", "in")
    assert (body["context"], body["metadata"]) == ({"custom": {"k": "w"}}, {"m": "1", "n": "3"})
    body = overwritten(cloud, WIDE, asset_folder="moved", use_filename_as_display_name="1").json()
    assert (body["asset_folder"], body["display_name"]) == ("moved", "new")


def test_the_same_file_again_is_no_other_version(cloud: Cloud, former: dict[str, Any]) -> None:
    body = overwritten(cloud, factories.picture("red"), tags="again").json()
    assert (body["overwritten"], body["version"], body["tags"]) == (True, former["version"], ["again"])
    assert not Version.objects.exists()


def test_the_last_call_wins_also_with_a_file_that_it_had(cloud: Cloud, former: dict[str, Any]) -> None:
    overwritten(cloud, WIDE)
    overwritten(cloud, factories.picture("red"))  # before the other one is decoded
    processing.render_pending()
    assert cloud.get("resources/image/upload/x").json()["width"] == former["width"]
    overwritten(cloud, WIDE)
    processing.render_pending()
    assert cloud.get("resources/image/upload/x").json()["width"] == 120
    assert overwritten(cloud, factories.picture("red")).json()["width"] == former["width"]
    processing.render_pending()
    assert cloud.get("resources/image/upload/x").json()["width"] == former["width"]
    assert Version.objects.count() == 2


def test_a_file_that_cannot_be_decoded_leaves_the_former(
    cloud: Cloud, former: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_file: Any, _attempts: int) -> Any:
        raise BadImage("This picture is cut off.")

    monkeypatch.setattr(replacing, "decoded", broken)
    assert overwritten(cloud, WIDE).status_code == 200
    processing.render_pending()
    assert cloud.get("resources/image/upload/x").json()["version"] == former["version"]


def test_what_is_refused_changes_nothing(cloud: Cloud, former: dict[str, Any]) -> None:
    stored = factories.stored_files()
    assert failure(overwritten(cloud, b"no picture", tags="new"))[0] == 400
    assert failure(overwritten(cloud, WIDE, tags="new", metadata="{"))[0] == 400
    assert failure(overwritten(cloud, WIDE, allowed_formats="png"))[0] == 400
    assert cloud.get("resources/image/upload/x", {"tags": "1"}).json()["tags"] == ["a", "b"]
    assert factories.stored_files() == stored and not Version.objects.exists()


def test_contributors_overwrite_only_what_is_theirs(cloud: Cloud, former: dict[str, Any], library: Library) -> None:
    contributor = factories.user()
    Membership.objects.create(library=library, user=contributor, role=Role.CONTRIBUTOR)
    assert failure(overwritten(Cloud(contributor, library), WIDE))[0] == 403


def test_triggers_hear_of_it_when_it_is_shown_and_named_addresses_at_once(cloud: Cloud, former: dict[str, Any]) -> None:
    body = overwritten(cloud, WIDE, notification_url="https://example.com/named").json()
    (named,) = Delivery.objects.all()
    assert (named.event, named.url) == ("upload", "https://example.com/named")
    assert f'"version": {body["version"]}' in named.body and '"overwritten": true' in named.body
    made = cloud.admin("post", "triggers", {"uri": "https://example.com/all", "event_type": "all"})
    assert made.status_code == 200
    processing.render_pending()
    told = Delivery.objects.exclude(pk=named.pk).get()
    assert (told.event, f'"version": {body["version"]}' in told.body) == ("upload", True)
