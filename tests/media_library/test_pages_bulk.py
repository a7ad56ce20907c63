import json
import re
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from media_library import bulk
from media_library.bulk import undo as undoing
from media_library.models import Asset, Collection, Folder, Job, Library, Role, User
from media_library.views import bulk as page
from tests import factories
from tests.media_library.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def assets(library: Library) -> list[Asset]:
    return [factories.asset(library, display_name=name) for name in ("One", "Two", "Three")]


def post(client: Client, action: str, assets: Iterable[Asset], headers: Any = HTMX, **data: Any) -> Any:
    chosen = ",".join(str(asset.pk) for asset in assets)
    return client.post("/l/studio/bulk/", {"action": action, "assets": chosen, **data}, headers=headers)


def undo(client: Client, answer: Any) -> Any:
    found = re.search(r'action="(/undo/[^"]+)"', answer.content.decode())
    assert found, "there is no way back"
    return client.post(found[1], headers=HTMX)


def live(library: Library) -> set[str]:
    return set(Asset.objects.live().filter(library=library).values_list("display_name", flat=True))


def tags(asset: Asset) -> list[str]:
    return sorted(asset.tags.values_list("name", flat=True))


def member(library: Library, role: Role) -> User:
    made = factories.user()
    library.memberships.create(user=made, role=role)
    return made


def changed(answer: Any) -> dict[str, list[str]]:
    return dict(json.loads(answer.headers["HX-Trigger"])["assetsChanged"])


def test_deleting_says_how_many_and_is_undone(client: Client, library: Library, assets: list[Asset]) -> None:
    answer = post(client, "delete", assets[:2])
    assert "2 pictures are in the trash." in text_of(answer)
    assert live(library) == {"Three"}
    assert "Undone for 2 pictures." in text_of(undo(client, answer))
    assert live(library) == {"One", "Two", "Three"}


def test_the_page_hears_which_cards_have_left_it(client: Client, assets: list[Asset]) -> None:
    gone = [str(asset.pk) for asset in assets[:2]]
    answer = post(client, "delete", assets[:2])
    assert changed(answer) == {"gone": gone, "here": []}
    assert sorted(changed(undo(client, answer))["here"]) == sorted(gone)


def test_what_was_in_the_trash_before_is_not_brought_back(
    client: Client, library: Library, assets: list[Asset]
) -> None:
    Asset.objects.filter(pk=assets[0].pk).update(deleted_at=timezone.now())
    undo(client, post(client, "delete", assets))
    assert live(library) == {"Two", "Three"}


def test_an_undo_is_good_for_once(client: Client, assets: list[Asset]) -> None:
    answer = post(client, "delete", assets)
    undo(client, answer)
    again = undo(client, answer)
    assert again.status_code == 409
    assert "cannot be undone any more" in text_of(again)


def test_nobody_else_can_undo_it(client: Client, library: Library, assets: list[Asset]) -> None:
    answer = post(client, "delete", assets)
    assert undo(signed_in(member(library, Role.MANAGER)), answer).status_code == 409
    assert live(library) == set()


def test_tags_are_asked_for_then_added_and_taken_off_where_they_were_new(
    client: Client, library: Library, assets: list[Asset]
) -> None:
    assets[0].tags.add(library.tags.create(name="sea"))
    assert "Tags of 3 pictures" in text_of(post(client, "tag", assets))
    answer = post(client, "tag", assets, tags="Sea, sky")
    assert [tags(asset) for asset in assets] == [["sea", "sky"]] * 3
    undo(client, answer)
    assert [tags(asset) for asset in assets] == [["sea"], [], []]


def test_tags_taken_off_come_back_to_those_that_had_them(client: Client, library: Library, assets: list[Asset]) -> None:
    assets[0].tags.add(library.tags.create(name="sea"))
    answer = post(client, "untag", assets, tags="SEA")
    assert tags(assets[0]) == []
    undo(client, answer)
    assert [tags(asset) for asset in assets] == [["sea"], [], []]


def test_moving_is_undone_into_the_former_folders(client: Client, library: Library, assets: list[Asset]) -> None:
    old, new = (Folder.objects.create(library=library, name=name) for name in ("Old", "New"))
    Asset.objects.filter(pk=assets[0].pk).update(folder=old)
    assert "New" in text_of(post(client, "move", assets))
    answer = post(client, "move", assets, folder=str(new.pk))
    assert set(Asset.objects.values_list("folder", flat=True)) == {new.pk}
    undo(client, answer)
    assert dict(Asset.objects.values_list("display_name", "folder")) == {"One": old.pk, "Two": None, "Three": None}


def test_a_former_folder_that_is_gone_is_told(client: Client, library: Library, assets: list[Asset]) -> None:
    old, new = (Folder.objects.create(library=library, name=name) for name in ("Old", "New"))
    Asset.objects.filter(pk=assets[0].pk).update(folder=old)
    answer = post(client, "move", assets[:1], folder=str(new.pk))
    old.delete()
    assert "This folder does not exist in this library." in text_of(undo(client, answer))


def test_moving_out_of_the_folder_that_is_shown_takes_the_card_away(
    client: Client, library: Library, assets: list[Asset]
) -> None:
    here = Folder.objects.create(library=library, name="Here")
    Asset.objects.update(folder=here)
    headers = HTMX | {"HX-Current-URL": f"http://testserver/l/studio/?folder={here.pk}"}
    answer = post(client, "move", assets[:1], headers, folder="")
    assert changed(answer) == {"gone": [str(assets[0].pk)], "here": []}


def test_they_are_put_into_a_collection_old_or_new(client: Client, library: Library, assets: list[Asset]) -> None:
    best = Collection.objects.create(library=library, name="Best")
    assert "Best" in text_of(post(client, "collect", assets))
    post(client, "collect", assets[:1], collection=str(best.pk))
    post(client, "collect", assets, collection="", new_collection="Good")
    assert {made.name: made.items.count() for made in Collection.objects.all()} == {"Best": 1, "Good": 3}


def test_a_collection_that_could_not_be_filled_is_not_made(client: Client, library: Library) -> None:
    other = factories.asset(factories.library(name="Elsewhere"))
    answer = post(client, "collect", [other], collection="", new_collection="")
    assert answer.status_code == 400
    assert not Collection.objects.exists()


def test_a_download_is_a_job_and_says_where_it_will_be(client: Client, user: User, assets: list[Asset]) -> None:
    answer = post(client, "download", assets)
    job = Job.objects.get(kind="export_zip", owner=user)
    assert "A ZIP file of 3 pictures is being made." in text_of(answer)
    assert f'href="/jobs/{job.pk}/"' in answer.content.decode()
    assert "Export as a ZIP file" in text_of(client.get(f"/jobs/{job.pk}/", follow=True))
    assert signed_in(factories.user()).get(f"/jobs/{job.pk}/").status_code == 404


def test_more_than_fit_into_a_request_become_a_job_that_can_be_undone(
    client: Client, library: Library, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (page, undoing):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    answer = post(client, "delete", assets)
    assert "3 pictures are going to the trash." in text_of(answer)
    undo(client, answer)
    first, second = Job.objects.order_by("created_at")
    assert (first.parameters["action"], first.state) == ("delete", Job.State.CANCELLED)
    assert (second.parameters["action"], second.items) == ("restore", [str(pk) for pk in sorted(a.pk for a in assets)])


def test_what_failed_is_told_with_the_reason(library: Library, assets: list[Asset]) -> None:
    contributor = member(library, Role.CONTRIBUTOR)
    own = factories.asset(library, uploaded_by=contributor)
    words = text_of(post(signed_in(contributor), "delete", [own, *assets]))
    assert "1 picture is in the trash. 3 pictures were left as they are: You can change only" in words


@pytest.mark.parametrize("action", ["tag", "untag", "move", "collect", "delete", "restore", "reindex", "purge"])
def test_a_viewer_may_do_none_of_it(library: Library, assets: list[Asset], action: str) -> None:
    assert post(signed_in(member(library, Role.VIEWER)), action, assets).status_code == 403
    assert live(library) == {"One", "Two", "Three"}


def test_a_viewer_may_download(library: Library, assets: list[Asset]) -> None:
    assert post(signed_in(member(library, Role.VIEWER)), "download", assets).status_code == 200


@pytest.mark.parametrize("action", ["tag", "delete", "purge", "download"])
def test_for_a_stranger_there_is_no_library(library: Library, assets: list[Asset], action: str) -> None:
    assert post(signed_in(factories.user()), action, assets).status_code == 404


def test_what_is_in_another_library_is_left_alone(client: Client, library: Library) -> None:
    other = factories.asset(factories.library(name="Elsewhere"))
    assert "1 picture was left as it is: There is nothing here" in text_of(post(client, "delete", [other]))
    assert Asset.objects.live().filter(pk=other.pk).exists()


@pytest.mark.parametrize(
    "data",
    [
        {}, {"action": "delete"}, {"action": "delete", "assets": ""}, {"action": "delete", "assets": "x"},
        {"action": "explode", "assets": str(uuid4())}, {"action": "tag", "assets": str(uuid4()), "tags": " , "},
        {"action": "tag", "assets": str(uuid4()), "tags": "a" * 101},
        {"action": "move", "assets": str(uuid4()), "folder": "x"},
        {"action": "move", "assets": str(uuid4()), "folder": str(uuid4())},
        {"action": "collect", "assets": str(uuid4()), "collection": "", "new_collection": "\0"},
        {"action": "collect", "assets": str(uuid4()), "collection": str(uuid4())},
        {"action": "delete", "assets": ",".join(["x"] * 50_001)},
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_a_sentence(client: Client, library: Library, data: dict[str, str]) -> None:
    answer = client.post("/l/studio/bulk/", data, headers=HTMX)
    assert answer.status_code == 400
    assert "error-text" in answer.content.decode()


@pytest.mark.parametrize("more", [{"action": "delete"}, {"action": "move", "folder": ""}, {"action": "download"}])
def test_it_is_never_done_by_a_link(client: Client, library: Library, assets: list[Asset], more: Any) -> None:
    answer = client.get("/l/studio/bulk/", {"assets": str(assets[0].pk), **more})
    assert answer.status_code == 400
    assert "A link cannot do this." in text_of(answer)
    assert live(library) == {"One", "Two", "Three"} and not Job.objects.exists()


def test_a_link_asks_what_has_to_be_known(client: Client, library: Library, assets: list[Asset]) -> None:
    for action, question in (("tag", "Tags of 1 picture"), ("move", "Move 1 picture"), ("collect", "Add 1 picture")):
        assert question in text_of(client.get("/l/studio/bulk/", {"assets": str(assets[0].pk), "action": action}))


def test_without_a_script_it_is_a_form_that_leads_back(client: Client, library: Library, assets: list[Asset]) -> None:
    data = {"action": "delete", "assets": [str(asset.pk) for asset in assets], "next": "/l/studio/?sort=bytes"}
    answer = client.post("/l/studio/bulk/", data)
    assert answer.headers["Location"] == "/l/studio/?sort=bytes"
    shown = client.get(answer.headers["Location"])
    assert "3 pictures are in the trash." in text_of(shown)
    found = re.search(r'action="(/undo/[^"]+)"', shown.content.decode())
    assert found
    client.post(found[1])
    assert live(library) == {"One", "Two", "Three"}


def test_it_leads_to_no_other_site(client: Client, library: Library, assets: list[Asset]) -> None:
    answer = post(client, "delete", assets, {}, next="https://elsewhere.example/")
    assert answer.headers["Location"] == "/l/studio/"


@pytest.mark.parametrize("number", [1, 40])
@pytest.mark.parametrize(("action", "most"), [("delete", 24), ("tag", 30), ("move", 26)])
def test_few_questions_are_asked_however_many_are_changed(
    client: Client, library: Library, action: str, most: int, number: int, django_assert_max_num_queries: Any
) -> None:
    chosen = [factories.asset(library) for _ in range(number)]
    with django_assert_max_num_queries(most):
        assert post(client, action, chosen, tags="sea", folder="").status_code == 200


def test_the_actions_offered_are_those_of_the_role(library: Library, assets: list[Asset]) -> None:
    def offered(role: Role, address: str) -> set[str]:
        shown = signed_in(member(library, role)).get(address).content.decode()
        return set(re.findall(r'name="action" value="(\w+)"', shown))

    assert offered(Role.VIEWER, "/l/studio/") == {"download"}
    assert offered(Role.VIEWER, "/l/studio/trash/") == set()
    assert offered(Role.CONTRIBUTOR, "/l/studio/trash/") == {"restore"}
    assert offered(Role.EDITOR, "/l/studio/trash/") == {"restore", "purge"}
    assert offered(Role.EDITOR, "/l/studio/") == {
        *{"tag", "metadata", "move", "collect", "reindex", "download", "delete"}
    }
    assert offered(Role.EDITOR, "/l/studio/") - {"download"} <= bulk.ACTIONS.keys()
