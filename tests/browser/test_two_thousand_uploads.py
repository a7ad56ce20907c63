"""A folder of many files through the page in one go, with the web server killed half-way and started again.

`UPLOAD_FILES=2000` (`make test-uploads`) sends as many; by default fewer, as often as all tests run.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from dam.embedded import product
from dam.embedded.children import Child
from tests.browser.complaints import Complaints
from tests.stack import Stack, environment, free_port

pytestmark = pytest.mark.slow

FILES = int(os.environ.get("UPLOAD_FILES", "150"))
LARGE = 2  # of them, in parts
SECONDS = 60 + FILES  # at most
AWAY = 4  # seconds, the server


class Web:
    """A second web server over the data of a running product, which may be killed."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.port = stack, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.child: Child | None = None

    def start(self) -> None:
        self.child = product.start_web(self.stack.data_dir, "127.0.0.1", self.port)
        deadline = time.monotonic() + 120
        while True:
            try:
                with urlopen(f"{self.url}/healthz", timeout=5):
                    return
            except OSError:
                self.child.check()
                assert time.monotonic() < deadline, "The web server does not answer."
                time.sleep(0.1)

    def kill(self) -> None:
        """As a power cut would: SIGKILL to all its processes."""
        if self.child:
            self.child.kill()


@pytest.fixture
def web(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    for name in [name for name in os.environ if name.startswith("DAM_")]:
        monkeypatch.delenv(name)
    for name, value in environment(stack.data_dir, stack.port).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAM_CHILD_LOG_LEVEL", "WARNING")
    served = Web(stack)
    served.start()
    yield served
    served.kill()


@contextmanager
def opened(browser: Browser, web: Web, signed_in: Any) -> Iterator[Page]:
    with browser.new_context(base_url=web.url, storage_state=signed_in) as context:
        yield context.new_page()


def draw(folder: Path) -> set[str]:
    """Different pictures in folders of a hundred; gives their names."""
    for number in range(FILES):
        place = folder / f"roll {number // 100:02}"
        place.mkdir(parents=True, exist_ok=True)
        large = number % (FILES // LARGE) == FILES // LARGE // 2
        size = (1500, 1200, 3) if large else (6, 8, 3)  # noise does not compress: over 4 MB
        noise = np.random.default_rng(number).integers(0, 255, size, dtype=np.uint8)
        Image.fromarray(noise).resize(size[1::-1] if large else (320, 240), Image.Resampling.NEAREST).save(
            place / f"IMG {number:04}.png"
        )
    return {f"IMG {number:04}" for number in range(FILES)}


def test_all_of_them_arrive_once_though_the_server_is_killed_half_way(
    browser: Browser, web: Web, stack: Stack, signed_in: Any, tmp_path: Path, complaints: Complaints, capsys: Any
) -> None:
    source = tmp_path / "two thousand"
    names = draw(source)
    with opened(browser, web, signed_in) as page:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/")
        page.goto(f"{page.url}upload/")
        began = time.monotonic()
        page.set_input_files("#choose-folder", source)
        summary = page.locator("[data-summary-text]")
        page.locator(".upload-row[data-outcome=stored]").first.wait_for()
        while page.locator("[data-overall]").evaluate("bar => bar.value") < 0.5:
            time.sleep(0.05)
        web.kill()
        killed = time.monotonic()
        expect(page.locator(".upload-pace")).to_contain_text("goes on by itself", timeout=20_000)
        time.sleep(max(0.0, AWAY - (time.monotonic() - killed)))
        web.start()
        back = time.monotonic()
        expect(summary).to_have_text(f"{FILES} of {FILES} added", timeout=SECONDS * 1000)
        ended = time.monotonic()
        assert page.locator(".upload-row").count() <= 200
    away = back - killed
    with capsys.disabled():
        print(  # noqa: T201  the figures are wanted
            f"\n{FILES} files through the page: {ended - began:.1f} s, {away:.1f} s of it without a server; "
            f"{FILES / (ended - began - away):.1f} files/s"
        )
    code = (
        "from media_library.models import Asset, PartialUpload, UploadPart, Folder\n"
        "assets = Asset.objects.filter(folder__parent__name='two thousand', deleted_at=None)\n"
        "print(*sorted(assets.values_list('display_name', flat=True)), sep='|')\n"
        "print(*sorted(set(assets.values_list('folder__name', flat=True))), sep='|')\n"
        "print(UploadPart.objects.count(), Folder.objects.filter(name='two thousand').count())"
    )
    there, folders, left = stack.django(code).split("\n")
    assert there.split("|") == sorted(names)  # each of them, and none twice
    assert folders.split("|") == [f"roll {number:02}" for number in range((FILES + 99) // 100)]
    assert left == "0 1"
    assert complaints == []
