"""The unmodified `tus-js-client` package of npm against the running product."""

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dam_client import Client, Library
from tests.client.drawn import noise
from tests.contracts.node import installed
from tests.contracts.tus.cutting import cutting
from tests.stack import Stack

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).with_name("node")


@pytest.fixture(scope="module")
def content() -> bytes:
    return noise(7, (1000, 600))


@pytest.fixture(scope="module")
def given(
    request: pytest.FixtureRequest,
    stack: Stack,
    token: str,
    library: Library,
    content: bytes,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What came of each way to upload."""
    program = installed(request.config, SOURCE) / "uploads.js"
    folder = tmp_path_factory.mktemp("tus")
    picture = folder / "sea.jpg"
    picture.write_bytes(content)
    place = f"/api/v1/libraries/{library.id}/uploads/"
    with cutting(stack.port, after=100_000) as line:
        command = ["node", str(program), str(picture), stack.url + place, line.url + place, token]
        command.append(str(folder / "addresses.json"))
        environment = {"PATH": os.environ["PATH"]}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        assert line.has_cut
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("way", ["resumed", "cut", "at_once", "in_parts_from_the_beginning", "by_post"])
def test_the_file_arrives_whole(given: dict[str, Any], dam: Client, content: bytes, way: str) -> None:
    assert "failed" not in given[way], given[way]
    assert dam.assets.get(given[way]["asset"]).sha256 == hashlib.sha256(content).hexdigest()


def test_what_broke_off_goes_on_where_it_stood(given: dict[str, Any]) -> None:
    assert (given["resumed"]["same"], given["resumed"]["offset"]) == (True, 2 * 65_536)


def test_each_file_arrived_once(given: dict[str, Any], library: Library) -> None:
    assets = {way["asset"] for way in given.values() if "asset" in way}
    assert len(assets) == len([each for each in library.assets() if each.display_name == "sea"]) == 5


def test_what_is_terminated_is_gone(given: dict[str, Any]) -> None:
    assert given["terminated"] == {"status": 404}


def test_why_a_file_is_refused_reaches_the_caller(given: dict[str, Any]) -> None:
    refused = given["refused"]
    assert (refused["status"], json.loads(refused["body"])["code"]) == (415, "not_an_image")
