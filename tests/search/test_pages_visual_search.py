"""A search in the page: refined, weighed, cut to a part, collapsed."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from media_library import ingest, processing
from media_library.models import Asset, Library, Role, User
from search.models import DuplicatePair, EmbeddingModel, QueryAnchor
from tests import factories
from tests.fakes import FakeEmbedder
from tests.media_library import drawn
from tests.media_library.pages import cards_of, links_of, member, signed_in, text_of
from tests.search.searching import fan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]

SEARCH = "/l/studio/search/"
COLORS = ("red", "blue", "green")


@pytest.fixture
def pictures(library: Library, model: EmbeddingModel) -> dict[str, Asset]:
    fake = FakeEmbedder()
    return {
        color: factories.embedded(library, model, fake.encode_texts([color])[0], display_name=color.title())
        for color in COLORS
    }


@pytest.fixture
def quarters(library: Library, user: User, model: EmbeddingModel) -> Asset:
    """A picture of four colours, of which the lower right is yellow."""
    made = factories.upload(library, user, drawn.turned(1).getvalue(), "quarters.jpg")
    processing.render_pending()
    return Asset.objects.get(pk=made.pk)


@pytest.fixture
def anchor(library: Library, user: User, model: EmbeddingModel) -> QueryAnchor:
    return QueryAnchor.objects.create(
        owner=user, library=library, name="leaf.jpg", thumb="anchors/none.webp", model=model, vector=[1.0] + [0.0] * 47
    )


def params(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def menu_of(page: Any, asset: Asset) -> dict[str, str]:
    """The entries of a card's menu: what they say -> where they lead."""
    card = re.search(rf'<li class="card" id="card-{asset.pk}".*?</details>', page.content.decode(), re.DOTALL)
    assert card
    found = re.findall(r'<a class="menu-item[^"]*" href="([^"]*)"[^>]*>(.*?)</a>', card[0], re.DOTALL)
    return {re.sub(r"<[^>]+>", "", label): url.replace("&amp;", "&") for url, label in found}


# --- more and less like this ------------------------------------------------------------------------------------------


def test_a_card_of_results_is_added_to_the_search_or_taken_off(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get(f"{SEARCH}?text=red&weight=text:2&min_width=10&collapse=true&scores=1")
    menu = menu_of(page, pictures["blue"])
    asked = params(page.request["QUERY_STRING"] and f"?{page.request['QUERY_STRING']}")
    assert params(menu["More like this"]) == asked | {"like": [str(pictures["blue"].pk)]}
    assert params(menu["Less like this"]) == asked | {"unlike": [str(pictures["blue"].pk)]}
    assert cards_of(client.get(menu["More like this"]))
    assert cards_of(client.get(menu["Less like this"]))[-1] == "Blue"


def test_what_is_an_example_already_is_not_offered_again(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get(f"{SEARCH}?like={pictures['red'].pk}&unlike={pictures['blue'].pk}")
    offered = {color: "More like this" in menu_of(page, asset) for color, asset in pictures.items()}
    assert offered == {"red": False, "blue": False, "green": True}


def test_no_more_is_offered_once_there_are_twenty(client: Client, pictures: dict[str, Asset]) -> None:
    words = "".join(f"&not_text=word{number}" for number in range(20))
    page = client.get(f"{SEARCH}?text=red{words}")
    assert "More like this" not in menu_of(page, pictures["red"])
    assert "data-add-to" not in page.content.decode()


@pytest.mark.parametrize("address", ["/l/studio/", SEARCH])
def test_only_results_can_be_refined(client: Client, pictures: dict[str, Asset], address: str) -> None:
    assert "More like this" not in menu_of(client.get(address), pictures["red"])


def test_what_is_typed_is_a_text_in_every_link(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get(SEARCH, {"text": '"><script>alert(1)</script> {name}'})
    assert "<script>alert" not in page.content.decode()
    assert params(menu_of(page, pictures["red"])["More like this"])["text"] == ['"><script>alert(1)</script> {name}']


def test_the_box_says_where_a_dragged_card_goes(client: Client, pictures: dict[str, Asset]) -> None:
    grid = client.get("/l/studio/?tags=sea").content.decode()
    assert f'data-add-to="{SEARCH}?tags=sea"' in grid
    results = client.get(f"{SEARCH}?text=red&not_text=sea").content.decode()
    assert f'data-add-to="{SEARCH}?text=red&amp;not_text=sea"' in results


# --- weights ----------------------------------------------------------------------------------------------------------


def weights_of(page: Any) -> list[tuple[str, str, bool]]:
    """(what it says, where it leads, whether it is so now) of all weights on the page."""
    items = re.findall(
        r'<a class="menu-item" href="([^"]*)"( aria-current="true")?>([^<]*)<span class="menu-side number">',
        page.content.decode(),
    )
    return [(label, url.replace("&amp;", "&"), bool(current)) for url, current, label in items]


def test_each_part_is_weighed_in_its_chip(client: Client, pictures: dict[str, Asset]) -> None:
    red = str(pictures["red"].pk)
    page = client.get(f"{SEARCH}?text=blue&like={red}")
    names = ["Much less", "Less", "Normal", "More", "Much more"]
    found = weights_of(page)
    assert [label for label, _url, _current in found] == names * 2
    assert [label for label, _url, current in found if current] == ["Normal", "Normal"]
    more = next(url for label, url, _current in found if label == "Much more")
    assert params(more)["weight"] == ["text:4"]
    heavier = client.get(more)
    assert cards_of(heavier)[0] == "Blue"
    assert [label for label, _url, current in weights_of(heavier) if current] == ["Much more", "Normal"]
    assert "4 ×" in text_of(heavier)  # noqa: RUF001
    normal = next(url for label, url, _current in weights_of(heavier) if label == "Normal")
    assert "weight" not in params(normal)


def test_what_is_not_wanted_is_weighed_against_its_own_ordinary_weight(
    client: Client, pictures: dict[str, Asset]
) -> None:
    blue = str(pictures["blue"].pk)
    page = client.get(f"{SEARCH}?text=red&not_text=sea&unlike={blue}&weight={blue}:0.5")
    urls = [params(url).get("weight", []) for label, url, _current in weights_of(page) if label == "More"]
    assert urls == [[f"{blue}:0.5", "text:2"], [f"{blue}:0.5", "not_text:1"], [f"{blue}:1"]]
    assert [label for label, _url, current in weights_of(page) if current] == ["Normal"] * 3


def test_a_weight_of_ones_own_is_shown_as_it_is(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get(f"{SEARCH}?text=red&not_text=sea&weight=text:3")
    assert ("As it is", True) in [(label, current) for label, _url, current in weights_of(page)]


def test_a_part_that_stands_alone_has_no_weight(client: Client, pictures: dict[str, Asset]) -> None:
    assert weights_of(client.get(f"{SEARCH}?text=red")) == []


def test_a_chip_that_is_removed_takes_only_its_weight_along(client: Client, pictures: dict[str, Asset]) -> None:
    red = str(pictures["red"].pk)
    page = client.get(f"{SEARCH}?text=blue&like={red}&weight=text:2&weight={red}:4")
    assert f"{SEARCH}?text=blue&weight=text%3A2" in links_of(page)
    assert f"{SEARCH}?like={red}&weight={red}%3A4" in links_of(page)


# --- a part of a picture ----------------------------------------------------------------------------------------------


def test_a_part_of_an_asset_is_searched_with(client: Client, quarters: Asset, pictures: dict[str, Asset]) -> None:
    address = f"{SEARCH}part/{quarters.pk}/"
    assert address in links_of(client.get("/l/studio/"))
    page = client.get(address).content.decode()
    assert f"/api/v1/assets/{quarters.pk}/preview/" in page
    assert all(f'name="crop_{side}"' in page for side in ("x", "y", "width", "height"))
    answer = client.post(address, {"crop_x": "50", "crop_y": "50", "crop_width": "50", "crop_height": "50"})
    made = QueryAnchor.objects.get()
    assert answer.headers["Location"] == f"{SEARCH}?anchor={made.pk}"
    assert (made.box, made.name) == ({"x": 0.5, "y": 0.5, "width": 0.5, "height": 0.5}, "quarters")
    assert "Part of quarters" in text_of(client.get(answer.headers["Location"]))


def test_in_a_search_the_part_takes_the_pictures_place_and_weight(
    client: Client, quarters: Asset, pictures: dict[str, Asset]
) -> None:
    asked = f"text=red&like={quarters.pk}&like={pictures['blue'].pk}&weight={quarters.pk}:2&min_width=1"
    fields = {"crop_x": "10", "crop_y": "10", "crop_width": "50", "crop_height": "50"}
    location = client.post(f"{SEARCH}part/{quarters.pk}/?{asked}", fields).headers["Location"]
    made = QueryAnchor.objects.get()
    assert params(location) == {
        "text": ["red"],
        "like": [str(pictures["blue"].pk)],
        "anchor": [str(made.pk)],
        "weight": [f"{made.pk}:2"],
        "min_width": ["1"],
    }


def test_a_part_of_a_query_picture_is_chosen_from_its_chip(
    client: Client, library: Library, pictures: dict[str, Asset]
) -> None:
    client.post(f"{SEARCH}by-image/", {"file": factories.file(drawn.turned(1).getvalue(), "q.jpg")})
    whole = QueryAnchor.objects.get()
    address = f"{SEARCH}part/{whole.pk}/?anchor={whole.pk}"
    assert address in links_of(client.get(f"{SEARCH}?anchor={whole.pk}"))
    fields = {"crop_x": "0", "crop_y": "0", "crop_width": "50", "crop_height": "50"}
    answer = client.post(address, fields, headers={"HX-Request": "true"})
    part = QueryAnchor.objects.exclude(pk=whole.pk).get()
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"{SEARCH}?anchor={part.pk}")


@pytest.mark.parametrize(
    "fields", [{}, {"crop_x": "0", "crop_y": "0", "crop_width": "100", "crop_height": "100"}, {"crop_x": ""}]
)
def test_all_of_a_picture_needs_no_part(client: Client, quarters: Asset, fields: dict[str, str]) -> None:
    answer = client.post(f"{SEARCH}part/{quarters.pk}/?text=red", fields)
    assert answer.headers["Location"] == f"{SEARCH}?text=red&like={quarters.pk}"
    assert not QueryAnchor.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"crop_x": "10"}, "Give all four sides"),
        ({"crop_x": "no", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "Left: Enter a number."),
        ({"crop_x": "nan", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "Left: Enter a number."),
        ({"crop_x": "-1", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "Left: Ensure this value"),
        ({"crop_x": "1", "crop_y": "1", "crop_width": "101", "crop_height": "1"}, "Width: Ensure this value"),
        ({"crop_x": "100", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "begin inside the picture"),
        ({"crop_x": "1", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "too small to search with"),
    ],
)
def test_what_is_no_part_gets_a_sentence_and_leaves_nothing(
    client: Client, quarters: Asset, fields: dict[str, str], sentence: str
) -> None:
    before = factories.stored_files()
    address = f"{SEARCH}part/{quarters.pk}/"
    page = client.post(address, fields)
    assert (page.status_code, sentence in text_of(page)) == (400, True)
    dialog = client.post(address, fields, headers={"HX-Request": "true"})
    assert (dialog.status_code, sentence in text_of(dialog), "<html" in dialog.content.decode()) == (200, True, False)
    assert (QueryAnchor.objects.count(), factories.stored_files()) == (0, before)


def test_a_box_may_end_a_little_outside_as_rounding_has_it(client: Client, quarters: Asset) -> None:
    fields = {"crop_x": "33.4", "crop_y": "33.4", "crop_width": "66.7", "crop_height": "66.7"}
    assert client.post(f"{SEARCH}part/{quarters.pk}/", fields).status_code == 302


def test_nobody_cuts_what_they_cannot_see(
    client: Client, library: Library, quarters: Asset, anchor: QueryAnchor
) -> None:
    stranger = signed_in(factories.user())
    for picture in (quarters, anchor):
        assert stranger.get(f"{SEARCH}part/{picture.pk}/").status_code == 404
        assert member(library, Role.VIEWER).get(f"{SEARCH}part/{picture.pk}/").status_code == 200
    elsewhere = factories.asset(factories.library(factories.user()))
    assert client.get(f"{SEARCH}part/{elsewhere.pk}/").status_code == 404
    ingest.trash(quarters, quarters.uploaded_by)
    assert client.get(f"{SEARCH}part/{quarters.pk}/").status_code == 404


def test_what_is_still_processed_says_so(client: Client, library: Library, model: EmbeddingModel) -> None:
    fresh = factories.asset(library, state=Asset.State.PROCESSING)
    answer = client.get(f"{SEARCH}part/{fresh.pk}/")
    assert (answer.status_code, "still being processed" in text_of(answer)) == (409, True)


# --- a further picture from outside -----------------------------------------------------------------------------------


def test_a_file_is_added_to_the_search_if_that_is_wanted(
    client: Client, library: Library, pictures: dict[str, Asset]
) -> None:
    asked = {"text": "red", "unlike": str(pictures["blue"].pk), "weight": "text:2", "min_width": "1"}
    dialog = client.get(SEARCH, asked).content.decode()
    assert 'name="add"' in dialog
    assert all(f'<input type="hidden" name="{name}" value="{value}">' in dialog for name, value in asked.items())
    kept = client.post(f"{SEARCH}by-image/", {"file": factories.file(), "add": "1", **asked}).headers["Location"]
    added = QueryAnchor.objects.get()
    assert params(kept) == {name: [value] for name, value in asked.items()} | {"anchor": [str(added.pk)]}
    alone = client.post(f"{SEARCH}by-image/", {"file": factories.file(), **asked}).headers["Location"]
    assert params(alone).keys() == {"anchor", "min_width"}


def test_where_nothing_is_searched_for_there_is_nothing_to_add_to(client: Client, pictures: dict[str, Asset]) -> None:
    for address in ("/l/studio/", SEARCH, f"{SEARCH}by-image/"):
        assert 'name="add"' not in client.get(address).content.decode()


def test_of_a_file_a_part_is_chosen_at_once_or_next(client: Client, library: Library, model: EmbeddingModel) -> None:
    file = factories.file(drawn.turned(1).getvalue(), "q.jpg")
    box = {"crop_x": "50", "crop_y": "50", "crop_width": "50", "crop_height": "50"}
    client.post(f"{SEARCH}by-image/", {"file": file, **box})
    made = QueryAnchor.objects.get()
    assert made.box == {"x": 0.5, "y": 0.5, "width": 0.5, "height": 0.5}
    file.seek(0)
    answer = client.post(f"{SEARCH}by-image/", {"file": file, "crop": "1", "min_width": "1"})
    whole = QueryAnchor.objects.exclude(pk=made.pk).get()
    assert answer.headers["Location"] == f"{SEARCH}part/{whole.pk}/?anchor={whole.pk}&min_width=1"
    assert whole.box is None


# --- near-duplicates --------------------------------------------------------------------------------------------------


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


# --- find similar from everywhere -------------------------------------------------------------------------------------


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
