import pytest
from django.test import Client

from media_library.models import Asset, Library, Rendition, Role
from search.models import EmbeddingModel, Region
from tests import factories
from tests.fakes import FakeEmbedder
from tests.media_library.pages import links_of, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture
def region(library: Library, model: EmbeddingModel) -> Region:
    """A red cup, found by a detector, in a black picture of 400 x 300."""
    encode = FakeEmbedder().encode_texts
    asset = factories.embedded(library, model, encode(["black"])[0], display_name="Shelf", width=400, height=300)
    Rendition.objects.create(asset=asset, name="preview", file="none.webp", width=400, height=300, bytes=1)
    return factories.embedded_region(
        asset,
        model,
        encode(["red"])[0],
        label="Cup <b>",
        source="detected",
        confidence=0.914,
        box=(0.25, 0.5, 0.5, 0.25),
    )


def test_the_picture_shows_its_regions(client: Client, region: Region) -> None:
    page = client.get(f"/assets/{region.asset_id}/").content.decode()
    assert 'viewBox="0 0 400 300"' in page
    assert '<rect x="100" y="150" width="200" height="75"' in page
    assert "Cup &lt;b&gt;" in page


def test_they_are_listed_with_what_can_be_done(client: Client, region: Region) -> None:
    page = client.get(f"/assets/{region.asset_id}/regions/")
    assert "Cup &lt;b&gt; Detected · 91 % Find similar" in text_of(page)
    assert f"/l/studio/search/?like={region.pk}&entity_type=OBJECTS" in links_of(page)
    assert f'action="/regions/{region.pk}/delete/"' in page.content.decode()


def test_without_regions_there_is_no_list(client: Client, library: Library) -> None:
    page = client.get(f"/assets/{factories.asset(library).pk}/regions/").content.decode()
    assert 'id="region-' not in page.replace('id="region-form', "").replace('id="region-labels', "")
    assert "<rect x=" not in page.split('id="asset"')[1]


def test_find_similar_shows_objects(client: Client, region: Region, library: Library, model: EmbeddingModel) -> None:
    for color in ("green", "orange"):
        factories.embedded_region(region.asset, model, FakeEmbedder().encode_texts([color])[0], label=color)
    page = client.get(f"/l/studio/search/?like={region.pk}&entity_type=OBJECTS")
    words = text_of(page)
    assert "Similar objects 3 objects, most similar first" in words
    assert words.index("Cup &lt;b&gt; Shelf") < words.index("orange Shelf") < words.index("green Shelf")
    assert f"/assets/{region.asset_id}/regions/#region-{region.pk}" in links_of(page)
    assert 'aria-label="Remove Objects"' in page.content.decode()
    assert f"/l/studio/search/?like={region.pk}" in links_of(page)  # the same among pictures


def test_more_objects_come_as_objects(client: Client, region: Region, model: EmbeddingModel) -> None:
    for at in range(60):
        vector = [1.0, at / 10] + [0.0] * (model.dimensions - 2)
        factories.embedded_region(region.asset, model, vector, label=f"{at:02}", box=(0, 0, 0.5, (at + 20) / 100))
    page = client.get(f"/l/studio/search/?like={region.pk}&entity_type=OBJECTS")
    (more,) = {link for link in links_of(page) if "cursor=" in link}
    part = client.get(more, headers={"HX-Request": "true"}).content.decode()
    assert part.count('id="object-') == 11
    assert "<html" not in part


def test_no_objects_are_said(client: Client, library: Library, model: EmbeddingModel) -> None:
    factories.embedded(library, model, [1.0] * 48)
    assert "No region of a picture here" in text_of(client.get("/l/studio/search/?text=red&entity_type=OBJECTS"))


def test_a_label_is_a_chip(client: Client, region: Region) -> None:
    page = client.get("/l/studio/search/?text=red&labels=cup")
    assert 'aria-label="Remove cup"' in page.content.decode()
    assert "/l/studio/search/?text=red" in links_of(page)


def test_a_region_is_removed_with_a_plain_form(client: Client, region: Region) -> None:
    page = client.post(f"/regions/{region.pk}/delete/", follow=True)
    assert "The region is gone." in text_of(page)
    assert not Region.objects.exists()


def test_who_may_not_remove_a_region_cannot(library: Library, region: Region) -> None:
    viewer = factories.user()
    library.memberships.create(user=viewer, role=Role.VIEWER)
    assert "/delete/" not in signed_in(viewer).get(f"/assets/{region.asset_id}/regions/").content.decode()
    assert signed_in(viewer).post(f"/regions/{region.pk}/delete/").status_code == 403
    assert signed_in(factories.user()).post(f"/regions/{region.pk}/delete/").status_code == 404
    assert signed_in(viewer).get(f"/regions/{region.pk}/delete/").status_code == 405
    assert Asset.objects.get().regions.exists()
