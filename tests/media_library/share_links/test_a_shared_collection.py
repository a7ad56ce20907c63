"""A shared collection: as it now is, and nothing that is not in it."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media_library import collections, sharing
from media_library.models import Asset, Collection, Library, User
from tests import factories
from tests.media_library.pages import links_of, text_of
from tests.media_library.share_links.links import media, path_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def test_a_collection_shows_its_pictures_as_they_now_are(
    album: Collection, asset: Asset, library: Library, user: User, stranger: Client
) -> None:
    link = sharing.make(user, album)
    late = factories.asset(library, display_name="Late")
    outside = factories.asset(library, display_name="Outside")
    collections.add(album, user, [late.pk])
    page = stranger.get(path_of(link))
    words = text_of(page)
    assert words.index("beach") < words.index("Late")
    assert "Outside" not in words
    assert stranger.get(path_of(link, late.pk)).status_code == 200
    for rest in media(outside)[1:]:
        assert stranger.get(path_of(link, *rest)).status_code == 404
    collections.take_out(album, user, [asset.pk])
    for rest in media(asset)[1:]:
        assert stranger.get(path_of(link, *rest)).status_code == 404


def test_of_a_collection_only_what_is_live_and_ready_is_shown(
    album: Collection, library: Library, user: User, stranger: Client
) -> None:
    hidden = [factories.asset(library, deleted_at=timezone.now()), factories.asset(library, state="processing")]
    collections.add(album, user, [hidden[1].pk])
    album.items.create(asset=hidden[0], position=1 << 40)
    link = sharing.make(user, album)
    for each in hidden:
        assert stranger.get(path_of(link, each.pk)).status_code == 404
        assert str(each.pk) not in stranger.get(path_of(link)).content.decode()


def test_a_collection_that_is_a_query_shows_what_that_finds(library: Library, user: User, stranger: Client) -> None:
    sea = factories.asset(library, display_name="Sea")
    hill = factories.asset(library, display_name="Hill")
    link = sharing.make(user, collections.make(library, user, "Seas", params={"q": "sea"}))
    assert [stranger.get(path_of(link, each.pk)).status_code for each in (sea, hill)] == [200, 404]


def test_a_collection_that_is_a_search_is_searched_once_for_all_its_pictures(
    library: Library, user: User, stranger: Client, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fakes import FakeEmbedder

    red = factories.embedded(library, model, FakeEmbedder().encode_texts(["red"])[0], display_name="Red")
    link = sharing.make(user, collections.make(library, user, "Reds", params={"text": "red"}, band="strong"))
    asked = []
    real = sharing.ranked_in
    monkeypatch.setattr(sharing, "ranked_in", lambda *of: asked.append(1) or real(*of))
    assert "Red" in text_of(stranger.get(path_of(link)))
    assert stranger.get(path_of(link, red.pk)).status_code == 200
    assert len(asked) == 1


def test_long_ones_are_paged(album: Collection, library: Library, user: User, stranger: Client) -> None:
    collections.add(album, user, [factories.asset(library, display_name=f"P{number}").pk for number in range(70)])
    link = sharing.make(user, album)
    (more,) = [each for each in links_of(stranger.get(path_of(link))) if "cursor=" in each]
    assert "P69" in text_of(stranger.get(more))
    assert stranger.get(path_of(link) + "?cursor=nonsense").status_code == 400


def test_the_page_of_a_collection_takes_as_many_queries_for_many_as_for_few(
    album: Collection, library: Library, user: User, stranger: Client, django_assert_num_queries: Any
) -> None:
    collections.add(album, user, [factories.asset(library).pk for _ in range(30)])
    link = sharing.make(user, album)
    # The link, its maker's role, the pictures, their bytes; in one transaction the count and the audit log.
    with django_assert_num_queries(8):
        stranger.get(path_of(link))
