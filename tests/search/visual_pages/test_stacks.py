"""Pages of visual search: near-duplicates, and the way there from everywhere."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media_library import ingest
from media_library.models import Asset, Library, User
from search.models import DuplicatePair, EmbeddingModel
from tests import factories
from tests.media_library.pages import cards_of, links_of, text_of
from tests.search.searching import fan
from tests.search.visual_pages.steps import SEARCH, menu_of, params

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]


@pytest.fixture
def ten(library: Library, model: EmbeddingModel) -> list[Asset]:
    """`0` to `9`, each further from the first: 0, 3 and 7 look alike."""
    assets = fan(library, model, 10)
    for at in (3, 7):
        DuplicatePair.of(assets[0], assets[at], kind="near", score=0.9, found_at=timezone.now()).save()
    return assets


def test_near_duplicates_fold_and_open_by_links(client: Client, ten: list[Asset]) -> None:
    plain = f"{SEARCH}?like={ten[0].pk}"
    page = client.get(plain)
    assert f"{plain}&collapse=true" in links_of(page)
    folded = client.get(f"{plain}&collapse=true")
    assert cards_of(folded) == ["0", "1", "2", "4", "5", "6", "8", "9"]
    assert "8 pictures, most similar first" in text_of(folded)
    assert plain in links_of(folded)
    stack = f"{plain}&collapse=true&stack={ten[0].pk}"
    assert stack in links_of(folded)
    assert folded.content.decode().count('class="stack"') == 1
    assert 'aria-label="Show 0 and 2 look-alikes"' in folded.content.decode()
    opened = client.get(stack)
    assert cards_of(opened) == ["0", "3", "7"]
    assert "Look-alikes of “0”" in text_of(opened)
    assert f"{plain}&collapse=true" in links_of(opened)  # the chip that closes it


def test_a_collapsed_search_stays_so_while_it_is_narrowed_and_refined(client: Client, ten: list[Asset]) -> None:
    page = client.get(f"{SEARCH}?like={ten[0].pk}&collapse=true&stack={ten[0].pk}")
    content = page.content.decode()
    assert '<input type="hidden" name="collapse" value="true">' in content
    assert 'name="stack"' not in content
    more = params(menu_of(page, ten[3])["More like this"])
    assert (more["collapse"], "stack" in more) == (["true"], False)


def test_objects_are_not_collapsed(client: Client, library: Library, model: EmbeddingModel) -> None:
    region = factories.embedded_region(factories.asset(library), model, [1.0] + [0.0] * 47, label="cup")
    page = client.get(f"{SEARCH}?like={region.pk}&entity_type=OBJECTS").content.decode()
    assert "collapse=true" not in page
    assert f"unlike={region.pk}" not in page  # an example already
    answer = client.get(f"{SEARCH}?like={region.pk}&entity_type=OBJECTS&collapse=true")
    assert (answer.status_code, "not OBJECTS" in text_of(answer)) == (400, True)


def test_found_objects_are_examples_for_the_next_search(
    client: Client, library: Library, model: EmbeddingModel
) -> None:
    regions = [
        factories.embedded_region(factories.asset(library), model, [1.0, at] + [0.0] * 46, label=f"cup {at}")
        for at in range(2)
    ]
    asked = f"{SEARCH}?like={regions[0].pk}&entity_type=OBJECTS"
    links = links_of(client.get(asked))
    assert {f"{asked}&like={regions[1].pk}", f"{asked}&unlike={regions[1].pk}"} <= set(links)


def test_a_stack_that_is_gone_gets_a_sentence(client: Client, ten: list[Asset]) -> None:
    gone = factories.asset(ten[0].library)
    answer = client.get(f"{SEARCH}?like={ten[0].pk}&collapse=true&stack={gone.pk}")
    assert answer.status_code == 404


@pytest.mark.parametrize("number", [4, 40])
def test_collapsed_results_ask_few_questions_whatever_their_number(
    client: Client, library: Library, model: EmbeddingModel, number: int, django_assert_max_num_queries: Any
) -> None:
    assets = fan(library, model, number)
    for one, other in zip(assets[::2], assets[1::2], strict=True):
        DuplicatePair.of(one, other, kind="near", score=0.9, found_at=timezone.now()).save()
    with django_assert_max_num_queries(26):  # two more than without: see test_pages_search
        page = client.get(f"{SEARCH}?like={assets[0].pk}&collapse=true&unlike={assets[1].pk}")
    assert len(cards_of(page)) == number // 2


def test_every_surface_offers_find_similar(client: Client, library: Library, user: User, ten: list[Asset]) -> None:
    collection = library.collections.create(name="Picked", owner=user)
    collection.items.create(asset=ten[3], position=1)
    similar = f"{SEARCH}?like={ten[3].pk}"
    addresses = ["/l/studio/", f"/l/studio/?folder={factories_folder(library, ten[3])}", f"{SEARCH}?text=red"]
    addresses += [f"/l/studio/collections/{collection.pk}/", "/l/studio/duplicates/", f"/assets/{ten[3].pk}/"]
    addresses += [f"/assets/{ten[0].pk}/similar/", SEARCH]
    for address in addresses:
        page = client.get(address)
        assert f'href="{similar}" data-similar' in page.content.decode(), address
        assert f'href="{SEARCH}part/{ten[3].pk}/" data-part data-asks' in page.content.decode(), address


def factories_folder(library: Library, asset: Asset) -> str:
    folder = library.folders.create(name="Trips")
    Asset.objects.filter(pk=asset.pk).update(folder=folder)
    return str(folder.pk)


def test_what_lies_in_the_trash_is_no_example(client: Client, user: User, ten: list[Asset]) -> None:
    ingest.trash(ten[3], user)
    page = client.get("/l/studio/trash/")
    assert cards_of(page) == ["3"]
    assert {"Find Similar Image", "Find similar to a part…"}.isdisjoint(menu_of(page, ten[3]))
