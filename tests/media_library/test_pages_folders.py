import pytest
from django.test import Client
from django.utils.html import escape

from media_library import folders
from media_library.models import Asset, Folder, Library, Role, User
from tests import factories
from tests.media_library.hostile import HOSTILE
from tests.media_library.pages import HTMX, cards_of, links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

PAGE = "/l/studio/folders/"


@pytest.fixture
def trips(library: Library) -> Folder:
    return Folder.objects.create(library=library, name="Trips")


def test_a_folder_is_made_in_another_one(client: Client, trips: Folder) -> None:
    address = f"{PAGE}new/?parent={trips.pk}"
    assert address in links_of(client.get(f"/l/studio/?folder={trips.pk}"))
    page = client.post(address, {"name": "2024", "parent": str(trips.pk)}, follow=True)
    assert "The folder “2024” is made." in text_of(page)
    assert Folder.objects.get(name="2024").path == "Trips/2024"


def test_it_is_renamed_and_moved_in_one_go(client: Client, library: Library, trips: Folder) -> None:
    inner = Folder.objects.create(library=library, name="2024", parent=trips)
    assert f"{PAGE}{inner.pk}/edit/" in links_of(client.get("/l/studio/"))
    client.post(f"{PAGE}{inner.pk}/edit/", {"name": "Last year", "parent": ""})
    assert Folder.objects.get(pk=inner.pk).path == "Last year"


def test_it_is_not_offered_to_go_into_itself_and_cannot(client: Client, library: Library, trips: Folder) -> None:
    inner = Folder.objects.create(library=library, name="Inner", parent=trips)
    form = client.get(f"{PAGE}{trips.pk}/edit/").content.decode()
    assert f'<option value="{inner.pk}"' not in form
    answer = client.post(f"{PAGE}{trips.pk}/edit/", {"name": "Trips", "parent": str(inner.pk)})
    assert answer.status_code == 400
    assert Folder.objects.get(pk=trips.pk).parent is None


@pytest.mark.parametrize("name", ["", "a/b", "..", "x" * 256, "x" * 10_000, "a\0b", "Trips"])
def test_a_bad_name_is_refused_with_a_sentence(client: Client, trips: Folder, name: str) -> None:
    answer = client.post(f"{PAGE}new/", {"name": name})
    assert answer.status_code in {400, 409}
    assert Folder.objects.count() == 1
    if name == "a/b":
        assert "no slash" in text_of(client.post(f"{PAGE}new/", {"name": name}, headers=HTMX))


@pytest.mark.parametrize("name", HOSTILE[:1] + HOSTILE[2:])
def test_names_are_shown_as_text(client: Client, library: Library, name: str) -> None:
    made = Folder.objects.create(library=library, name=name)
    asset = factories.asset(library, folder=made)
    for address in (
        "/l/studio/",
        f"{PAGE}{made.pk}/edit/",
        f"{PAGE}{made.pk}/delete/",
        f"/l/studio/bulk/?action=move&assets={asset.pk}",
    ):
        page = client.get(address).content.decode()
        assert escape(name) in page
        assert "<script>alert" not in page


def test_an_empty_folder_goes_at_once(client: Client, trips: Folder) -> None:
    assert "It is empty." in text_of(client.get(f"{PAGE}{trips.pk}/delete/"))
    client.post(f"{PAGE}{trips.pk}/delete/")
    assert not Folder.objects.exists()


def test_one_that_is_full_asks_with_the_number_of_pictures(client: Client, library: Library, trips: Folder) -> None:
    inner = Folder.objects.create(library=library, name="Inner", parent=trips)
    for _ in range(2):
        factories.asset(library, folder=inner)
    page = client.get(f"{PAGE}{trips.pk}/delete/")
    assert "1 folder in it goes, too. 2 pictures move to the trash." in text_of(page)
    assert 'name="recursive" value="True"' in page.content.decode()
    page = client.post(f"{PAGE}{trips.pk}/delete/", {"recursive": "True"}, follow=True)
    assert "2 pictures are in the trash." in text_of(page)
    assert not Folder.objects.exists() and not Asset.objects.live().exists()


def test_what_came_in_since_it_was_asked_is_not_deleted(client: Client, library: Library, trips: Folder) -> None:
    factories.asset(library, folder=trips)
    answer = client.post(f"{PAGE}{trips.pk}/delete/", {"recursive": ""})
    assert answer.status_code == 409
    assert "This folder is not empty any more" in text_of(answer)
    assert "1 picture moves to the trash." in text_of(answer)
    assert 'name="recursive" value="True"' in answer.content.decode()
    assert Asset.objects.live().count() == 1


def test_a_picture_is_moved_by_its_menu(client: Client, library: Library, trips: Folder) -> None:
    asset = factories.asset(library, display_name="Sea")
    address = f"/l/studio/bulk/?action=move&assets={asset.pk}"
    assert address in links_of(client.get("/l/studio/"))
    assert "Move 1 picture" in text_of(client.get(address))
    sent = {"action": "move", "assets": str(asset.pk), "folder": str(trips.pk)}
    assert "1 picture has been moved." in text_of(client.post("/l/studio/bulk/", sent, follow=True))
    assert cards_of(client.get(f"/l/studio/?folder={trips.pk}")) == ["Sea"]


def test_contributors_make_folders_and_move_only_their_own(library: Library, trips: Folder) -> None:
    user = factories.user()
    library.memberships.create(user=user, role=Role.CONTRIBUTOR)
    contributor = signed_in(user)
    own, foreign = factories.asset(library, uploaded_by=user), factories.asset(library)
    sent = {"action": "move", "assets": [str(own.pk), str(foreign.pk)], "folder": str(trips.pk)}
    page = contributor.post("/l/studio/bulk/", sent, follow=True)
    assert "1 picture was left as it is: You can change only pictures that you uploaded yourself." in text_of(page)
    assert list(trips.assets.all()) == [own]
    assert contributor.post(f"{PAGE}new/", {"name": "Mine"}).status_code == 302
    assert contributor.get(f"{PAGE}{trips.pk}/edit/").status_code == 403
    assert f"{PAGE}{trips.pk}/edit/" not in links_of(contributor.get("/l/studio/"))


def test_viewers_may_not_and_strangers_find_nothing(library: Library, trips: Folder) -> None:
    asset = factories.asset(library)
    viewer, stranger = member(library, Role.VIEWER), signed_in(factories.user())
    for address in (
        f"{PAGE}new/",
        f"{PAGE}{trips.pk}/edit/",
        f"{PAGE}{trips.pk}/delete/",
        f"/l/studio/bulk/?action=move&assets={asset.pk}",
    ):
        for send in ("get", "post"):
            assert getattr(viewer, send)(address).status_code == 403
            assert getattr(stranger, send)(address).status_code == 404
    assert Folder.objects.count() == 1


def test_the_folder_of_another_library_is_not_found(client: Client, user: User, trips: Folder) -> None:
    foreign = folders.make(factories.library(user, name="Archive"), user, "Foreign")
    assert client.get(f"{PAGE}{foreign.pk}/edit/").status_code == 404
    assert client.post(f"{PAGE}new/", {"name": "x", "parent": str(foreign.pk)}).status_code == 400
    assert client.get(f"{PAGE}new/?parent={foreign.pk}").status_code == 400
