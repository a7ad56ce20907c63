"""The admin's pages for models, and the administrator's own latest searches."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from media_library.models import Asset, Library, User
from search import recent
from search.models import EmbeddingModel
from tests import factories
from tests.media_library.pages import signed_in, text_of
from tests.search import two_models

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

State = EmbeddingModel.State
DEEDS = ["compare", "switch", "build", "stop", "drop"]


@pytest.fixture(autouse=True)
def encoders(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("search.indexing.request_indexing", lambda: None)
    return two_models.use(monkeypatch)


@pytest.fixture
def boss() -> User:
    return factories.user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def page(boss: User) -> Client:
    return signed_in(boss)


@pytest.fixture
def other(model: EmbeddingModel) -> EmbeddingModel:
    return two_models.other()


@pytest.fixture
def assets(library: Library, model: EmbeddingModel, other: EmbeddingModel) -> list[Asset]:
    return two_models.pictures(library, [model, other], 12)


def address(model: EmbeddingModel, deed: str) -> str:
    return f"/admin/search/embeddingmodel/{model.pk}/{deed}/"


def search(client: Client, library: Library, params: str) -> None:
    assert client.get(f"/l/{library.slug}/search/?{params}").status_code == 200


def test_the_list_says_how_far_each_is_and_what_can_be_done(
    page: Client, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset]
) -> None:
    shown = page.get("/admin/search/embeddingmodel/")
    assert "100 %" in text_of(shown)
    links = shown.content.decode()
    assert address(other, "switch") in links
    assert address(model, "drop") not in links


@pytest.mark.parametrize("deed", DEEDS)
def test_they_are_for_administrators_alone(client: Client, other: EmbeddingModel, deed: str) -> None:
    assert client.get(address(other, deed)).status_code == 302
    clerk = factories.user(is_staff=True)
    assert signed_in(clerk).get(address(other, deed)).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="change_embeddingmodel"))
    assert signed_in(clerk).get(address(other, deed)).status_code == 200


def test_a_switch_asks_first_and_says_what_was_done(
    page: Client, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset]
) -> None:
    factories.build_index(other)
    assert "Switch now" in text_of(page.get(address(other, "switch")))
    answer = page.post(address(other, "switch"), {"how": "now"}, follow=True)
    assert "Other answers now." in text_of(answer)
    assert EmbeddingModel.active() == other


def test_an_incomplete_one_is_offered_to_wait_for(page: Client, library: Library, other: EmbeddingModel) -> None:
    factories.asset(library)
    shown = text_of(page.get(address(other, "switch")))
    assert "1 picture is not indexed under it yet." in shown
    assert "Switch when it is complete" in shown
    refused = page.post(address(other, "switch"), {"how": "now"}, follow=True)
    assert "is not ready" in text_of(refused)
    page.post(address(other, "switch"), {"how": "complete"})
    other.refresh_from_db()
    assert (other.state, other.takes_over) == ("building", True)


@pytest.mark.parametrize(("deed", "state"), [("stop", "retired"), ("build", "building"), ("drop", "dropping")])
def test_the_other_deeds_ask_first_too(page: Client, other: EmbeddingModel, deed: str, state: str) -> None:
    before = EmbeddingModel.objects.get(pk=other.pk).state
    assert "?" in text_of(page.get(address(other, deed)))
    assert EmbeddingModel.objects.get(pk=other.pk).state == before
    page.post(address(other, deed), {"how": deed})
    assert EmbeddingModel.objects.get(pk=other.pk).state == state


def test_own_latest_searches_are_compared_side_by_side(
    page: Client, library: Library, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset]
) -> None:
    search(page, library, "text=something+red")
    search(page, library, f"like={assets[0].pk}")
    shown = page.get(address(other, "compare"))
    rows = shown.context["rows"]
    assert [row.query.text for row in rows] == ["", "something red"]
    assert [side.model for side in rows[0].sides] == [model, other]
    assert [len(side.hits) for side in rows[0].sides] == [10, 10]
    assert rows[0].overlap == len(
        {hit.asset for hit in rows[0].sides[0].hits} & {h.asset for h in rows[0].sides[1].hits}
    )
    assert f"{rows[0].overlap} of 10 the same" in text_of(shown)


def test_a_search_can_be_typed(page: Client, library: Library, other: EmbeddingModel, assets: list[Asset]) -> None:
    shown = page.get(address(other, "compare"), {"text": "blue", "library": library.slug})
    assert [row.query.text for row in shown.context["rows"]] == ["blue"]


def test_an_example_that_has_gone_is_told_in_its_place(
    page: Client, library: Library, other: EmbeddingModel, assets: list[Asset]
) -> None:
    search(page, library, f"like={assets[0].pk}")
    assets[0].delete()
    assert "does not exist" in text_of(page.get(address(other, "compare")))


def test_searches_are_kept_for_administrators_only_and_each_sees_their_own(
    client: Client, page: Client, boss: User, user: User, library: Library, assets: list[Asset]
) -> None:
    search(client, library, "text=red")
    search(page, library, "text=blue")
    assert [query.text for query in recent.of_user(boss)] == ["blue"]
    assert recent.of_user(user) == []
    second = factories.user("second", is_staff=True, is_superuser=True)
    assert recent.of_user(second) == []


def test_the_latest_come_first_once_each_and_only_so_many(
    page: Client, boss: User, library: Library, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "KEPT", 3)
    for text in ("a", "b", "c", "d", "b"):
        search(page, library, f"text={text}")
    assert [query.text for query in recent.of_user(boss)] == ["b", "d", "c"]


def test_they_can_be_forgotten(page: Client, boss: User, library: Library, assets: list[Asset]) -> None:
    search(page, library, "text=red")
    page.post("/admin/search/embeddingmodel/clear-recent/")
    assert recent.of_user(boss) == []


def test_a_search_in_a_library_that_was_left_is_not_shown(
    library: Library, model: EmbeddingModel, other: EmbeddingModel, assets: list[Asset], user: User
) -> None:
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="change_embeddingmodel"))
    user = User.objects.get(pk=user.pk)
    search(signed_in(user), library, "text=red")
    assert len(recent.of_user(user)) == 1
    library.memberships.all().delete()
    assert recent.of_user(user) == []
