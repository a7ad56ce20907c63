"""A query picture is checked as one that is kept: by its header, before anything is decoded."""

import struct
import zlib
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from media_library.models import Library
from search.models import QueryAnchor
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model", "fake_embedder", "eager")]


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that is 3.6 gigapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 4096)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_bomb_is_no_example(client: Client, api: APIClient, library: Library, monkeypatch: Any) -> None:
    from PIL import Image

    def decoded(*args: Any, **options: Any) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(Image.Image, "load", decoded)
    base = f"/api/v1/libraries/{library.pk}"
    answers = [
        client.post(f"/l/{library.slug}/search/by-image/", {"file": factories.file(bomb(), "bomb.png")}),
        api.post(f"{base}/anchors/", {"file": factories.file(bomb(), "bomb.png")}, format="multipart"),
        api.post(f"{base}/search/", {"file": factories.file(bomb(), "bomb.png")}, format="multipart"),
    ]
    assert [answer.status_code // 100 for answer in answers] == [4, 4, 4]
    assert answers[1].json()["code"] == answers[2].json()["code"] == "too_many_pixels"
    assert not QueryAnchor.objects.exists()
