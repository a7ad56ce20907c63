from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media_library.models import Asset, Library, Role
from tests import factories
from tests.media_library.pages import cards_of, links_of, signed_in, text_of
from tests.media_library.test_pages_bulk import member, post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def deleted(library: Library, number: int) -> list[Asset]:
    """Assets in the trash, the first the last to get there."""
    now = timezone.now()
    return [
        factories.asset(library, display_name=f"Old {index:02}", deleted_at=now - timedelta(minutes=index))
        for index in range(number)
    ]


def test_what_was_deleted_last_is_shown_first(client: Client, library: Library) -> None:
    factories.asset(library, display_name="Live")
    assets = deleted(library, 3)
    page = client.get("/l/studio/trash/")
    assert cards_of(page) == [asset.display_name for asset in assets]
    assert "3 pictures" in text_of(page)
    assert "Nothing is removed by itself." in text_of(page)


def test_more_leads_through_all_of_it(client: Client, library: Library) -> None:
    deleted(library, 60)
    page = client.get("/l/studio/trash/")
    more = next(link for link in links_of(page) if "cursor=" in link)
    assert cards_of(page) + cards_of(client.get(more)) == [f"Old {index:02}" for index in range(60)]


def test_the_rail_leads_there_and_an_empty_trash_says_so(client: Client, library: Library) -> None:
    assert "/l/studio/trash/" in links_of(client.get("/l/studio/"))
    assert "The trash is empty" in text_of(client.get("/l/studio/trash/"))


def test_for_a_stranger_there_is_no_trash(library: Library) -> None:
    assert signed_in(factories.user()).get("/l/studio/trash/").status_code == 404


def test_nonsense_for_a_cursor_is_refused(client: Client, library: Library) -> None:
    assert client.get("/l/studio/trash/?cursor=x").status_code == 400


def test_restoring_takes_the_card_away_and_can_be_undone(client: Client, library: Library) -> None:
    assets = deleted(library, 2)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/l/studio/trash/"}
    answer = post(client, "restore", assets[:1], headers)
    assert str(assets[0].pk) in answer.headers["HX-Trigger"]
    assert "1 picture is back." in text_of(answer)
    assert "Undo" in text_of(answer)
    assert cards_of(client.get("/l/studio/trash/")) == ["Old 01"]


def test_removing_for_good_asks_with_the_number_first(client: Client, library: Library) -> None:
    assets = deleted(library, 2)
    assert "Remove 2 pictures for good?" in text_of(post(client, "purge", assets))
    assert Asset.objects.count() == 2
    answer = post(client, "purge", assets, sure="1")
    assert "2 pictures are gone for good." in text_of(answer)
    assert "Undo" not in text_of(answer)
    assert not Asset.objects.exists()


def test_only_what_is_in_the_trash_is_removed_for_good(client: Client, library: Library) -> None:
    live = factories.asset(library)
    assert "Only what is in the trash" in text_of(post(client, "purge", [live], sure="1"))
    assert Asset.objects.filter(pk=live.pk).exists()


def test_a_contributor_removes_nothing_for_good(library: Library) -> None:
    contributor = member(library, Role.CONTRIBUTOR)
    own = factories.asset(library, uploaded_by=contributor, deleted_at=timezone.now())
    assert post(signed_in(contributor), "purge", [own], sure="1").status_code == 403
    assert Asset.objects.filter(pk=own.pk).exists()


@pytest.mark.parametrize("number", [1, 50])
def test_the_trash_asks_few_questions_whatever_its_size(
    client: Client, library: Library, number: int, django_assert_max_num_queries: Any
) -> None:
    factories.model()
    deleted(library, number)
    with django_assert_max_num_queries(12):
        assert len(cards_of(client.get("/l/studio/trash/"))) == number
