import pytest
from django.test import Client

from media_library.models import Asset, Library, Role
from search.models import EmbeddingModel, Region
from tests import factories
from tests.media_library.pages import links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture
def asset(library: Library, model: EmbeddingModel) -> Asset:
    return factories.embedded(library, model, [1.0] * 48, width=400, height=200, display_name="Shelf")


def form(**fields: object) -> dict[str, object]:
    return {"label": "cup", "x": 100, "y": 50, "width": 200, "height": 100, **fields}


def test_a_region_is_marked_with_numbers(client: Client, asset: Asset) -> None:
    page = client.post(f"/assets/{asset.pk}/regions/", form(), follow=True)
    assert "The region is kept." in text_of(page) and "cup Drawn" in text_of(page)
    region = Region.objects.get()
    assert (region.label, region.source, region.box.as_dict()) == (
        "cup", "drawn", {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5},
    )  # fmt: skip


def test_it_is_changed_and_only_what_was_changed(client: Client, asset: Asset) -> None:
    region = factories.region(asset, (0.123456, 0.25, 0.5, 0.5), label="cup")
    page = client.get(f"/regions/{region.pk}/edit/")
    assert 'value="49"' in page.content.decode() and "Change the region" in text_of(page)
    client.post(f"/regions/{region.pk}/edit/", form(label="mug", x=49, width=200, height=100))
    region.refresh_from_db()
    assert (region.label, region.x) == ("mug", 0.123456)
    client.post(f"/regions/{region.pk}/edit/", form(label="mug", x=60))
    region.refresh_from_db()
    assert region.x == 0.15


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"width": 5}, "too small"),
        ({"x": 300}, "inside it"),
        ({"label": "x" * 101}, "100 characters"),
        ({"x": ""}, "required"),
        ({"x": "left"}, "whole number"),
        ({"x": -1}, "greater than or equal to 0"),
        ({"x": 10**30}, "inside it"),
    ],
)
def test_what_is_wrong_is_a_sentence_beside_the_form(
    client: Client, asset: Asset, fields: dict[str, object], sentence: str
) -> None:
    answer = client.post(f"/assets/{asset.pk}/regions/", form(**fields))
    assert 400 <= answer.status_code < 500 and sentence in text_of(answer)
    assert not Region.objects.exists()


def test_the_same_region_twice_is_said(client: Client, asset: Asset) -> None:
    client.post(f"/assets/{asset.pk}/regions/", form())
    assert "already has this region" in text_of(client.post(f"/assets/{asset.pk}/regions/", form()))


def test_labels_in_use_are_suggested_and_those_of_other_libraries_are_not(client: Client, asset: Asset) -> None:
    factories.region(asset, label='cup "of" <tea>')
    factories.region(factories.asset(factories.library()), label="secret")
    page = client.get(f"/assets/{asset.pk}/regions/").content.decode()
    assert '<option value="cup &quot;of&quot; &lt;tea&gt;">' in page
    assert "secret" not in page


def test_who_may_not_edit_sees_no_form(library: Library, asset: Asset) -> None:
    region = factories.region(asset, label="cup")
    viewer, stranger = member(library, Role.VIEWER), signed_in(factories.user())
    page = viewer.get(f"/assets/{asset.pk}/regions/")
    assert "Mark a region" not in text_of(page)
    assert f"/regions/{region.pk}/edit/" not in links_of(page)
    paths = (f"/assets/{asset.pk}/regions/", f"/regions/{region.pk}/edit/")
    assert [viewer.post(path, form()).status_code for path in paths] == [403, 403]
    assert [stranger.post(path, form()).status_code for path in paths] == [404, 404]


def test_the_answer_to_htmx_brings_list_outlines_and_message(client: Client, asset: Asset) -> None:
    asset.renditions.create(name="preview", file="none.webp", width=400, height=200, bytes=1)
    answer = client.post(
        f"/assets/{asset.pk}/regions/", form(), follow=True, headers={"HX-Request": "true", "HX-Target": "panel"}
    )
    part = answer.content.decode()
    assert "<html" not in part and 'id="panel"' in part
    assert 'id="outlines" hx-swap-oob="true"' in part and '<rect x="100" y="50"' in part
    assert "The region is kept." in part
