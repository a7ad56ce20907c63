"""What people do in the pages, in the words of the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from playwright.sync_api import Page

from tests import factories


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
