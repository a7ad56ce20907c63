"""Whatever makes this server ask an address, it asks through the guarded module: by a name that leads inside, none of
the ways reaches anybody."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from media_library import deliveries
from media_library.models import Delivery, Job, Library, User
from media_library.oidc import provider
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud
from tests.media_library.jobs import doing
from tests.media_library.network.inner import PUBLIC, World
from tests.media_library.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager", "model")]
NAMES = ("private.example", "rebinding.example", "mixed.example")
Way = Callable[[User, Library, str], Any]


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def from_url(user: User, library: Library, url: str) -> Any:
    return doing.post(api(user), f"libraries/{library.pk}/assets/from-url/", url=url)


def import_job(user: User, library: Library, url: str) -> Any:
    done = doing.run(doing.begun(doing.post(api(user), f"libraries/{library.pk}/imports/", urls=[url])))
    assert (done.state, done.failed) == (Job.State.DONE, 1)


def anchor(user: User, library: Library, url: str) -> Any:
    return doing.post(api(user), f"libraries/{library.pk}/anchors/", image_url=url)


def search(user: User, library: Library, url: str) -> Any:
    return doing.post(api(user), f"libraries/{library.pk}/search/", image_url=url)


def by_image(user: User, library: Library, url: str) -> Any:
    return signed_in(user).post(f"/l/{library.slug}/search/by-image/", {"url": url})


def dialect_upload(user: User, library: Library, url: str) -> Any:
    return Cloud(user, library).post("image/upload", {}, file=url)


def notification_url(user: User, library: Library, url: str) -> Any:
    Cloud(user, library).post("image/upload", {"notification_url": url}, file=factories.file())
    return send_all()


def webhook(user: User, library: Library, url: str) -> Any:
    factories.delivery(factories.webhook(library, url=url))
    return send_all()


def send_all() -> None:
    sent = list(Delivery.objects.filter(state=Delivery.State.PENDING))
    assert sent
    for delivery in sent:
        deliveries.send_now(delivery)
        assert delivery.state != Delivery.State.DELIVERED


def sign_in(user: User, library: Library, url: str) -> Any:
    """The issuer answers, and its document names this address."""
    cache.set(provider.key_of("metadata"), {**dict.fromkeys(provider.NEEDED, url), "issuer": "x"})
    client = Client()
    state = re.findall(r"state=([^&]+)", client.get("/accounts/openid/")["Location"])[0]
    return client.get(f"/accounts/openid/callback/?code=c&state={state}")


WAYS: list[Way] = [
    *[from_url, import_job, anchor, search, by_image, dialect_upload, notification_url, webhook, sign_in],
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_asks_the_guarded_module(way: Way, user: User, library: Library, inner: World, settings: Any) -> None:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = "https://sign-in.example", "library"
    for name in NAMES:
        inner.names.zone = {
            "private.example": [["127.0.0.1"]],
            "rebinding.example": [[PUBLIC], ["127.0.0.1"]],
            "mixed.example": [[PUBLIC, "::1"]],
        }
        inner.names.asked.clear()
        answer = way(user, library, f"http://{name}/a.png")
        assert answer is None or 400 <= answer.status_code <= 503
        assert inner.names.asked[0] == f"A {name}"  # it was about to
    assert set(inner.dialled) <= {PUBLIC} and inner.canary.seen == []


# Modules that make connections, and why none of them takes an address from somebody.
CONNECT = {
    "media_library/connections.py": "the guarded connections themselves",
    "media_library/fetch.py": "the guarded module",
    "media_library/imports/s3.py": "the store that the administrator has named",
    "search/embedders/reach.py": "the hub of models, by the administrator's commands",
    "dam/embedded/demo.py": "its own address",
    "dam/embedded/preflight.py": "whether a port is free",
    "dam/web/connections.py": "none: it accepts those of clients",
    "dam/outages.py": "none: it knows the errors of those that do",
}
LIBRARIES = r"^\s*(?:import|from) (socket|ssl|requests|urllib\.request|urllib3|http\.client|httpx2?|httpcore|aiohttp|boto3|ftplib|smtplib|paramiko)\b"  # fmt: skip  # noqa: E501


def test_no_other_module_makes_connections() -> None:
    found = {
        str(path.relative_to(project.BASE_DIR))
        for folder in ("media_library", "search", "dam")
        for path in (Path(project.BASE_DIR) / folder).rglob("*.py")
        if re.search(LIBRARIES, path.read_text(), re.MULTILINE)
    }
    assert found == set(CONNECT)
