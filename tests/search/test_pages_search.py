from typing import Any

import pytest
from django.test import Client

from media_library.models import Asset, Folder, Library, User
from search import anchors, queries
from search.models import EmbeddingModel, IndexEntry, QueryAnchor
from tests import factories
from tests.fakes import FakeEmbedder
from tests.media_library.pages import cards_of, links_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

COLORS = {"Red": "red", "Blue": "blue", "Green": "green"}


@pytest.fixture
def pictures(library: Library, model: EmbeddingModel) -> dict[str, Asset]:
    """One picture of each colour, with the vector of its colour's word."""
    fake = FakeEmbedder()
    return {
        name: factories.embedded(library, model, fake.encode_texts([color])[0], display_name=name)
        for name, color in COLORS.items()
    }


@pytest.fixture
def anchor(library: Library, user: User, model: EmbeddingModel) -> QueryAnchor:
    vector = FakeEmbedder().encode_texts(["green"])[0]
    return QueryAnchor.objects.create(
        owner=user, library=library, name="leaf.jpg", thumb="anchors/none.webp", model=model, vector=vector
    )


def test_words_rank_the_pictures_most_similar_first(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get("/l/studio/search/?text=blue")
    assert cards_of(page)[0] == "Blue"
    assert len(cards_of(page)) == 3
    assert "3 pictures, most similar first" in text_of(page)


def test_find_similar_starts_with_the_picture_itself(client: Client, pictures: dict[str, Asset]) -> None:
    assert cards_of(client.get(f"/l/studio/search/?like={pictures['Green'].pk}"))[0] == "Green"


def test_an_example_image_ranks_too(client: Client, pictures: dict[str, Asset], anchor: QueryAnchor) -> None:
    page = client.get(f"/l/studio/search/?anchor={anchor.pk}")
    assert cards_of(page)[0] == "Green"
    assert f'src="/api/v1/anchors/{anchor.pk}/thumb/"' in page.content.decode()


def test_each_part_of_the_query_is_a_chip_that_a_link_removes(
    client: Client, library: Library, pictures: dict[str, Asset], anchor: QueryAnchor
) -> None:
    tag = library.tags.create(name="sea")
    folder = Folder.objects.create(library=library, name="Trips")
    parts = [
        ("text", "red"),
        ("like", str(pictures["Red"].pk)),
        ("anchor", str(anchor.pk)),
        ("folder", str(folder.pk)),
    ]
    parts += [("tags", tag.name)]
    address = "/l/studio/search/?" + "&".join(f"{name}={value}" for name, value in parts)
    page = client.get(address)
    links = links_of(page)
    for name, value in parts:
        assert address.replace(f"{name}={value}", "").replace("&&", "&").replace("?&", "?").rstrip("&") in links
    for label in ("leaf.jpg", "Trips", "sea"):
        assert f'aria-label="Remove {label}"' in page.content.decode()


def test_the_box_keeps_examples_and_filters(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get(f"/l/studio/search/?like={pictures['Red'].pk}&text=blue").content.decode()
    assert f'<input type="hidden" name="like" value="{pictures["Red"].pk}">' in page
    assert 'name="text" value="blue"' in page


def test_filters_narrow_a_visual_search(client: Client, library: Library, pictures: dict[str, Asset]) -> None:
    pictures["Red"].tags.add(library.tags.create(name="warm"))
    assert cards_of(client.get("/l/studio/search/?text=blue&tags=warm")) == ["Red"]


def test_the_rail_narrows_the_search(client: Client, library: Library, pictures: dict[str, Asset]) -> None:
    trips = Folder.objects.create(library=library, name="Trips")
    pictures["Red"].tags.add(library.tags.create(name="warm"))
    links = links_of(client.get("/l/studio/search/?text=blue"))
    assert {f"/l/studio/search/?text=blue&folder={trips.pk}", "/l/studio/search/?text=blue&tags=warm"} <= set(links)
    assert "/l/studio/?tags=warm" in links_of(client.get("/l/studio/search/"))


def test_more_leads_through_all_results_in_order(client: Client, library: Library, model: EmbeddingModel) -> None:
    vectors = [[1.0, index / 100] + [0.0] * (model.dimensions - 2) for index in range(70)]
    for index, vector in enumerate(vectors):
        factories.embedded(library, model, vector, display_name=f"{index:02}")
    first = Asset.objects.get(display_name="00")
    names, address = [], f"/l/studio/search/?like={first.pk}"
    while address:
        page = client.get(address)
        names += cards_of(page)
        address = next((link for link in links_of(page) if "cursor=" in link), "")
    assert names == [f"{index:02}" for index in range(70)]


def test_scores_are_shown_on_demand_by_a_link(client: Client, pictures: dict[str, Asset]) -> None:
    plain = client.get("/l/studio/search/?text=red")
    assert "/l/studio/search/?text=red&scores=1" in links_of(plain)
    assert " data-scores " not in plain.content.decode()
    shown = client.get("/l/studio/search/?text=red&scores=1")
    assert " data-scores " in shown.content.decode()
    assert "1.000" in text_of(shown)


def test_without_a_query_the_page_says_what_can_be_done(client: Client, pictures: dict[str, Asset]) -> None:
    page = client.get("/l/studio/search/")
    assert "Find pictures by what they show" in text_of(page)
    assert f"/l/studio/search/?like={pictures['Red'].pk}" in links_of(page)


def test_an_example_that_is_not_indexed_gives_a_message_and_no_order(
    client: Client, library: Library, pictures: dict[str, Asset]
) -> None:
    fresh = factories.asset(library)
    answer = client.get(f"/l/studio/search/?like={fresh.pk}")
    assert answer.status_code == 409
    assert "still being indexed" in text_of(answer)
    assert cards_of(answer) == []


def test_the_waiting_page_is_told_to_wait_on(client: Client, library: Library, model: EmbeddingModel) -> None:
    fresh = factories.asset(library)
    answer = client.get(f"/l/studio/search/?like={fresh.pk}", headers={"HX-Request": "true"})
    assert answer.status_code == 204


def test_a_picture_left_out_of_visual_search_is_no_example(
    client: Client, library: Library, model: EmbeddingModel
) -> None:
    hidden = factories.asset(library, visual_search=False)
    answer = client.get(f"/l/studio/search/?like={hidden.pk}")
    assert "cannot be an example" in text_of(answer)


def test_the_example_of_a_stranger_does_not_exist(client: Client, library: Library, model: EmbeddingModel) -> None:
    foreign = factories.asset(factories.library(factories.user()), display_name="Secret")
    answer = client.get(f"/l/studio/search/?like={foreign.pk}")
    assert answer.status_code == 404
    assert "Secret" not in answer.content.decode()


def test_a_deleted_example_gets_a_sentence(client: Client, pictures: dict[str, Asset]) -> None:
    client.post(f"/assets/{pictures['Red'].pk}/delete/")
    answer = client.get(f"/l/studio/search/?like={pictures['Red'].pk}")
    assert answer.status_code == 404
    assert "does not exist" in text_of(answer)


@pytest.mark.parametrize("query", ["like=nonsense", "anchor=1", "text=red&cursor=zzz", "text=" + "x" * 501])
def test_nonsense_gets_a_sentence(client: Client, pictures: dict[str, Asset], query: str) -> None:
    answer = client.get(f"/l/studio/search/?{query}")
    assert answer.status_code == 400
    assert "That did not work" in text_of(answer)


def test_what_is_still_being_indexed_is_announced_with_progress(
    client: Client, library: Library, model: EmbeddingModel, pictures: dict[str, Asset]
) -> None:
    waiting = factories.asset(library)
    IndexEntry.objects.create(asset=waiting, model=model)
    page = client.get("/l/studio/search/?text=red")
    assert "1 of 4 images are still being indexed" in text_of(page)
    assert '<progress max="4" value="3"' in page.content.decode()


def test_progress_is_a_fragment_that_stops_asking_when_all_is_done(client: Client, pictures: dict[str, Asset]) -> None:
    answer = client.get("/l/studio/indexing/").content.decode()
    assert "hx-get" not in answer
    assert "<html" not in answer


@pytest.mark.parametrize("number", [1, 47])
def test_results_ask_few_questions_whatever_their_number(
    client: Client, library: Library, pictures: dict[str, Asset], number: int, django_assert_max_num_queries: Any
) -> None:
    model = EmbeddingModel.objects.get()
    for index in range(number):
        factories.embedded(library, model, [1.0, index] + [0.0] * (model.dimensions - 2))
    with django_assert_max_num_queries(24):
        assert len(cards_of(client.get("/l/studio/search/?text=red"))) == number + 3


def test_the_asset_page_shows_its_nearest_without_itself(client: Client, pictures: dict[str, Asset]) -> None:
    names = cards_of(client.get(f"/assets/{pictures['Red'].pk}/similar/"))
    assert sorted(names) == ["Blue", "Green"]


def test_a_model_that_is_loading_is_waited_for(
    client: Client, pictures: dict[str, Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_args: Any, **_options: Any) -> None:
        raise anchors.NoModel

    monkeypatch.setattr(queries, "run", busy)
    answer = client.get("/l/studio/search/?text=red")
    assert answer.status_code == 503
    assert "Visual search is not ready yet" in text_of(answer)


def test_the_notice_of_the_model_goes_for_the_session_but_stays_in_the_rail(
    client: Client, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from search import context
    from search.notices import Notice

    monkeypatch.setattr(context, "model_notice", lambda: Notice("The offline model answers", "It is small."))
    assert client.get("/l/studio/").content.decode().count("The offline model answers") == 2
    client.post("/notices/dismiss/")
    assert client.get("/l/studio/").content.decode().count("The offline model answers") == 1


@pytest.fixture
def seventy(library: Library, model: EmbeddingModel) -> Asset:
    """Pictures that turn away from the first, which is given: 30 are likely or strong, the others weak."""
    scale = {"cosine": 1, "deviations": 0, "strong": 0.99, "likely": 0.957}
    model.calibration = dict.fromkeys(("text", "image", "composed"), scale)
    model.save()
    vectors = [[1.0, index / 100] + [0.0] * (model.dimensions - 2) for index in range(70)]
    assets = [
        factories.embedded(library, model, vector, display_name=f"{index:02}") for index, vector in enumerate(vectors)
    ]
    return assets[0]


def test_a_divider_stands_before_the_first_weak_match_and_only_there(client: Client, seventy: Asset) -> None:
    page = client.get(f"/l/studio/search/?like={seventy.pk}").content.decode()
    assert page.count("Weaker matches below") == 1
    before, after = page.split("Weaker matches below")
    assert before.count('<li class="card"') == 31
    assert after.count('<li class="card"') == 19
    assert "No strong match" not in page
    rest = next(link for link in links_of(client.get(f"/l/studio/search/?like={seventy.pk}")) if "cursor=" in link)
    assert "Weaker matches below" not in client.get(rest).content.decode()
    assert "Weaker matches below" not in client.get(rest, headers={"HX-Request": "true"}).content.decode()


def test_a_search_that_finds_nothing_strong_says_so(client: Client, seventy: Asset) -> None:
    page = client.get("/l/studio/search/?text=blue")
    assert "No strong match. These are the nearest pictures there are." in text_of(page)
    assert page.content.decode().index("Weaker matches below") < page.content.decode().index('<li class="card"')


def test_bands_are_named_where_scores_are_shown(client: Client, seventy: Asset) -> None:
    page = client.get(f"/l/studio/search/?like={seventy.pk}&scores=1")
    assert "strong 1.000" in text_of(page)
    assert "likely 0.98" in text_of(page)
