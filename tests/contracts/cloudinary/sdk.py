"""A cloud of its own in the running product, for the SDKs."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import cloudinary
import pytest

from tests.stack import Stack, draw_photos, open_folder

MAKE = """
import json
from media_library.models import *
user = User.objects.get(username={name!r})
first = Library.objects.get(name="photos")
key, secret = ApiKey.issue(user, "SDK")
made = Library.objects.create(name="SDK")
Membership.objects.create(library=made, user=user, role=Role.MANAGER)
asset = first.assets.live().order_by("display_name").first()
print(json.dumps({{"key": key.key, "secret": secret, "filled": first.slug, "slug": made.slug,
                   "asset": str(asset.pk), "public_id": asset.public_id}}))
"""


@dataclass(frozen=True)
class Account:
    """An API key, an empty cloud, one with pictures that can be found, and a picture as a file and at an address."""

    base: str
    key: str
    secret: str
    slug: str
    filled: str
    asset: str
    public_id: str
    picture: Path
    address: str

    def url(self, slug: str) -> str:
        """CLOUDINARY_URL."""
        return f"cloudinary://{self.key}:{self.secret}@{slug}?{urlencode({'upload_prefix': self.base})}"

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc


def configure(account: Account, slug: str) -> None:
    """Let the Python SDK speak to this cloud."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLOUDINARY_URL", account.url(slug))
        cloudinary.reset_config()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def account(stack: Stack) -> Iterator[Account]:
    made = json.loads(stack.django(MAKE.format(name=stack.username)))
    with open_folder() as folder:
        draw_photos(folder)
        picture = next(folder.glob("*.jpg"))
        picture = picture.rename(folder / "picture.jpg")
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield Account(
                base=stack.url,
                picture=picture,
                address=f"http://127.0.0.1:{server.server_address[1]}/{picture.name}",
                **made,
            )
            server.shutdown()
