"""A picture in the text of a form: decoded while it arrives, whatever its size and how the pieces fall."""

import base64
import io
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from PIL import Image

from dam.contracts.cloudinary.forms import WithNamedSource
from media_library import fetch
from media_library.models import Asset
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


def uri(content: bytes, *, lines: bool = False) -> str:
    encoded = base64.encodebytes(content) if lines else base64.b64encode(content)
    return "data:image/png;base64," + encoded.decode()


def large(side: int = 1500) -> bytes:
    """About `side`² x 3 bytes."""
    buffer = io.BytesIO()
    Image.effect_noise((side, side), 100).convert("RGB").save(buffer, "BMP")
    return buffer.getvalue()


def failure(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


@pytest.mark.parametrize("lines", [False, True])
def test_a_large_picture_arrives_whole(cloud: Cloud, *, lines: bool) -> None:
    content = large()
    answer = cloud.post("image/upload", {"public_id": "x"}, file=uri(content, lines=lines))
    assert answer.status_code == 200, answer.json()
    assert answer.json()["bytes"] == len(content) > 3 * site.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert Asset.objects.get().file.read() == content


@pytest.mark.parametrize("extra", range(3))
def test_every_remainder_of_base64(cloud: Cloud, extra: int) -> None:
    content = factories.picture() + b"\0" * extra
    assert cloud.post("image/upload", {}, file=uri(content)).json()["bytes"] == len(content)


def test_too_large_is_refused(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "MAX_UPLOAD_BYTES", 100_000)
    status, message = failure(cloud.post("image/upload", {}, file=uri(large(200))))
    assert status == 400
    assert "larger than" in message or "at most" in message


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64,%%%",
        "data:image/png;base64,AAAA=AAA" + "A" * 100_000,
        "data:image/png;base64,A",
        "data:image/png,abc",
        "data:" + "x" * 100_000,
        "data:",
        "data:image/png;base64,",
    ],
)
def test_nonsense_is_400(cloud: Cloud, text: str) -> None:
    before = factories.stored_files()
    assert failure(cloud.post("image/upload", {}, file=text))[0] == 400
    assert factories.stored_files() == before


def test_a_long_text_that_is_no_data_uri_is_400(cloud: Cloud) -> None:
    assert "too long" in failure(cloud.post("image/upload", {}, file="http://" + "x" * 3_000_000))[1]


def test_addresses_are_still_texts(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetched(address: str) -> fetch.Fetched:
        asked.append(address)
        return fetch.Fetched(io.BytesIO(factories.picture()), "x.png", len(factories.picture()))

    monkeypatch.setattr(fetch, "fetch", fetched)
    assert cloud.post("image/upload", {"tags": "a"}, file="https://example.com/é.png").json()["tags"] == ["a"]
    assert asked == ["https://example.com/é.png"]


def test_a_file_is_left_as_it_is(cloud: Cloud) -> None:
    content = factories.picture() + b'\r\n--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    answer = cloud.post("image/upload", {}, file=factories.file(content, "data:.png"))
    assert answer.json()["bytes"] == len(content)
    assert Asset.objects.get().file.read() == content


class Pieces:
    """A stream that gives at most so many bytes at once."""

    def __init__(self, content: bytes, most: int) -> None:
        self.stream, self.most = io.BytesIO(content), most

    def read(self, size: int) -> bytes:
        return self.stream.read(min(size, self.most))


@pytest.mark.parametrize("most", [1, 2, 3, 7, 60, 61, 62, 1000])
def test_only_the_headers_of_the_part_are_touched_however_the_pieces_fall(most: int) -> None:
    def form(disposition: bytes) -> bytes:
        inside = b'--other\r\nContent-Disposition: form-data; name="file"\r\n\r\n-- --b -- --b\r\n'
        parts = [
            b'Content-Disposition: form-data; name="tags"\r\n\r\n' + inside,
            disposition + b"\r\nContent-Type: text/plain\r\n\r\n" + inside,
            b'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + inside,
        ]
        return b"".join(b"--bound\r\n" + part + b"\r\n" for part in parts) + b"--bound--\r\n"

    plain = b'Content-Disposition: form-data; name="file"'
    stream = WithNamedSource(Pieces(form(plain), most), b"bound", "n")
    found = b""
    while piece := stream.read(50):
        found += piece
    assert found == form(plain + b'; filename="n"')


def test_headers_without_end_are_passed_on() -> None:
    content = b"--bound\r\n" + b"x" * 100_000
    stream = WithNamedSource(io.BytesIO(content), b"bound", "n")
    assert stream.read(1_000_000) == content


def test_a_large_picture_takes_little_memory(tmp_path: Path) -> None:
    from rest_framework.test import APIRequestFactory

    from dam.contracts.cloudinary.upload import Upload

    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
        + uri(b"\0" * 30_000_000).encode()
        + b"\r\n--b--\r\n"
    )
    request = APIRequestFactory().generic("POST", "/", b"", content_type="multipart/form-data; boundary=b")
    request._stream = io.BytesIO(body)
    request.META["CONTENT_LENGTH"] = str(len(body))
    tracemalloc.start()
    file = Upload().initialize_request(request).data["file"]
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.size == 30_000_000
    assert peak < 8_000_000
