import re
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from media_library import collections
from media_library.models import Asset, Collection, Folder, Library, Role, User
from tests import factories
from tests.media_library.hostile import HOSTILE
from tests.media_library.pages import HTMX, cards_of, links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

PAGE = "/l/studio/collections/"


@pytest.fixture
def three(library: Library) -> list[Asset]:
    return [factories.asset(library, display_name=name) for name in ("one", "two", "three")]


@pytest.fixture
def best(library: Library, user: User, three: list[Asset]) -> Collection:
    """Three, one, two: picked by hand in this order."""
    made = collections.make(library, user, "Best")
    collections.add(made, user, [three[2].pk, three[0].pk, three[1].pk])
    return made


def test_a_collection_is_made_and_opened(client: Client, library: Library) -> None:
    page = client.post(f"{PAGE}new/", {"name": "  Best   of 2024 "}, follow=True)
    assert "The collection “Best of 2024” is made." in text_of(page)
    assert "Nothing in it yet" in text_of(page)
    assert page.request["PATH_INFO"] == f"{PAGE}{Collection.objects.get().pk}/"


def test_all_of_them_are_listed_with_covers_and_counts(client: Client, best: Collection, three: list[Asset]) -> None:
    page = client.get(PAGE)
    assert "Best 3 pictures" in text_of(page)
    covers = re.findall(r'class="covers".*?</div>', page.content.decode(), re.DOTALL)[0]
    ids = re.findall(r"/assets/([^/]+)/thumb/", covers)
    assert ids == [str(three[2].pk), str(three[0].pk), str(three[1].pk)]


def test_its_grid_has_its_order_and_can_be_filtered_and_sorted(client: Client, best: Collection) -> None:
    assert cards_of(client.get(f"{PAGE}{best.pk}/")) == ["three", "one", "two"]
    assert cards_of(client.get(f"{PAGE}{best.pk}/?sort=display_name")) == ["one", "three", "two"]
    assert cards_of(client.get(f"{PAGE}{best.pk}/?q=two")) == ["two"]


def test_the_search_box_looks_in_it(client: Client, best: Collection) -> None:
    page = client.get(f"{PAGE}{best.pk}/?q=two").content.decode()
    assert f'<input type="hidden" name="collection" value="{best.pk}">' in page
    assert '<input type="hidden" name="q"' not in page


def test_what_is_not_in_it_is_not_shown(client: Client, library: Library, best: Collection, three: list[Asset]) -> None:
    factories.asset(library, display_name="Elsewhere")
    three[0].delete()
    page = client.get(f"{PAGE}{best.pk}/")
    assert cards_of(page) == ["three", "two"]
    assert "2 pictures" in text_of(page)


def test_more_leads_through_it_in_its_order(client: Client, library: Library, user: User, best: Collection) -> None:
    more = [factories.asset(library, display_name=f"{number:02}") for number in range(60)]
    collections.add(best, user, [asset.pk for asset in more])
    names, address = [], f"{PAGE}{best.pk}/"
    while address:
        page = client.get(address)
        names += cards_of(page)
        address = next((link for link in links_of(page) if "cursor=" in link), "")
    assert names == ["three", "one", "two", *(f"{number:02}" for number in range(60))]


def test_its_filters_are_counted_in_it(client: Client, library: Library, best: Collection) -> None:
    factories.asset(library, format="gif")
    words = text_of(client.get(f"{PAGE}{best.pk}/filters/"))
    assert "3 pictures now" in words
    assert "GIF" not in words


def test_filters_are_saved_as_a_collection_of_what_they_find(client: Client, library: Library) -> None:
    folder = Folder.objects.create(library=library, name="Trips")
    address = f"{PAGE}new/?folder={folder.pk}"
    assert address in links_of(client.get(f"/l/studio/?folder={folder.pk}"))
    page = client.post(address, {"name": "All trips"}, follow=True)
    assert "Its query finds nothing now" in text_of(page)
    factories.asset(library, folder=folder, display_name="Later")
    assert cards_of(client.get(page.request["PATH_INFO"])) == ["Later"]


def test_the_cover_of_a_query_comes_by_itself(client: Client, library: Library, user: User, three: list[Asset]) -> None:
    made = collections.make(library, user, "PNG", params={"formats": "png"})
    address = f"{PAGE}{made.pk}/cover/"
    assert f'hx-get="{address}"' in client.get(PAGE).content.decode()
    part = client.get(address)
    assert "3 pictures" in text_of(part)
    assert part.content.decode().count("<img") == 3


def test_a_query_that_is_broken_says_so_and_can_still_be_deleted(client: Client, library: Library, user: User) -> None:
    folder = Folder.objects.create(library=library, name="Trips")
    made = collections.make(library, user, "Trips", params={"folder": str(folder.pk)})
    folder.delete()
    page = client.get(f"{PAGE}{made.pk}/")
    assert page.status_code == 409
    assert "cannot be shown" in text_of(page) and "does not exist in this library" in text_of(page)
    assert f"{PAGE}{made.pk}/delete/" in links_of(page)
    assert "does not exist" in text_of(client.get(f"{PAGE}{made.pk}/cover/"))


def test_it_is_renamed_and_deleted_and_the_pictures_stay(client: Client, best: Collection) -> None:
    client.post(f"{PAGE}{best.pk}/edit/", {"name": "Better", "description": "Of all"})
    page = client.get(f"{PAGE}{best.pk}/")
    assert "Better" in text_of(page) and "Of all" in text_of(page)
    assert "stay in the library" in text_of(client.get(f"{PAGE}{best.pk}/delete/"))
    page = client.post(f"{PAGE}{best.pk}/delete/", follow=True)
    assert "is deleted" in text_of(page)
    assert Asset.objects.count() == 3


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_as_text(client: Client, library: Library, user: User, name: str) -> None:
    made = collections.make(library, user, name)
    for address in (PAGE, f"{PAGE}{made.pk}/", f"{PAGE}{made.pk}/edit/", f"{PAGE}{made.pk}/delete/", "/l/studio/"):
        page = client.get(address).content.decode()
        assert escape(made.name) in page
        assert name not in page or "<" not in name


@pytest.mark.parametrize("name", ["", " ", "x" * 10_000, "x" * 201, "a\0b", "Best"])
def test_a_bad_name_is_refused_with_a_sentence(client: Client, best: Collection, name: str) -> None:
    answer = client.post(f"{PAGE}new/", {"name": name})
    assert answer.status_code in {400, 409}
    assert re.search('class="error|errorlist|That did not work', answer.content.decode())
    assert Collection.objects.count() == 1


def test_in_the_dialog_the_sentence_stands_beside_the_form(client: Client, best: Collection) -> None:
    answer = client.post(f"{PAGE}new/", {"name": "Best"}, headers=HTMX)
    assert answer.status_code == 200
    assert "There is already a collection with this name." in text_of(answer)
    assert "<html" not in answer.content.decode()
    answer = client.post(f"{PAGE}new/", {"name": "Other"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"{PAGE}{Collection.objects.get(name='Other').pk}/"


def test_a_picture_is_added_by_its_menu(client: Client, library: Library, best: Collection) -> None:
    fresh = factories.asset(library, display_name="fresh")
    address = f"/l/studio/bulk/?action=collect&assets={fresh.pk}"
    assert address in links_of(client.get("/l/studio/"))
    assert "Best" in text_of(client.get(address))
    sent = {"action": "collect", "assets": str(fresh.pk), "collection": str(best.pk)}
    assert "1 picture is in the collection." in text_of(client.post("/l/studio/bulk/", sent, follow=True))
    assert cards_of(client.get(f"{PAGE}{best.pk}/")) == ["three", "one", "two", "fresh"]


def test_a_picture_is_taken_out_and_its_card_goes(client: Client, best: Collection, three: list[Asset]) -> None:
    address = f"{PAGE}{best.pk}/remove/?assets={three[0].pk}"
    assert address in links_of(client.get(f"{PAGE}{best.pk}/"))
    assert address not in links_of(client.get("/l/studio/"))
    answer = client.post(address, headers=HTMX)
    assert str(three[0].pk) in answer.headers["HX-Trigger"]
    assert cards_of(client.get(f"{PAGE}{best.pk}/")) == ["three", "two"]


def test_viewers_look_and_change_nothing(library: Library, best: Collection, three: list[Asset]) -> None:
    viewer = member(library, Role.VIEWER)
    for address in ("/l/studio/", PAGE, f"{PAGE}{best.pk}/"):
        page = viewer.get(address)
        assert page.status_code == 200
        changing = [link for link in links_of(page) if re.search("new/|edit/|delete/|remove/|action=", link)]
        assert changing == []
        assert "data-accepts" not in page.content.decode()
    for address in ("new/", f"{best.pk}/edit/", f"{best.pk}/delete/", f"{best.pk}/remove/?assets={three[0].pk}"):
        assert viewer.get(PAGE + address).status_code == 403
        assert viewer.post(PAGE + address, {"name": "x"}).status_code == 403
    assert Collection.objects.get().items.count() == 3


def test_contributors_change_only_their_own(library: Library, best: Collection, three: list[Asset]) -> None:
    contributor = member(library, Role.CONTRIBUTOR)
    assert f"{PAGE}{best.pk}/edit/" not in links_of(contributor.get(f"{PAGE}{best.pk}/"))
    assert contributor.post(f"{PAGE}{best.pk}/delete/").status_code == 403
    sent = {"action": "collect", "assets": str(three[0].pk), "collection": str(best.pk)}
    assert contributor.post("/l/studio/bulk/", sent).status_code == 400
    page = contributor.post(f"{PAGE}new/", {"name": "Mine"}, follow=True)
    assert f"{page.request['PATH_INFO']}edit/" in links_of(page)


def test_for_strangers_there_is_nothing(best: Collection, three: list[Asset]) -> None:
    stranger = signed_in(factories.user())
    for address in ("", "new/", f"{best.pk}/", f"{best.pk}/filters/", f"{best.pk}/cover/", f"{best.pk}/edit/"):
        assert stranger.get(PAGE + address).status_code == 404


def test_the_collection_and_the_pictures_of_another_library_are_not_found(
    client: Client, user: User, best: Collection, three: list[Asset]
) -> None:
    factories.library(user, name="Archive")
    assert client.get(f"/l/archive/collections/{best.pk}/").status_code == 404
    sent = {"action": "collect", "assets": str(three[0].pk), "collection": str(best.pk)}
    assert client.post("/l/archive/bulk/", sent).status_code == 400


@pytest.mark.parametrize("query", ["", "assets=", "assets=nonsense", "&".join(["assets=1"] * 301)])
def test_nonsense_instead_of_pictures_is_refused(client: Client, best: Collection, query: str) -> None:
    assert client.get(f"{PAGE}{best.pk}/remove/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["sort=nonsense", "cursor=zzz", "folder=x"])
def test_nonsense_in_the_address_gets_a_sentence(client: Client, best: Collection, query: str) -> None:
    answer = client.get(f"{PAGE}{best.pk}/?{query}")
    assert answer.status_code == 400
    assert "That did not work" in text_of(answer)


@pytest.mark.parametrize("number", [1, 30])
def test_the_pages_ask_few_questions_whatever_their_size(
    client: Client, library: Library, user: User, number: int, django_assert_max_num_queries: Any
) -> None:
    factories.model()
    pictures = [factories.asset(library).pk for _ in range(number)]
    for index in range(number):
        made = collections.make(library, user, f"Number {index}")
        collections.add(made, user, pictures)
    with django_assert_max_num_queries(11):
        client.get(PAGE)
    with django_assert_max_num_queries(13):
        assert len(cards_of(client.get(f"{PAGE}{made.pk}/"))) == number
