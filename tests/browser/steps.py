"""What people do in the pages, in the words of the tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from playwright.sync_api import Locator, Page

from tests import factories
from tests.stack import Stack


def at_rest(found: Locator) -> Locator:
    """Once it has stayed where it is for ten frames: a dialog has opened, its picture has its size, no page scrolls."""
    found.evaluate(
        """async (element) => {
             const place = () => JSON.stringify(element.getBoundingClientRect());
             for (let frame = 0, still = 0, before = ''; still < 10; before = place(), frame++) {
               if (frame > 1000) throw new Error('It does not come to rest.');
               await new Promise(requestAnimationFrame);
               still = place() === before ? still + 1 : 0;
             }
           }"""
    )
    return found


def fits(page: Page, width: int) -> None:
    """Nothing of it reaches beyond so many pixels, once scripts have laid it out."""
    page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=width)


def eventually(page: Page, seen: Callable[[], object], what: str) -> None:
    """For what no expectation of Playwright's can wait."""
    for _tenth in range(200):
        if seen():
            return
        page.wait_for_timeout(100)
    raise AssertionError(what)


@contextmanager
def served(content: bytes, kind: str = "image/png") -> Iterator[str]:
    """The address of a picture on a web server of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """Nothing of this belongs into the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/square.png"
    finally:
        server.shutdown()
        server.server_close()


def drawn(color: str = "red", seed: int = 0, name: str = "square.png") -> Any:
    """A picture as `set_input_files` takes it."""
    return {"name": name, "mimeType": "image/png", "buffer": factories.picture(color, (480, 320), seed=seed)}


def card(page: Page, name: str) -> Any:
    return page.locator("#grid > .card").filter(has=page.locator(f'.caption-name[title="{name}"]')).first


def upload(page: Page, library: str, *files: Any) -> None:
    """Upload through the page and wait until each file has its outcome."""
    page.goto(f"{library}upload/")
    page.set_input_files("input[name=files]", list(files))
    page.locator(".upload-row[data-outcome]").nth(len(files) - 1).wait_for()


def wait_until_indexed(page: Page, library: str, name: str) -> None:
    """The card settles by itself, without a reload."""
    page.goto(library)
    card(page, name).locator("img").wait_for()
    page.locator(f'.card:not([data-unfinished]) .caption-name[title="{name}"]').first.wait_for()


def copies(stack: Stack, name: str, count: int) -> str:
    """A library of so many copies of one picture of the stack's, with its files: Picture 0000 is the newest. They are
    indexed and compared already, so that no worker is kept busy by them. Gives the path of its page."""
    slug = name.lower()
    stack.django(f"""
from datetime import timedelta
from uuid import uuid4
from django.db import transaction
from django.utils import timezone
from media_library.models import Asset, Library, Membership, Rendition, Role, User
from search.models import EmbeddingModel, Fingerprint, IndexEntry
transaction.set_autocommit(False)  # or a worker's sweep would find pictures without an entry
library = Library.objects.create(name="{name}", slug="{slug}")
Membership.objects.create(library=library, user=User.objects.get(username="demo"), role=Role.MANAGER)
thumb = Rendition.objects.filter(name="thumb", asset__state="ready").select_related("asset").first()
preview = Rendition.objects.get(name="preview", asset=thumb.asset)
now = timezone.now()
shapes = [(3000, 2000), (2000, 3000), (4000, 2250), (2400, 2400), (3600, 1600)]
assets = []
for number in range({count}):
    width, height = shapes[number * 7 % 5]
    pk = uuid4()
    assets.append(Asset(
        id=pk, library=library, public_id=str(pk), display_name=f"Picture {{number:04}}", file=thumb.asset.file.name,
        format="jpeg", mime_type="image/jpeg", bytes=1000 + number, width=width, height=height, sha256=pk.hex * 2,
        state="ready",
    ))
Asset.objects.bulk_create(assets, batch_size=500)
for number, asset in enumerate(assets):
    asset.created_at = now - timedelta(seconds=number)
Asset.objects.bulk_update(assets, ["created_at"], batch_size=500)
for made in (thumb, preview):
    same = {{name: getattr(made, name) for name in ("name", "width", "height", "bytes")}} | {{"file": made.file.name}}
    Rendition.objects.bulk_create([Rendition(asset=asset, **same) for asset in assets], batch_size=500)
model = EmbeddingModel.active()
IndexEntry.objects.bulk_create([IndexEntry(asset=a, model=model, state="done") for a in assets], batch_size=500)
compared = {{"library": library, "compared_at": now}}
Fingerprint.objects.bulk_create([Fingerprint(asset=asset, **compared) for asset in assets], batch_size=500)
transaction.commit()
""")
    return f"/l/{slug}/"
