"""Drawings, documents and films after their upload: handed out, shown, shared, and what other dialects say of them."""

import io
from typing import Any

import pytest
from django.urls import reverse

from media_library import processing, shared_files
from media_library.models import Asset, Library, User
from tests import factories
from tests.media_library import films

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture(autouse=True)
def all_let_in(settings: Any) -> None:
    settings.EXTRA_FORMATS = ["pdf", "video"]


def ready(library: Library, user: User, content: bytes, name: str) -> Asset:
    asset = factories.upload(library, user, content, name=name)
    processing.render_pending()
    asset.refresh_from_db()
    assert asset.state == "ready", asset.failure_message
    return asset


def test_a_drawing_is_never_a_page_of_ours_and_is_shared_as_its_preview(library: Library, user: User, api: Any) -> None:
    asset = ready(library, user, films.quarters(), "logo.svg")
    assert (asset.format, asset.width, asset.shows_in_browsers) == ("svg", 60, False)
    answer = api.get(f"/api/v1/assets/{asset.pk}/file/")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert shared_files.file_of(asset).mime_type == "image/webp"


def test_documents_and_films_have_no_size_until_they_were_painted_and_say_what_is_shown(
    library: Library, user: User, client: Any, api: Any
) -> None:
    waiting = factories.upload(library, user, films.pdf((595, 842), (9, 9)), name="paper.pdf")
    assert (waiting.width, waiting.height) == (0, 0)
    assert client.get(reverse("library", args=[library.slug])).status_code == 200
    film = ready(library, user, films.film("mp4", seconds=3), "clip.mp4")
    waiting.refresh_from_db()
    assert (waiting.width, waiting.exif, film.exif["duration"]) == (793, {"pages": 2}, 3.0)
    grid = client.get(reverse("library", args=[library.slug])).content.decode()
    assert "Video</span>" in grid and "PDF</span>" in grid
    assert "2 pages" in client.get(waiting.get_absolute_url()).content.decode()
    page = client.get(film.get_absolute_url()).content.decode()
    assert "0:03" in page and "A frame of the film" in page
    found = api.get(f"/api/v1/libraries/{library.pk}/assets/?formats=pdf").json()["results"]
    assert [each["id"] for each in found] == [str(waiting.pk)]


def test_pages_offer_what_is_let_in(library: Library, client: Any, settings: Any) -> None:
    upload = reverse("upload", args=[library.slug])
    assert 'accept="image/*,.mkv,.mk3d,.mov' in client.get(upload).content.decode()
    settings.EXTRA_FORMATS = []
    assert 'accept="image/*"' in client.get(upload).content.decode()


def test_the_drop_in_dialect_takes_drawings_and_documents_and_refuses_films(library: Library, user: User) -> None:
    from dam.contracts.cloudinary.errors import Unsupported
    from dam.contracts.cloudinary.upload import refuse_films

    refuse_films(io.BytesIO(films.pdf((9, 9))))  # type: ignore[arg-type]
    with pytest.raises(Unsupported, match="Videos"):
        refuse_films(io.BytesIO(films.film("webm")))  # type: ignore[arg-type]
