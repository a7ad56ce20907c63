from typing import Any

import pytest
from django.test import Client

from media_library.models import Folder, Library
from search.models import EmbeddingModel, QueryAnchor
from tests import factories
from tests.media_library.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]

ADDRESS = "/l/studio/search/by-image/"


@pytest.fixture(autouse=True)
def model() -> EmbeddingModel:
    return factories.model()


def test_a_file_leads_to_an_address_that_can_be_shared(client: Client, library: Library) -> None:
    answer = client.post(ADDRESS, {"file": factories.file()})
    anchor = QueryAnchor.objects.get()
    assert answer.headers["Location"] == f"/l/studio/search/?anchor={anchor.pk}"
    assert anchor.name == "red.png"


def test_the_dialog_is_told_where_to_go(client: Client, library: Library) -> None:
    answer = client.post(ADDRESS, {"file": factories.file()}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == f"/l/studio/search/?anchor={QueryAnchor.objects.get().pk}"


def test_filters_come_along(client: Client, library: Library) -> None:
    folder = Folder.objects.create(library=library, name="Trips")
    fields = {"file": factories.file(), "folder": str(folder.pk), "tags": ["sea", "boat"]}
    location = client.post(ADDRESS, fields).headers["Location"]
    assert location.endswith(f"&folder={folder.pk}&tags=sea&tags=boat")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Paste the address of an image, or choose a file."),
        ({"file": factories.file(b"nothing of the kind", "notes.txt")}, "This file is not a picture"),
        ({"file": factories.file(b"", "empty.png")}, "The submitted file is empty."),
        ({"url": "http://127.0.0.1/a.png"}, "not on the public internet"),
        ({"url": "ftp://example.com/a.png"}, "http"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_cannot_be_an_example_gets_a_sentence_and_leaves_nothing(
    client: Client, library: Library, fields: dict[str, Any], sentence: str, headers: dict[str, str]
) -> None:
    if "file" in fields:
        fields["file"].seek(0)
    answer = client.post(ADDRESS, fields, headers=headers)
    assert 400 <= answer.status_code < 500
    assert sentence in text_of(answer)
    assert not QueryAnchor.objects.exists()


def test_the_page_works_without_a_script(client: Client, library: Library) -> None:
    page = client.get(ADDRESS).content.decode()
    assert 'enctype="multipart/form-data"' in page
    assert 'name="url"' in page
    assert "Up to 40 MB" in page


def test_a_stranger_cannot_search_here(library: Library) -> None:
    assert signed_in(factories.user()).post(ADDRESS, {"file": factories.file()}).status_code == 404
