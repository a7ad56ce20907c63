"""The unmodified `tuspy` package of PyPI against the running product."""

import asyncio
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusUploadFailed
from tusclient.storage.filestorage import FileStorage

from dam_client import Client, Library
from tests.contracts.tus.cutting import cutting
from tests.stack import Stack

pytestmark = pytest.mark.slow

PART = 65_536


def client(url: str, token: str, library: Library) -> TusClient:
    place = f"{url}/api/v1/libraries/{library.id}/uploads/"
    return TusClient(place, headers={"Authorization": f"Bearer {token}"})


def require_arrived(dam: Client, uploader: Any, picture: Path) -> Any:
    """The asset, which is what was sent."""
    asset = dam.assets.get(uploader.request.response_headers["upload-asset"])
    assert asset.sha256 == hashlib.sha256(picture.read_bytes()).hexdigest()
    return asset


def test_an_upload_of_several_parts_breaks_off_and_is_resumed(
    stack: Stack, token: str, dam: Client, library: Library, picture: Path, tmp_path: Path
) -> None:
    urls = FileStorage(str(tmp_path / "urls.json"))
    options: dict[str, Any] = {
        "file_path": str(picture), "chunk_size": PART, "store_url": True, "url_storage": urls, "upload_checksum": True,
        "metadata": {"filename": "Evening, sea.jpg", "tags": "sea, boat", "description": "Möwen"},
    }  # fmt: skip
    first = client(stack.url, token, library).uploader(**options)
    first.upload(stop_at=2 * PART)
    again = client(stack.url, token, library).uploader(**options)
    assert (again.url, again.offset) == (first.url, 2 * PART)
    again.upload()
    asset = require_arrived(dam, again, picture)
    assert (asset.display_name, sorted(asset.tags), asset.description) == ("Evening, sea", ["boat", "sea"], "Möwen")
    assert client(stack.url, token, library).uploader(**options).offset == picture.stat().st_size


def test_a_connection_that_is_cut_within_a_part_is_taken_up_again(
    stack: Stack, token: str, dam: Client, library: Library, picture: Path
) -> None:
    with cutting(stack.port, after=100_000) as line:
        uploader = client(line.url, token, library).uploader(
            str(picture), chunk_size=200_000, retries=8, retry_delay=1, metadata={"filename": "cut.jpg"}
        )
        uploader.upload()
        assert line.has_cut
    require_arrived(dam, uploader, picture)


def test_what_has_arrived_of_a_part_counts(
    stack: Stack, token: str, dam: Client, library: Library, picture: Path
) -> None:
    with cutting(stack.port, after=100_000) as line:
        uploader = client(line.url, token, library).uploader(str(picture), chunk_size=200_000)
        with pytest.raises(TusUploadFailed):
            uploader.upload()
        until = time.monotonic() + 30
        while not (arrived := uploader.get_offset()):  # the server notices at its own time
            assert time.monotonic() < until, "Nothing of the part was kept."
            time.sleep(0.1)
        assert 50_000 < arrived < 200_000
        uploader.offset = arrived
        uploader.upload()
    require_arrived(dam, uploader, picture)


def test_its_asynchronous_kind_works_too(
    stack: Stack, token: str, dam: Client, library: Library, picture: Path
) -> None:
    uploader = client(stack.url, token, library).async_uploader(str(picture), chunk_size=PART)
    with ThreadPoolExecutor() as pool:  # browser tests leave an event loop in this thread
        pool.submit(asyncio.run, uploader.upload()).result()
    require_arrived(dam, uploader, picture)


def test_why_a_file_is_refused_reaches_the_caller(stack: Stack, token: str, library: Library, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a picture. " * 10_000)
    uploader = client(stack.url, token, library).uploader(str(path), chunk_size=PART)
    with pytest.raises(TusUploadFailed) as caught:
        uploader.upload()
    assert (caught.value.status_code, b"not_an_image" in caught.value.response_content) == (415, True)
