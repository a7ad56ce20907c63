"""Real processes: an import whose worker is killed in the midst of it, and goes on when it is started again."""

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests import factories
from tests.stack import Stack, draw_photos, open_folder, running

pytestmark = pytest.mark.slow

PICTURES = 400
IMPORTED = """
from media_library.models import Asset
print(*Asset.objects.filter(folder__name="half").values_list("sha256", flat=True))
"""


class Program:
    """Somebody's script against the running product."""

    def __init__(self, stack: Stack) -> None:
        self.api = f"{stack.url}/api/v1"
        answer = requests.post(f"{self.api}/token/", json={"username": "demo", "password": stack.password}, timeout=30)
        self.headers = {"Authorization": f"Bearer {answer.json()['access']}"}

    def get(self, path: str) -> Any:
        return requests.get(f"{self.api}/{path}", headers=self.headers, timeout=30).json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return requests.post(f"{self.api}/{path}", json=body, headers=self.headers, timeout=30).json()

    def download(self, path: str) -> bytes:
        return requests.get(f"{self.api}/{path}", headers=self.headers, timeout=60).content

    def wait(self, job: str, until: Any) -> dict[str, Any]:
        deadline = time.monotonic() + 240
        while not until(found := self.get(f"jobs/{job}/")):
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with open_folder() as made:
        draw_photos(made / "photos")
        (made / "incoming" / "half").mkdir(parents=True)
        yield made


def test_every_picture_is_there_exactly_once(folder: Path) -> None:
    options = {
        "PHOTOS": str(folder / "photos"),
        "DAM_WATCH_FOLDER": f"{folder / 'incoming'}=photos",
        "DAM_WATCH_SETTLE_SECONDS": "0",
        "DAM_WATCH_SECONDS": "3600",
    }
    with running(folder / "data", **options) as stack:
        stack.wait_for("ready: ")
        for number in range(PICTURES):
            (folder / "incoming" / "half" / f"{number:03}.png").write_bytes(factories.picture(seed=number))
        program = Program(stack)
        (library,) = program.get("libraries/")["results"]
        job = program.post(f"libraries/{library['id']}/imports/", {"path": "."})["id"]
        program.wait(job, lambda found: found["done"] >= PICTURES // 8)
        for worker in workers(stack):
            worker.kill()
        assert 0 < program.get(f"jobs/{job}/")["done"] < PICTURES
        assert stack.process.wait(90) == 1  # it says which process died, and stops
    with running(folder / "data", **options) as stack:
        stack.wait_for("ready: ")
        program = Program(stack)
        found = program.wait(job, lambda found: found["state"] not in {"pending", "running"})
        assert (found["state"], found["total"], found["done"], found["failed"]) == ("done", PICTURES, PICTURES, 0)
        imported = stack.django(IMPORTED).split()
        assert len(imported) == len(set(imported)) == PICTURES
        again = program.post(f"libraries/{library['id']}/imports/", {"path": "."})["id"]
        found = program.wait(again, lambda found: found["state"] == "done")
        assert (found["done"], found["skipped"]) == (0, PICTURES)
        take_out_and_throw_away(program, library["id"])


def take_out_and_throw_away(program: Program, library: str) -> None:
    """An export that is downloaded, and a change of all that it held, by the same worker."""
    query = {"max_width": 60, "formats": "png"}
    job = program.post(f"libraries/{library}/export/", {"query": query, "folders": True})["id"]
    assert program.wait(job, lambda found: found["state"] == "done")["done"] == PICTURES
    with zipfile.ZipFile(io.BytesIO(program.download(f"jobs/{job}/result/"))) as archive:
        assert archive.testzip() is None
        assert archive.read("half/007.png") == factories.picture(seed=7)
        assert len(archive.namelist()) == PICTURES + 1
    job = program.post(f"libraries/{library}/bulk/", {"query": query, "action": "delete"})["id"]
    assert program.wait(job, lambda found: found["state"] == "done")["done"] == PICTURES
    assert program.get(f"libraries/{library}/assets/?formats=png&max_width=60")["results"] == []


def workers(stack: Stack) -> list[psutil.Process]:
    """Of jobs. `nice` has become the worker itself."""
    children = psutil.Process(stack.process.pid).children(recursive=True)
    found = [process for process in children if "jobs@%h" in process.cmdline()]
    assert found
    return found
