"""Triggers and `notification_url`: who is told what, in the bodies that receivers of the SDKs know."""

import json
from typing import Any

import cloudinary
import pytest
from cloudinary import utils
from django.utils import timezone
from rest_framework.test import APIClient

from media_library import deliveries, ingest
from media_library.auth import issue_access
from media_library.models import Asset, Delivery, Library, Membership, Role, User, Webhook
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud
from tests.media_library.receiver import receiving

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

HOOK = "https://cms.example/hook"


def trigger(cloud: Cloud, event_type: str = "all", uri: str = HOOK) -> dict[str, Any]:
    answer = cloud.admin("post", "triggers", {"uri": uri, "event_type": event_type})
    assert answer.status_code == 200, answer.json()
    body: dict[str, Any] = answer.json()
    return body


def told() -> list[dict[str, Any]]:
    """What there is to be sent, and is forgotten then."""
    bodies = [json.loads(body) for body in Delivery.objects.order_by("created_at").values_list("body", flat=True)]
    Delivery.objects.all().delete()
    return bodies


def uploaded(cloud: Cloud, public_id: str = "x", **params: Any) -> dict[str, Any]:
    content = factories.picture(seed=Asset.objects.count())
    answer = cloud.post("image/upload", {"public_id": public_id} | params, file=factories.file(content))
    assert answer.status_code == 200, answer.json()
    body: dict[str, Any] = answer.json()
    return body


# --- triggers ---------------------------------------------------------------------------------------------------------


def test_triggers_are_made_listed_changed_and_removed(cloud: Cloud) -> None:
    made = trigger(cloud, "upload")
    assert (made["uri"], made["event_type"], made["uri_type"], made["active"]) == (HOOK, "upload", "webhook", True)
    other = trigger(cloud, "delete")
    assert cloud.get("triggers").json() == {"triggers": [other, made], "total": 2}
    assert cloud.get("triggers", {"event_type": "upload"}).json()["triggers"] == [made]
    answer = cloud.admin("put", f"triggers/{made['id']}", {"new_uri": "https://other.example/"}).json()
    assert (made["id"] in answer["message"], answer["uri"]) == (True, "https://other.example/")
    tested = cloud.admin("post", f"triggers/{made['id']}/test", {"sample_data": {}}).json()
    assert tested == {"trigger_id": made["id"], "filter_present": False, "filter_result": True}
    assert made["id"] in cloud.admin("delete", f"triggers/{made['id']}").json()["message"]
    assert [each["id"] for each in cloud.get("triggers").json()["triggers"]] == [other["id"]]


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"uri": HOOK}, "event_type"),
        ({"event_type": "all"}, "uri"),
        ({"uri": HOOK, "event_type": "eager"}, "eager"),
        ({"uri": HOOK, "event_type": ["upload"]}, "event_type"),
        ({"uri": "http://127.0.0.1/", "event_type": "all"}, "uri: "),
        ({"uri": "poll://x", "event_type": "all"}, "uri: "),
        ({"uri": "poll://x", "event_type": "all", "uri_type": "poll"}, "uri_type"),
        ({"uri": HOOK, "event_type": "all", "filter": {"==": [1, 1]}}, "filter"),
        ({"uri": HOOK + "x" * 4000, "event_type": "all"}, "uri: "),
        ({"uri": HOOK + "\0", "event_type": "all"}, "NUL"),
    ],
)
def test_nonsense_is_refused_by_name(cloud: Cloud, params: dict[str, Any], word: str) -> None:
    answer = cloud.admin("post", "triggers", params)
    assert (answer.status_code, word in answer.json()["error"]["message"]) == (400, True)
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("trigger_id", ["x", "0" * 32, "\0"])
def test_a_trigger_that_is_not_there_is_not_found(cloud: Cloud, trigger_id: str) -> None:
    for method, params in (("put", {"new_uri": HOOK}), ("delete", {})):
        assert cloud.admin(method, f"triggers/{trigger_id}", params).status_code in {400, 404}
    theirs = factories.webhook(cloud.library)  # a native one is none of the triggers
    assert cloud.admin("delete", f"triggers/{theirs.pk}").status_code == 404


def test_only_managers_have_triggers(library: Library) -> None:
    editor = factories.user("editor")
    Membership.objects.create(library=library, user=editor, role=Role.EDITOR)
    assert Cloud(editor, library).get("triggers").status_code == 403
    assert Cloud(factories.user("stranger"), library).get("triggers").status_code == 404


def test_a_trigger_and_a_notification_need_a_key_that_signs(cloud: Cloud, user: User) -> None:
    client = APIClient(headers={"Authorization": f"Bearer {issue_access(user)[0]}"})
    answer = client.post(f"{cloud.base}triggers", {"uri": HOOK, "event_type": "all"}, format="json")
    assert (answer.status_code, "API key" in answer.json()["error"]["message"]) == (400, True)
    form = {"file": factories.file(), "notification_url": HOOK}
    answer = client.post(f"{cloud.base}image/upload", form, format="multipart")
    assert (answer.status_code, "API key" in answer.json()["error"]["message"]) == (400, True)
    assert not Asset.objects.exists()


# --- what is told -----------------------------------------------------------------------------------------------------


def test_an_upload_is_told_with_its_final_name(cloud: Cloud) -> None:
    trigger(cloud)
    answer = uploaded(cloud, "a/b", tags="one,two", context="alt=Text", asset_folder="in")
    (body,) = told()
    assert body["notification_type"] == "upload"
    same = ("public_id", "asset_id", "version", "format", "bytes", "width", "tags", "context", "asset_folder", "etag")
    assert {name: body[name] for name in same} == {name: answer[name] for name in same}
    assert body["secure_url"].startswith("http://127.0.0.1:8000/studio/image/upload/v")


def test_what_others_do_is_told_as_well(cloud: Cloud, user: User) -> None:
    trigger(cloud)
    asset = factories.upload(cloud.library, user)
    ingest.trash(asset, user)
    upload, deletion = told()
    assert (upload["notification_type"], upload["public_id"]) == ("upload", asset.public_id)
    assert deletion["notification_type"] == "delete"
    assert [(each["public_id"], each["resource_type"], each["type"]) for each in deletion["resources"]] == [
        (asset.public_id, "image", "upload")
    ]


def test_changes_are_told_by_kind(cloud: Cloud) -> None:
    uploaded(cloud, tags="a,b", context="k=v|gone=1", metadata="m=1", display_name="Old", asset_folder="from")
    trigger(cloud)
    changes = {"tags": "b,c", "context": "k=w|alt=A", "metadata": "m=2", "display_name": "New", "asset_folder": "to/it"}
    assert cloud.admin("post", "resources/image/upload/x", changes).status_code == 200
    found = {body["notification_type"]: body["resources"] for body in told()}
    assert set(found) == {
        "resource_tags_changed", "resource_context_changed", "resource_metadata_changed",
        "resource_display_name_changed", "move",
    }  # fmt: skip
    (tags,) = found["resource_tags_changed"]
    assert (tags["public_id"], tags["added"], tags["removed"]) == ("x", ["c"], ["a"])
    context = found["resource_context_changed"]["x"]
    assert (context["added"], context["removed"]) == ([{"name": "alt", "value": "A"}], [{"name": "gone", "value": "1"}])
    assert [(each["name"], each["previous_value"], each["new_value"]) for each in context["updated"]] == [
        ("k", "v", "w")
    ]
    metadata = found["resource_metadata_changed"]["x"]
    assert (metadata["previous_metadata"], metadata["new_metadata"]) == ({"m": "1"}, {"m": "2"})
    (name,) = found["resource_display_name_changed"]
    assert (name["previous_display_name"], name["new_display_name"]) == ("Old", "New")
    assert (found["move"]["x"]["from_asset_folder"], found["move"]["x"]["to_asset_folder"]) == ("from", "to/it")


def test_a_new_name_is_told_with_the_old_one(cloud: Cloud) -> None:
    uploaded(cloud)
    trigger(cloud)
    cloud.post("image/rename", {"from_public_id": "x", "to_public_id": "y"})
    (body,) = told()
    assert (body["notification_type"], body["from_public_id"], body["to_public_id"]) == ("rename", "x", "y")


def test_a_change_of_many_is_one_notification(cloud: Cloud) -> None:
    for public_id in "abc":
        uploaded(cloud, public_id)
    trigger(cloud)
    cloud.post("image/tags", {"public_ids": ["a", "b", "c"], "command": "add", "tag": "t"})
    cloud.admin("delete", "resources/image/upload", {"public_ids": ["a", "b"]})
    tags, deletion = told()
    assert sorted(each["public_id"] for each in tags["resources"]) == ["a", "b", "c"]
    assert sorted(each["public_id"] for each in deletion["resources"]) == ["a", "b"]


def test_a_trigger_is_told_its_own_type_only(cloud: Cloud) -> None:
    trigger(cloud, "delete")
    uploaded(cloud)
    assert told() == []
    cloud.post("image/destroy", {"public_id": "x"})
    assert [body["notification_type"] for body in told()] == ["delete"]


# --- notification_url -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "params", "types"),
    [
        ("image/explicit", {"public_id": "x", "type": "upload", "tags": "a"}, ["explicit"]),
        ("image/explicit", {"public_id": "x", "type": "upload"}, ["explicit"]),
        ("image/rename", {"from_public_id": "x", "to_public_id": "y"}, ["rename"]),
        ("image/destroy", {"public_id": "x"}, ["delete"]),
        ("image/tags", {"public_ids": ["x"], "command": "set_exclusive", "tag": "a"}, ["resource_tags_changed"]),
        ("image/tags", {"public_ids": ["x"], "command": "remove", "tag": "a"}, []),
        ("image/context", {"public_ids": ["x"], "command": "add", "context": "k=v"}, ["resource_context_changed"]),
        ("image/metadata", {"public_ids": ["x"], "metadata": "k=v"}, ["resource_metadata_changed"]),
    ],
)
def test_a_call_tells_what_it_names(cloud: Cloud, path: str, params: dict[str, Any], types: list[str]) -> None:
    uploaded(cloud)
    named = {"notification_url": HOOK}
    answer = cloud.post(path, params, **named) if "public_ids" in params else cloud.post(path, params | named)
    assert answer.status_code == 200, answer.json()
    assert {delivery.url for delivery in Delivery.objects.all()} == ({HOOK} if types else set())
    assert [body["notification_type"] for body in told()] == types


def test_what_a_call_names_is_told_instead_of_triggers_and_besides_native_webhooks(cloud: Cloud) -> None:
    trigger(cloud)
    native = factories.webhook(cloud.library)
    uploaded(cloud, notification_url=f"{HOOK}/1\n{HOOK}/2")
    assert sorted(delivery.address for delivery in Delivery.objects.all()) == [native.url, f"{HOOK}/1", f"{HOOK}/2"]
    uploaded(cloud, "other")
    assert sorted(delivery.address for delivery in Delivery.objects.all())[-3:].count(HOOK) == 1


@pytest.mark.parametrize("url", ["x", "http://10.0.0.1/", "file:///etc/passwd", "\n".join([HOOK] * 11)])
def test_a_bad_notification_url_is_refused_before_anything_is_done(cloud: Cloud, url: str) -> None:
    answer = cloud.post("image/upload", {"notification_url": url}, file=factories.file())
    assert (answer.status_code, "notification_url" in answer.json()["error"]["message"]) == (400, True)
    assert not Asset.objects.exists()


# --- signed -----------------------------------------------------------------------------------------------------------


def test_the_sdk_verifies_what_is_sent(cloud: Cloud, settings: Any) -> None:
    settings.FETCH_ALLOW_HOSTS = ["127.0.0.1"]
    with receiving() as receiver:
        trigger(cloud, uri=receiver.url)
        uploaded(cloud, "\u00e4 name")
        uploaded(cloud, "named", notification_url=receiver.url)
        deliveries.send_due()
    cloudinary.config(api_secret=cloud.secret)
    for headers, body in receiver.got:
        timestamp, signature = headers["X-Cld-Timestamp"], headers["X-Cld-Signature"]
        assert utils.verify_notification_signature(body, timestamp, signature)
        assert not utils.verify_notification_signature(body + " ", timestamp, signature)
    cloudinary.reset_config()
    assert sorted(json.loads(body)["public_id"] for _headers, body in receiver.got) == ["named", "\u00e4 name"]


def test_a_revoked_key_ends_its_triggers(cloud: Cloud) -> None:
    made = trigger(cloud)
    uploaded(cloud)
    cloud.key.revoke()
    deliveries.send_due()
    webhook = Webhook.objects.get(pk=made["id"])
    assert (webhook.is_active, "revoked" in webhook.disabled_reason) == (False, True)
    assert Delivery.objects.get().state == "given_up"


def test_whoever_left_the_library_is_told_nothing_more(cloud: Cloud, user: User) -> None:
    uploaded(cloud, notification_url=HOOK)
    Membership.objects.filter(user=user).delete()
    cloud.library.folders.create(name="granted").grants.create(user=user)
    deliveries.send_due()
    delivery = Delivery.objects.get()
    assert delivery.state == "given_up"
    assert "no longer a member" in delivery.attempts.get().error
    assert not Delivery.objects.due(timezone.now()).exists()
