"""The running product tells a server on this machine, which checks signatures with the documented example."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import factories
from tests.media_library.receiver import Receiver, receiving
from tests.stack import ROOT, Stack

Verify = Callable[[str, dict[str, str], bytes], bool]


@pytest.fixture(scope="module")
def verify() -> Verify:
    """The function of docs/webhooks.md."""
    example = re.search(r"```python\n(.*?)```", (Path(ROOT) / "docs/webhooks.md").read_text(), re.DOTALL)
    assert example
    names: dict[str, Any] = {}
    exec(example[1], names)  # noqa: S102  it is what the documentation shows
    found: Verify = names["verify"]
    return found


@pytest.mark.django_db
def test_the_documented_example_tells_true_from_false(verify: Verify, library: Any, receiver: Receiver) -> None:
    from media_library import deliveries

    webhook = factories.webhook(library, receiver.url)
    factories.delivery(webhook, body='{"type": "asset.ready"}')
    deliveries.send_due()
    ((headers, body),) = receiver.got
    assert verify(webhook.secret, headers, body.encode())
    assert not verify(webhook.secret, headers, body.encode() + b" ")
    assert not verify(factories.webhook(library).secret, headers, body.encode())
    assert not verify(webhook.secret, headers | {"Webhook-Id": "other"}, body.encode())
    old = headers | {"Webhook-Timestamp": str(int(headers["Webhook-Timestamp"]) - 301)}
    assert not verify(webhook.secret, old, body.encode())


@pytest.mark.slow
def test_from_upload_to_index_everything_arrives_signed(stack: Stack, verify: Verify) -> None:
    base = f"{stack.url}/api/v1/"
    session = requests.Session()
    credentials = {"username": stack.username, "password": stack.password}
    access = session.post(f"{base}token/", credentials).json()["access"]
    session.headers["Authorization"] = f"Bearer {access}"
    library = session.post(f"{base}libraries/", json={"name": "Told"}).json()["id"]
    events = ["asset.created", "asset.ready", "asset.indexed", "asset.updated", "asset.trashed", "asset.purged"]
    with receiving() as receiver:
        receiver.answers = [503, 200]  # the first is tried again when everything else is done
        about = {"library": library, "url": receiver.url, "events": events}
        made = session.post(f"{base}webhooks/", json=about).json()
        files = {"file": ("red.png", factories.picture(), "image/png")}
        asset = session.post(f"{base}libraries/{library}/assets/", files=files).json()["id"]
        receiver.wait_for(3)
        session.patch(f"{base}assets/{asset}/", json={"tags": ["sea"]})
        session.delete(f"{base}assets/{asset}/")
        session.delete(f"{base}assets/{asset}/?purge=true")
        got = receiver.wait_for(7)
        url = f"{base}webhooks/{made['id']}/deliveries/"
        while session.get(url, params={"state": "pending"}).json()["results"]:
            time.sleep(0.2)  # the last one has arrived, and is not noted yet
        log = session.get(url).json()["results"]
    assert all(verify(made["secret"], headers, body.encode()) for headers, body in got)
    told = [json.loads(body) for _headers, body in got]
    assert {body["type"] for body in told} == set(events)
    assert {body["data"]["asset"]["id"] for body in told} == {asset}
    assert sorted(len(delivery["attempts"]) for delivery in log) == [1, 1, 1, 1, 1, 2]
    assert len({headers["Webhook-Id"] for headers, _body in got}) == 6
