"""Many uploads at once through the unmodified SDK, into the running product."""

import io
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import cloudinary
import pytest
from cloudinary import api, uploader
from PIL import Image

from tests.contracts.cloudinary.sdk import Account
from tests.stack import Stack

pytestmark = pytest.mark.slow

PICTURES, THREADS = 500, 8
PATIENCE = 300  # seconds
UNFINISHED = """
from search.models import IndexEntry
from media_library.models import Asset
assets = Asset.objects.filter(library__slug={slug!r}, tags__name={tag!r})
done = IndexEntry.objects.filter(asset__in=assets, state="done", asset__state="ready")
print(assets.count() - done.filter(asset__embeddings__isnull=False).distinct().count())
"""


def picture(number: int) -> io.BytesIO:
    """No two alike."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (number % 256, number // 256 * 100, 128)).save(file, "PNG")
    return io.BytesIO(file.getvalue())


def test_500_uploads_by_eight_threads_are_all_indexed(
    account: Account, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDINARY_URL", account.url(account.slug))
    cloudinary.reset_config()
    tag = f"many-{uuid4().hex[:8]}"

    def upload(number: int) -> str:
        return uploader.upload(picture(number), public_id=f"{tag}/{number}", tags=[tag])["asset_id"]

    with ThreadPoolExecutor(THREADS) as pool:
        sent = set(pool.map(upload, range(PICTURES)))
    assert len(sent) == PICTURES
    assert {found["asset_id"] for found in api.resources_by_tag(tag, max_results=500)["resources"]} == sent
    deadline = time.monotonic() + PATIENCE
    while left := int(stack.django(UNFINISHED.format(slug=account.slug, tag=tag))):
        assert time.monotonic() < deadline, f"{left} are not indexed"
        time.sleep(1)
