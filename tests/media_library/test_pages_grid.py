import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from media_library import paging
from media_library.models import Asset, Folder, Library, Role, Tag, User
from search.models import EmbeddingModel
from tests import factories
from tests.media_library.pages import cards_of, links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def many(library: Library, number: int) -> list[Asset]:
    """Assets made a second apart, the first the newest."""
    assets = [factories.asset(library, display_name=f"Picture {index:03}") for index in range(number)]
    for index, asset in enumerate(assets):
        Asset.objects.filter(pk=asset.pk).update(created_at=timezone.now() - timedelta(seconds=index))
    return assets


def test_home_leads_to_the_library(client: Client, library: Library) -> None:
    assert client.get("/").headers["Location"] == "/l/studio/"


def test_home_leads_back_to_the_library_last_looked_at(client: Client, library: Library, user: User) -> None:
    factories.library(user, name="Archive")
    client.get("/l/studio/")
    assert client.get("/").headers["Location"] == "/l/studio/"


def test_somebody_without_a_library_is_told_so() -> None:
    assert "not a member of a library yet" in text_of(signed_in(factories.user()).get("/"))


def test_a_card_names_the_picture_its_format_and_size(client: Client, library: Library) -> None:
    asset = factories.asset(library, display_name="Harbour", width=1600, height=900, format="jpeg")
    page = client.get("/l/studio/")
    assert "Harbour JPEG · 1600 \u00d7 900" in text_of(page)
    assert f'src="/api/v1/assets/{asset.pk}/thumb/" width="1600" height="900" alt="Harbour"' in page.content.decode()


def test_every_card_offers_find_similar_without_a_script(client: Client, library: Library) -> None:
    asset = factories.asset(library)
    assert f"/l/studio/search/?like={asset.pk}" in links_of(client.get("/l/studio/"))


@pytest.mark.parametrize("address", ["/l/studio/", "/l/studio/upload/", "/l/studio/search/", "/l/studio/cards/"])
def test_a_stranger_finds_nothing(library: Library, address: str) -> None:
    assert signed_in(factories.user()).get(address).status_code == 404


def test_the_pictures_of_another_library_are_not_shown(client: Client, library: Library) -> None:
    factories.asset(factories.library(factories.user(), name="Elsewhere"), display_name="Secret")
    assert cards_of(client.get("/l/studio/")) == []


def test_what_is_in_the_trash_is_not_shown(client: Client, library: Library) -> None:
    factories.asset(library, deleted_at=timezone.now())
    assert cards_of(client.get("/l/studio/")) == []


def test_more_leads_through_all_pictures_without_a_script(client: Client, library: Library) -> None:
    assets = many(library, 120)
    names, address = [], "/l/studio/"
    while address:
        page = client.get(address)
        names += cards_of(page)
        address = next((link for link in links_of(page) if "cursor=" in link), "")
    assert names == [asset.display_name for asset in assets]


def test_htmx_gets_only_the_next_cards(client: Client, library: Library) -> None:
    many(library, 60)
    more = next(link for link in links_of(client.get("/l/studio/")) if "cursor=" in link)
    part = client.get(more, headers={"HX-Request": "true"})
    assert len(cards_of(part)) == 10
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part.headers["Vary"]


@pytest.mark.parametrize("number", [1, 50])
def test_the_grid_asks_few_questions_whatever_its_size(
    client: Client, library: Library, number: int, django_assert_max_num_queries: Any
) -> None:
    factories.model()
    folder = Folder.objects.create(library=library, name="Trips")
    for asset in many(library, number):
        asset.tags.add(Tag.objects.get_or_create(library=library, name="tag")[0])
        Asset.objects.filter(pk=asset.pk).update(folder=folder)
    with django_assert_max_num_queries(12):
        assert len(cards_of(client.get("/l/studio/"))) == number


def test_of_many_the_number_is_counted_once_a_minute_for_each_who_asks_and_of_few_always(
    client: Client, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def number(who: Client, address: str = "/l/studio/") -> str:
        return re.findall(r"\d+ pictures?", text_of(who.get(address)))[0]

    many(library, 3)
    assert number(client) == "3 pictures"
    monkeypatch.setattr(paging, "MANY", 4)
    many(library, 1)
    assert number(client) == "4 pictures"
    many(library, 1)
    assert number(client) == "4 pictures"
    assert number(client, "/l/studio/?q=nothing") == "0 pictures"
    assert number(member(library, Role.VIEWER)) == "5 pictures"


def test_words_narrow_the_grid_and_become_a_chip(client: Client, library: Library) -> None:
    factories.asset(library, display_name="Harbour at night")
    factories.asset(library, display_name="Meadow")
    page = client.get("/l/studio/?q=harbour&sort=display_name")
    assert cards_of(page) == ["Harbour at night"]
    assert 'aria-label="Remove harbour"' in page.content.decode()
    assert "/l/studio/?sort=display_name" in links_of(page)


def test_a_folder_and_a_tag_narrow_the_grid_together(client: Client, library: Library) -> None:
    trips = Folder.objects.create(library=library, name="Trips")
    both = factories.asset(library, display_name="Both", folder=trips)
    factories.asset(library, display_name="Folder only", folder=trips)
    tag = Tag.objects.create(library=library, name="red & blue")
    for asset in (both, factories.asset(library, display_name="Tag only")):
        asset.tags.add(tag)
    page = client.get("/l/studio/", {"folder": str(trips.pk), "tags": "red & blue"})
    assert cards_of(page) == ["Both"]
    assert {f"/l/studio/?folder={trips.pk}", "/l/studio/?tags=red+%26+blue"} <= set(links_of(page))


def test_a_folder_shows_what_is_in_the_folders_below_it(client: Client, library: Library) -> None:
    outer = Folder.objects.create(library=library, name="Outer")
    inner = Folder.objects.create(library=library, name="Inner", parent=outer)
    factories.asset(library, display_name="Deep", folder=inner)
    assert cards_of(client.get(f"/l/studio/?folder={outer.pk}")) == ["Deep"]


def test_the_folder_of_another_library_is_refused_in_a_sentence(client: Client, library: Library) -> None:
    foreign = Folder.objects.create(library=factories.library(), name="Foreign")
    answer = client.get(f"/l/studio/?folder={foreign.pk}")
    assert answer.status_code == 400
    assert "does not exist in this library" in text_of(answer)


def test_the_rail_narrows_what_is_shown_further(client: Client, library: Library) -> None:
    trips = Folder.objects.create(library=library, name="Trips")
    factories.asset(library, folder=trips).tags.add(library.tags.create(name="sea"))
    assert f"/l/studio/?tags=sea&folder={trips.pk}" in links_of(client.get("/l/studio/?tags=sea"))
    links = links_of(client.get(f"/l/studio/?folder={trips.pk}&tags=sea&cursor="))
    assert f"/l/studio/?folder={trips.pk}&tags=sea" in links
    assert f"/l/studio/?folder={trips.pk}" in links  # the tag that is chosen is taken out again


def test_sorting_by_name_is_a_link(client: Client, library: Library) -> None:
    for name in ("b", "c", "a"):
        factories.asset(library, display_name=name)
    assert "/l/studio/?sort=display_name" in links_of(client.get("/l/studio/"))
    assert cards_of(client.get("/l/studio/?sort=display_name")) == ["a", "b", "c"]


def test_a_card_says_what_state_its_picture_is_in(client: Client, library: Library) -> None:
    model = factories.model()
    factories.asset(library, display_name="one", state=Asset.State.PROCESSING)
    factories.asset(library, display_name="two", state=Asset.State.FAILED, failure_message="It breaks off.")
    factories.asset(library, display_name="three")
    factories.embedded(library, model, [1.0] * model.dimensions, display_name="four")
    words = text_of(client.get("/l/studio/"))
    assert words.count("Processing…") == 1
    assert words.count("It breaks off.") == 1
    assert words.count("Not indexed yet") == 1


def test_only_cards_that_have_changed_are_sent_again(client: Client, library: Library) -> None:
    model = factories.model()
    done = factories.embedded(library, model, [1.0] * model.dimensions, display_name="Done")
    busy = factories.asset(library, display_name="Busy", state=Asset.State.PROCESSING)
    asked = {"seen": [f"{done.pk}:processing", f"{busy.pk}:processing"]}
    assert cards_of(client.get("/l/studio/cards/", asked)) == ["Done"]


def test_the_cards_of_another_library_cannot_be_asked_for(client: Client, library: Library) -> None:
    foreign = factories.asset(factories.library(factories.user()))
    assert cards_of(client.get("/l/studio/cards/", {"seen": f"{foreign.pk}:processing"})) == []


def test_names_are_shown_as_text_only(client: Client, library: Library) -> None:
    factories.asset(library, display_name='"><script>alert(1)</script>')
    page = client.get("/l/studio/").content.decode()
    assert "<script>alert" not in page
    assert "&quot;&gt;&lt;script&gt;" in page


def test_an_empty_library_leads_to_the_upload(client: Client, library: Library) -> None:
    page = client.get("/l/studio/")
    assert "No pictures yet" in text_of(page)
    assert "/l/studio/upload/" in links_of(page)


def test_nothing_found_offers_to_look_at_the_pictures_instead(client: Client, library: Library) -> None:
    assert "/l/studio/search/?text=zebra" in links_of(client.get("/l/studio/?q=zebra"))


def test_a_viewer_sees_no_way_to_upload_or_delete(library: Library) -> None:
    viewer = factories.user()
    library.memberships.create(user=viewer, role=Role.VIEWER)
    asset = factories.asset(library)
    links = links_of(signed_in(viewer).get("/l/studio/"))
    assert f"/l/studio/search/?like={asset.pk}" in links
    assert "/l/studio/upload/" not in links
    assert f"/assets/{asset.pk}/delete/" not in links


def test_a_contributor_may_delete_only_their_own(library: Library) -> None:
    contributor = factories.user()
    library.memberships.create(user=contributor, role=Role.CONTRIBUTOR)
    own, foreign = factories.asset(library, uploaded_by=contributor), factories.asset(library)
    links = links_of(signed_in(contributor).get("/l/studio/"))
    assert f"/assets/{own.pk}/delete/" in links
    assert f"/assets/{foreign.pk}/delete/" not in links


def test_the_superuser_sees_every_library(library: Library) -> None:
    factories.asset(library, display_name="Seen")
    assert cards_of(signed_in(factories.user(is_superuser=True)).get("/l/studio/")) == ["Seen"]


def test_the_header_offers_the_other_libraries(client: Client, library: Library, user: User) -> None:
    factories.library(user, name="Archive")
    factories.library(factories.user(), name="Foreign")
    links = links_of(client.get("/l/studio/"))
    assert "/l/archive/" in links
    assert "/l/foreign/" not in links


def test_no_model_yet_is_no_reason_to_show_nothing(client: Client, library: Library) -> None:
    factories.asset(library, display_name="Seen")
    assert not EmbeddingModel.objects.exists()
    assert cards_of(client.get("/l/studio/")) == ["Seen"]


@pytest.mark.parametrize("depth", [1, 4])
def test_a_folder_asks_no_more_however_deep_it_lies(
    client: Client, library: Library, depth: int, django_assert_max_num_queries: Any
) -> None:
    folder = None
    for level in range(depth):
        folder = Folder.objects.create(library=library, name=f"Level {level}", parent=folder)
    assert folder
    factories.model()
    asset = factories.asset(library, folder=folder)
    asset.tags.add(Tag.objects.create(library=library, name="tag"))
    cache.clear()  # of the session and of counted tags, too
    with django_assert_max_num_queries(12):
        page = client.get(f"/l/studio/?folder={folder.pk}")
    crumbs = page.content.decode().split('class="crumbs"')[1].split("</h1>")[0]
    assert [f"Level {level}" in crumbs for level in range(depth)] == [True] * depth


@pytest.mark.parametrize(
    ("where", "most"), [("?tags=tag", 12), ("?q=picture", 12), ("?q=picture&sort=relevance", 16), ("trash/", 12)]
)
@pytest.mark.parametrize("number", [1, 50])
def test_so_do_tags_words_and_the_trash(
    client: Client, library: Library, where: str, most: int, number: int, django_assert_max_num_queries: Any
) -> None:
    factories.model()
    tag = Tag.objects.create(library=library, name="tag")
    deleted_at = timezone.now() if where == "trash/" else None
    for _ in range(number):
        factories.asset(library, deleted_at=deleted_at).tags.add(tag)
    client.get(f"/l/studio/{where}")
    with django_assert_max_num_queries(most):
        assert len(cards_of(client.get(f"/l/studio/{where}"))) == number
