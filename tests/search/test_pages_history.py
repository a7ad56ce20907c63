import pytest
from django.test import Client

from media_library.models import Asset, Library, Role
from search.models import EmbeddingModel, IndexEntry
from tests import factories
from tests.media_library.pages import HTMX, links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture
def asset(library: Library, model: EmbeddingModel) -> Asset:
    made = factories.asset(library, display_name="Sea")
    entry = {"state": "failed", "attempts": 3, "error_code": "x", "error": "The model could not <b>encode</b> it."}
    IndexEntry.objects.create(asset=made, model=model, **entry)
    return made


def test_every_stage_is_told_with_attempts_and_reason(client: Client, asset: Asset) -> None:
    page = client.get(f"/assets/{asset.pk}/history/")
    words = text_of(page)
    assert "Uploaded Done" in words
    assert "Indexed Fake Failed" in words and "3 attempts" in words
    assert "could not &lt;b&gt;encode&lt;/b&gt; it." in page.content.decode()


def test_the_page_of_an_asset_leads_there(client: Client, asset: Asset) -> None:
    page = client.get(asset.get_absolute_url())
    assert f"/assets/{asset.pk}/history/" in links_of(page)


def test_an_editor_has_it_indexed_again(client: Client, asset: Asset) -> None:
    assert "Index again" in text_of(client.get(f"/assets/{asset.pk}/history/"))
    answer = client.post(f"/assets/{asset.pk}/reindex/", headers=HTMX)
    assert "<html" not in answer.content.decode()
    assert "Indexed Fake Waiting" in text_of(answer)
    assert 'hx-trigger="every 4s"' in answer.content.decode()
    assert "is being indexed again" in text_of(client.post(f"/assets/{asset.pk}/reindex/", follow=True))


def test_what_speaks_against_it_is_a_sentence(client: Client, asset: Asset) -> None:
    Asset.objects.update(visual_search=False)
    answer = client.post(f"/assets/{asset.pk}/reindex/")
    assert answer.status_code == 409
    assert "excluded from visual search" in text_of(answer)


def test_others_look_and_strangers_find_nothing(library: Library, asset: Asset) -> None:
    viewer, stranger = member(library, Role.VIEWER), signed_in(factories.user())
    assert "Index again" not in text_of(viewer.get(f"/assets/{asset.pk}/history/"))
    assert viewer.post(f"/assets/{asset.pk}/reindex/").status_code == 403
    assert stranger.get(f"/assets/{asset.pk}/history/").status_code == 404
    assert stranger.post(f"/assets/{asset.pk}/reindex/").status_code == 404
