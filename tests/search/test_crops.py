"""A box on every kind of picture that can be searched with."""

import io
import json
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from media_library import fetch, processing
from media_library.models import Asset, Library, User
from search import anchors
from search.models import EmbeddingModel, QueryAnchor
from tests import factories
from tests.fakes import FakeEmbedder
from tests.media_library import drawn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "eager")]

COLORS = ("red", "lime", "blue", "yellow")
LOWER_RIGHT = {"x": 0.5, "y": 0.5, "width": 0.5, "height": 0.5}  # yellow


@pytest.fixture
def pictures(library: Library, model: EmbeddingModel) -> dict[str, Asset]:
    """One asset per colour."""
    encode = FakeEmbedder().encode_images
    return {
        color: factories.embedded(library, model, encode([Image.new("RGB", (8, 8), color)])[0], display_name=color)
        for color in COLORS
    }


def url(library: Library, path: str) -> str:
    return f"/api/v1/libraries/{library.pk}/{path}/"


def stored(library: Library, user: User, content: bytes, name: str = "quarters.jpg") -> Asset:
    made = factories.upload(library, user, content, name)
    processing.render_pending()
    return Asset.objects.get(pk=made.pk)


def first(answer: Any) -> str:
    assert answer.status_code == 200, answer.json()
    return answer.json()["results"][0]["asset"]["display_name"]


@pytest.fixture(params=range(1, 9))
def turned(request: pytest.FixtureRequest) -> bytes:
    """The same four quarters, stored in each of the eight ways that EXIF can turn upright."""
    return drawn.turned(request.param).getvalue()


def test_a_box_of_an_upload_is_of_the_upright_picture(
    api: APIClient, library: Library, pictures: dict[str, Asset], turned: bytes
) -> None:
    data = {"file": factories.file(turned, "q.jpg"), "box": json.dumps(LOWER_RIGHT)}
    assert first(api.post(url(library, "search"), data)) == "yellow"


def test_a_box_of_an_asset_is_of_the_upright_picture(
    api: APIClient, library: Library, user: User, pictures: dict[str, Asset], turned: bytes
) -> None:
    asset = stored(library, user, turned)
    body = {"like": [str(asset.pk)], "box": LOWER_RIGHT}
    assert first(api.post(url(library, "search"), body, format="json")) == "yellow"


def test_a_box_of_a_url_is_of_the_upright_picture(
    api: APIClient, library: Library, pictures: dict[str, Asset], turned: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "fetch", lambda url: fetch.Fetched(io.BytesIO(turned), "q.jpg", len(turned)))
    body = {"image_url": "https://example.org/q.jpg", "box": LOWER_RIGHT}
    assert first(api.post(url(library, "search"), body, format="json")) == "yellow"


def test_a_box_of_an_anchor_is_a_part_of_what_it_shows(
    api: APIClient, library: Library, pictures: dict[str, Asset], turned: bytes
) -> None:
    whole = api.post(url(library, "anchors"), {"file": factories.file(turned, "q.jpg")}).json()["id"]
    body = {"anchor": [whole], "box": LOWER_RIGHT, "weights": {whole: 2}}
    answer = api.post(url(library, "search"), body, format="json")
    assert first(answer) == "yellow"
    (part,) = answer.json()["query"]["anchors"]
    assert part != whole
    assert answer.json()["query"]["weights"] == {part: 2}
    left = api.post(url(library, "anchors"), {"anchor": whole, "box": LOWER_RIGHT | {"x": 0}}, format="json").json()
    assert first(api.get(url(library, "search"), {"anchor": left["id"]})) == "blue"


def test_a_part_of_an_anchor_keeps_the_pixels_of_a_large_picture(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    file = drawn.jpeg(3000, 2000)
    whole = anchors.from_file(user=user, library=library, file=file, name="q.jpg")
    part = anchors.from_anchor(user=user, anchor=whole, box=anchors.Box(0.25, 0.25, 0.25, 0.25))
    with default_storage.open(part.thumb.name) as thumb:
        assert Image.open(thumb).size == (256, 171)  # of 1024 pixels, not of 512


def test_expired_anchors_leave_no_file(
    library: Library,
    user: User,
    model: EmbeddingModel,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    before = factories.stored_files()
    anchors.from_file(user=user, library=library, file=drawn.jpeg(3000, 2000), name="q.jpg")
    assert len(factories.stored_files() - before) == 2
    QueryAnchor.objects.update(expires_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        anchors.delete_expired()
    assert factories.stored_files() == before


@pytest.mark.parametrize(("side", "asked"), [(0.05, 1), (0.25, 0)])
def test_a_small_part_of_an_asset_is_cut_from_the_original(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch, side: float, asked: int
) -> None:
    asset = stored(library, user, drawn.jpeg(4000, 3000).getvalue())
    sent, decode = [], anchors.decode_in_worker
    monkeypatch.setattr(anchors, "decode_in_worker", lambda *args: sent.append(1) or decode(*args))
    anchor = anchors.from_asset(user=user, asset=asset, box=anchors.Box(0.5, 0.5, side, side))
    assert len(sent) == asked
    with default_storage.open(anchor.thumb.name) as thumb:
        assert Image.open(thumb).width == pytest.approx(200 if asked else 500, abs=1)
    assert default_storage.exists(asset.file.name)


@pytest.mark.parametrize(
    ("box", "code"),
    [
        ({}, "bad_box"),
        ([], "bad_box"),
        ("", "bad_box"),
        (None, "invalid"),
        ("0.1,0.1,0.5,0.5", "bad_box"),
        ({"x": 0, "y": 0, "width": 2, "height": 1}, "bad_box"),
        ({"x": 0, "y": 0, "width": 0.01, "height": 0.01}, "box_too_small"),
    ],
)
@pytest.mark.parametrize("kind", ["like", "anchor", "image_url"])
def test_a_bad_box_is_refused_whatever_it_is_of(
    api: APIClient,
    library: Library,
    user: User,
    model: EmbeddingModel,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    box: Any,
    code: str,
) -> None:
    content = drawn.jpeg(600, 400).getvalue()
    monkeypatch.setattr(fetch, "fetch", lambda url: fetch.Fetched(io.BytesIO(content), "q.jpg", len(content)))
    anchor = anchors.from_file(user=user, library=library, file=io.BytesIO(content), name="q.jpg")
    pictures: dict[str, Any] = {
        "like": [str(stored(library, user, content).pk)],
        "anchor": [str(anchor.pk)],
        "image_url": "https://a.example/q.jpg",
    }
    before = factories.stored_files()
    answer = api.post(url(library, "search"), {kind: pictures[kind], "box": box}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (QueryAnchor.objects.count(), factories.stored_files()) == (1, before)


def test_a_box_needs_exactly_one_picture(api: APIClient, library: Library, pictures: dict[str, Asset]) -> None:
    ids = [str(asset.pk) for asset in pictures.values()]
    for examples in ({"like": ids[:2]}, {"like": ids[:1], "anchor": ids[:1]}, {"text": "red"}):
        answer = api.post(url(library, "search"), {**examples, "box": LOWER_RIGHT}, format="json")
        assert (answer.status_code, "exactly one picture" in answer.json()["detail"]) == (400, True)


def test_somebody_elses_anchor_cannot_be_cut(api: APIClient, library: Library, model: EmbeddingModel) -> None:
    other = factories.user()
    elsewhere = factories.library(other)
    anchor = anchors.from_file(user=other, library=elsewhere, file=drawn.jpeg(600, 400), name="q.jpg")
    answer = api.post(url(library, "anchors"), {"anchor": str(anchor.pk), "box": LOWER_RIGHT}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
