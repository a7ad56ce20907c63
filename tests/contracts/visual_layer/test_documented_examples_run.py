"""The documented examples as real programs against the whole product; only address, token, ids and the file's path are
put into them."""

import json
import mimetypes
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from tests.stack import Stack

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).with_name("documented_example.txt")
UPLOAD = r"""curl -X POST \
-H "Authorization: Bearer <jwt>" \
-F "file=@/path/to/query_image.jpg" \
"https://app.visual-layer.com/api/v1/dataset/<dataset_id>/search-image-similarity?threshold=0&entity_type=IMAGES"
"""
RESULTS = r"""curl -H "Authorization: Bearer <jwt>" \
"https://app.visual-layer.com/api/v1/explore/<dataset_id>?threshold=0&entity_type=IMAGES&page_number=0&anchor_media_id=f9d612d4-1234-11f1-bfca-fa39f6ed1f22&anchor_type=UPLOAD"
"""
BOX = r"""curl -X POST \
-H "Authorization: Bearer <jwt>" \
-F "file=@/path/to/image.jpg" \
"https://app.visual-layer.com/api/v1/dataset/<dataset_id>/search-image-similarity?threshold=0&entity_type=IMAGES&bounding_box=%7B%22x%22%3A0.1%2C%22y%22%3A0.2%2C%22width%22%3A0.5%2C%22height%22%3A0.6%7D"
"""
MEDIA = r"""curl -H "Authorization: Bearer <jwt>" \
"https://app.visual-layer.com/api/v1/explore/<dataset_id>?threshold=0&entity_type=IMAGES&page_number=0&anchor_media_id=<media_id>&anchor_type=MEDIA"
"""

MAKE_KEY = """
from media_library.models import ApiKey, Library, User
key, secret = ApiKey.issue(User.objects.get(username="demo"), "script")
print(key.key, secret, Library.objects.get(name="photos").pk)
"""


@pytest.fixture(scope="module")
def values(stack: Stack) -> Iterator[dict[str, str]]:
    """What stands in the documentation -> what it is here."""
    key, secret, library = stack.django(MAKE_KEY).split()
    now = int(time.time())
    claims = {"sub": key, "iss": "sdk", "iat": now, "exp": now + 3600}
    token = jwt.encode(claims, secret, "HS256", {"kid": key})
    photo = next((stack.data_dir.parent / "photos").rglob("*.jpg"))
    yield {
        "https://app.visual-layer.com": stack.url,
        "<your-jwt-token>": token,
        "<jwt>": token,
        "<your-dataset-id>": library,
        "<dataset_id>": library,
        "/path/to/query_image.jpg": str(photo),
        "/path/to/image.jpg": str(photo),
    }


def filled(text: str, values: dict[str, str]) -> str:
    for documented, ours in values.items():
        text = text.replace(documented, ours)
    return text


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def curl(call: str, values: dict[str, str]) -> Any:
    return json.loads(run(["/bin/sh", "-c", filled(call, values)]))


def test_the_python_example(values: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(filled(EXAMPLE.read_text(), values))
    said = run([sys.executable, str(script)]).splitlines()
    assert (found := re.fullmatch(r"Found (\d+) similar clusters", said[0]))
    assert int(found[1]) >= 2
    assert re.fullmatch(r"  Cluster [0-9a-f]{8}\.\.\. — \d+ images, similarity score: 0\.00\d", said[1])
    assert said[2].strip().startswith(Path(values["/path/to/query_image.jpg"]).name)


def test_the_four_calls_of_curl(values: dict[str, str]) -> None:
    anchor = curl(UPLOAD, values)
    assert anchor["anchor_type"] == "UPLOAD"
    body = curl(RESULTS, values | {"f9d612d4-1234-11f1-bfca-fa39f6ed1f22": anchor["anchor_media_id"]})
    first = body["clusters"][0]["previews"][0]
    assert first["file_name"] == Path(values["/path/to/query_image.jpg"]).name
    assert first["relevance_score"] == pytest.approx(0, abs=0.01)
    part = curl(BOX, values)["anchor_media_id"]
    assert part != anchor["anchor_media_id"]
    of_part = curl(RESULTS, values | {"f9d612d4-1234-11f1-bfca-fa39f6ed1f22": part})
    assert len(of_part["clusters"]) >= 2
    of_media = curl(MEDIA, values | {"<media_id>": first["media_id"]})
    assert of_media["clusters"][0]["previews"][0]["media_id"] == first["media_id"]
    assert of_media["clusters"][0]["relevance_score"] == 0


def test_what_is_answered_can_be_fetched(values: dict[str, str]) -> None:
    body = curl(RESULTS.replace("&anchor_media_id=f9d612d4-1234-11f1-bfca-fa39f6ed1f22&anchor_type=UPLOAD", ""), values)
    preview = body["clusters"][0]["previews"][0]
    headers = {"Authorization": f"Bearer {values['<jwt>']}"}
    original, _encoding = mimetypes.guess_type(preview["file_name"])
    for name, kind in (("media_uri", original), ("media_thumb_uri", "image/webp")):
        answer = requests.get(preview[name], headers=headers, timeout=30)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
        assert requests.get(preview[name], timeout=30).status_code == 401


def test_too_large_an_upload_gets_its_answer(values: dict[str, str]) -> None:
    address = values["https://app.visual-layer.com"]
    url = f"{address}/api/v1/dataset/{values['<dataset_id>']}/search-image-similarity"
    answer = requests.post(
        url,
        headers={"Authorization": f"Bearer {values['<jwt>']}"},
        params={"entity_type": "IMAGES"},
        files={"file": b"\xff" * (40 * 1024 * 1024 + 1)},
        timeout=60,
    )
    assert answer.status_code == 400
    assert set(answer.json()) == {"detail"}
