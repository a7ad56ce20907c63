from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from media_library.models import Library, Role, User
from search import saved_queries
from search.models import EmbeddingModel, QueryAnchor, SavedSearch
from tests import factories
from tests.media_library.hostile import HOSTILE
from tests.media_library.pages import HTMX, links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "model")]

PAGE = "/l/studio/searches/"


@pytest.fixture
def red(library: Library, user: User) -> SavedSearch:
    return saved_queries.save(library, user, "Red ones", {"text": "red"})


def test_results_and_filtered_grids_can_be_saved(client: Client, library: Library) -> None:
    assert f"{PAGE}new/?text=red" in links_of(client.get("/l/studio/search/?text=red"))
    assert f"{PAGE}new/?q=sea" in links_of(client.get("/l/studio/?q=sea"))
    assert "/l/studio/collections/new/?text=red" in links_of(client.get("/l/studio/search/?text=red"))
    assert f"{PAGE}new/" not in " ".join(links_of(client.get("/l/studio/")))


@pytest.mark.parametrize(("query", "view"), [("text=red&tags=sea", "search/"), ("q=sea&formats=png", "")])
def test_it_is_opened_by_its_address(client: Client, library: Library, query: str, view: str) -> None:
    page = client.post(f"{PAGE}new/?{query}", {"name": "Mine"}, follow=True)
    assert "The search “Mine” is saved." in text_of(page)
    address = f"{PAGE}{SavedSearch.objects.get().pk}/"
    assert address in links_of(client.get("/l/studio/"))
    target = client.get(address).headers["Location"]
    assert target.startswith(f"/l/studio/{view}?")
    assert set(target.split("?")[1].split("&")) == set(query.split("&"))


def test_saved_from_the_dialog_the_page_stays_where_it_was(client: Client, library: Library) -> None:
    behind = HTMX | {"HX-Current-URL": "http://testserver/l/studio/?q=sea"}
    answer = client.post(f"{PAGE}new/?q=sea", {"name": "Sea"}, headers=behind)
    assert answer.headers["HX-Redirect"] == "/l/studio/?q=sea"


def test_private_ones_are_seen_by_their_owner_only(client: Client, library: Library, red: SavedSearch) -> None:
    viewer = member(library, Role.VIEWER)
    assert "Red ones" not in text_of(viewer.get(PAGE)) and "Red ones" not in text_of(viewer.get("/l/studio/"))
    assert viewer.get(f"{PAGE}{red.pk}/").status_code == 404
    client.post(f"{PAGE}{red.pk}/edit/", {"name": "Red ones", "shared": "on"})
    assert "Shared by ann" in text_of(viewer.get(PAGE))
    assert viewer.get(f"{PAGE}{red.pk}/").status_code == 302
    assert f"{PAGE}{red.pk}/edit/" not in links_of(viewer.get(PAGE))
    assert viewer.post(f"{PAGE}{red.pk}/delete/").status_code == 403


def test_viewers_keep_searches_for_themselves_and_are_not_offered_to_share(library: Library) -> None:
    viewer = member(library, Role.VIEWER)
    assert 'name="shared"' not in viewer.get(f"{PAGE}new/?q=sea").content.decode()
    viewer.post(f"{PAGE}new/?q=sea", {"name": "Mine", "shared": "on"})
    assert not SavedSearch.objects.get().shared


def test_it_is_renamed_and_forgotten(client: Client, red: SavedSearch) -> None:
    assert 'value="Red ones"' in client.get(f"{PAGE}{red.pk}/edit/").content.decode()
    client.post(f"{PAGE}{red.pk}/edit/", {"name": "Redder"})
    assert "Redder “red” Only you" in text_of(client.get(PAGE))
    client.post(f"{PAGE}{red.pk}/delete/")
    assert "No saved searches yet" in text_of(client.get(PAGE))


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_as_text(client: Client, library: Library, user: User, name: str) -> None:
    made = saved_queries.save(library, user, name, {"q": name})
    for address in (PAGE, f"{PAGE}{made.pk}/edit/", f"{PAGE}{made.pk}/delete/", "/l/studio/"):
        page = client.get(address).content.decode()
        assert escape(made.name) in page
        assert name not in page or "<" not in name


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "x" * 10_000, "a\0b", "Red ones"])
def test_a_bad_name_is_refused(client: Client, red: SavedSearch, name: str) -> None:
    assert client.post(f"{PAGE}new/?q=sea", {"name": name}).status_code in {400, 409}
    assert SavedSearch.objects.count() == 1


@pytest.mark.parametrize("query", ["", "nonsense=1", "folder=x", "text=" + "x" * 501])
def test_what_would_not_run_is_not_saved(client: Client, library: Library, query: str) -> None:
    answer = client.post(f"{PAGE}new/?{query}", {"name": "Mine"})
    assert answer.status_code == 400
    assert "error-text" in answer.content.decode()


def test_an_uploaded_example_cannot_be_kept_and_it_says_why(
    client: Client, library: Library, user: User, model: EmbeddingModel
) -> None:
    vector = [1.0] + [0.0] * (model.dimensions - 1)
    anchor = QueryAnchor.objects.create(owner=user, library=library, name="x", thumb="x", model=model, vector=vector)
    answer = client.post(f"{PAGE}new/?anchor={anchor.pk}", {"name": "Mine"})
    assert "kept for a day only" in text_of(answer)


def test_strangers_find_nothing(red: SavedSearch) -> None:
    stranger = signed_in(factories.user())
    for address in ("", "new/?q=sea", f"{red.pk}/", f"{red.pk}/edit/", f"{red.pk}/delete/"):
        assert stranger.get(PAGE + address).status_code == 404


@pytest.mark.parametrize("number", [1, 40])
def test_the_page_asks_few_questions_whatever_its_size(
    client: Client, library: Library, user: User, number: int, django_assert_max_num_queries: Any
) -> None:
    for index in range(number):
        saved_queries.save(library, user, f"Number {index}", {"q": "sea"}, shared=bool(index % 2))
    with django_assert_max_num_queries(9):
        client.get(PAGE)
