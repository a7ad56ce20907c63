from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from media_library.models import Library, Role, Tag
from tests import factories
from tests.media_library.hostile import HOSTILE
from tests.media_library.pages import HTMX, links_of, member, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

PAGE = "/l/studio/tags/"


def tagged(library: Library, name: str, number: int = 1) -> Tag:
    tag = library.tags.create(name=name)
    for _ in range(number):
        factories.asset(library).tags.add(tag)
    return tag


def test_all_tags_are_listed_with_counts_and_lead_to_their_pictures(client: Client, library: Library) -> None:
    tagged(library, "sea & sun", 2)
    tagged(library, "unused", 0)
    page = client.get(PAGE)
    assert "sea &amp; sun 2 pictures" in text_of(page) and "unused 0 pictures" in text_of(page)
    assert "/l/studio/?tags=sea%20%26%20sun" in links_of(page)


def test_they_are_searched_anywhere_in_the_name(client: Client, library: Library) -> None:
    tagged(library, "Sunset"), tagged(library, "harbour")
    words = text_of(client.get(f"{PAGE}?q=NSE"))
    assert "Sunset 1 picture" in words and "harbour 1 picture" not in words
    assert "No tag has “%_” in its name" in text_of(client.get(PAGE, {"q": "%_"}))


def test_more_leads_through_all_of_them(client: Client, library: Library) -> None:
    Tag.objects.bulk_create(Tag(library=library, name=f"tag {number:03}") for number in range(150))
    first = client.get(f"{PAGE}?q=tag")
    more = next(link for link in links_of(first) if "cursor=" in link)
    assert "tag 099 0" in text_of(first) and "tag 100 0" not in text_of(first)
    assert "tag 100 0" in text_of(client.get(more)) and "tag 149 0" in text_of(client.get(more))


def test_a_tag_is_renamed_and_the_rail_says_so_at_once(client: Client, library: Library) -> None:
    tag = tagged(library, "see")
    assert "/l/studio/?tags=see" in links_of(client.get("/l/studio/"))
    client.post(f"{PAGE}{tag.pk}/edit/", {"name": "sea"})
    assert "/l/studio/?tags=sea" in links_of(client.get("/l/studio/"))


def test_onto_another_name_it_asks_before_the_two_become_one(client: Client, library: Library) -> None:
    see, sea = tagged(library, "see"), tagged(library, "Sea", 2)
    answer = client.post(f"{PAGE}{see.pk}/edit/", {"name": "sea"}, headers=HTMX)
    assert "There is a tag “Sea” already." in text_of(answer)
    assert 'name="merge" value="Sea"' in answer.content.decode()
    assert Tag.objects.count() == 2
    client.post(f"{PAGE}{see.pk}/edit/", {"name": "sea", "merge": "Sea"})
    assert list(Tag.objects.all()) == [sea]
    assert sea.assets.count() == 3


def test_a_tag_is_deleted_and_its_pictures_stay(client: Client, library: Library) -> None:
    tag = tagged(library, "old", 2)
    assert "2 pictures have it, and stay." in text_of(client.get(f"{PAGE}{tag.pk}/delete/"))
    client.post(f"{PAGE}{tag.pk}/delete/")
    assert not Tag.objects.exists()
    assert library.assets.live().count() == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_as_text(client: Client, library: Library, name: str) -> None:
    tag = tagged(library, name)
    for address in (PAGE, "/l/studio/", f"{PAGE}{tag.pk}/edit/", f"{PAGE}{tag.pk}/delete/", "/l/studio/"):
        page = client.get(address).content.decode()
        assert escape(name) in page
        assert name not in page or "<" not in name


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "x" * 10_000, "a\0b"])
def test_a_bad_name_is_refused(client: Client, library: Library, name: str) -> None:
    tag = tagged(library, "sea")
    assert client.post(f"{PAGE}{tag.pk}/edit/", {"name": name}).status_code == 400
    assert Tag.objects.get().name == "sea"


def test_below_editors_nothing_is_offered_or_allowed(library: Library) -> None:
    tag = tagged(library, "sea")
    contributor = member(library, Role.CONTRIBUTOR)
    assert f"{PAGE}{tag.pk}/edit/" not in links_of(contributor.get(PAGE))
    for deed in ("edit", "delete"):
        assert contributor.post(f"{PAGE}{tag.pk}/{deed}/", {"name": "x"}).status_code == 403
        assert signed_in(factories.user()).get(f"{PAGE}{tag.pk}/{deed}/").status_code == 404
    assert signed_in(factories.user()).get(PAGE).status_code == 404


def test_the_rail_counts_once_a_minute(client: Client, library: Library, django_assert_num_queries: Any) -> None:
    tagged(library, "sea")
    client.get(PAGE)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        client.get("/l/studio/")
    assert not [query for query in captured if "asset_tags" in query["sql"] and "COUNT" in query["sql"]]


@pytest.mark.parametrize("number", [1, 100])
def test_the_page_asks_few_questions_whatever_its_size(
    client: Client, library: Library, number: int, django_assert_max_num_queries: Any
) -> None:
    for index in range(number):
        tagged(library, f"{index}")
    with django_assert_max_num_queries(10):
        client.get(PAGE)
