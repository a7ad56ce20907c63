from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from media_library.models import Asset, Folder, Library, Tag
from tests import factories
from tests.media_library.pages import cards_of, links_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def test_a_grid_becomes_a_list_with_columns_and_stays_one(client: Client, library: Library) -> None:
    tag = Tag.objects.create(library=library, name="sea")
    asset = factories.asset(library, display_name="Harbour", width=1600, height=900, format="jpeg", bytes=2_500_000)
    asset.tags.add(tag)
    assert 'data-layout="grid" data-size="m"' in client.get("/l/studio/").content.decode()
    answer = client.post("/layout/", {"name": "list", "next": "/l/studio/?sort=bytes"})
    assert answer.headers["Location"] == "/l/studio/?sort=bytes"
    page = client.get("/l/studio/")
    assert 'data-layout="list" data-size="m"' in page.content.decode()
    assert "Type: JPEG · Not indexed yet Pixels: 1600 \u00d7 900 File size: 2.4 MB" in text_of(page)
    assert "Tags: sea" in text_of(page)


def test_the_size_of_the_pictures_is_kept_beside_the_layout(client: Client, library: Library) -> None:
    factories.asset(library)
    client.post("/layout/", {"name": "list"})
    client.post("/layout/", {"size": "xl"})
    assert 'data-layout="list" data-size="xl"' in client.get("/l/studio/").content.decode()


@pytest.mark.parametrize("sent", [{"name": "table"}, {"size": "9"}, {"name": ""}])
def test_another_layout_is_refused(client: Client, library: Library, sent: dict[str, str]) -> None:
    assert client.post("/layout/", sent).status_code == 400


def test_a_cookie_of_nonsense_is_a_grid(client: Client, library: Library) -> None:
    factories.asset(library)
    client.cookies["layout"] = '"><script>.m'
    page = client.get("/l/studio/").content.decode()
    assert 'data-layout="grid" data-size="m"' in page


@pytest.mark.parametrize("address", ["/l/studio/", "/l/studio/trash/", "/l/studio/?q=picture&sort=relevance"])
@pytest.mark.parametrize("number", [1, 50])
def test_a_list_asks_few_questions_whatever_its_size(
    client: Client, library: Library, address: str, number: int, django_assert_max_num_queries: Any
) -> None:
    client.cookies["layout"] = "list.m"
    tag = Tag.objects.create(library=library, name="tag")
    folder = Folder.objects.create(library=library, name="Trips")
    deleted_at = timezone.now() if "trash" in address else None
    for _ in range(number):
        factories.asset(library, folder=folder, deleted_at=deleted_at).tags.add(tag)
    client.get(address)
    with django_assert_max_num_queries(14 + ("q=" in address)):  # and the entry in the audit log
        assert len(cards_of(client.get(address))) == number


def test_cards_that_are_drawn_anew_have_the_columns(client: Client, library: Library) -> None:
    client.cookies["layout"] = "list.m"
    asset = factories.asset(library, state=Asset.State.FAILED)
    part = client.get("/l/studio/cards/", {"seen": f"{asset.pk}:processing"})
    assert "Pixels: 60 \u00d7 40" in text_of(part)


# --- orders -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("display_name", ["a", "b", "c"]),
        ("-display_name", ["c", "b", "a"]),
        ("bytes", ["b", "c", "a"]),
        ("-bytes", ["a", "c", "b"]),
        ("created_at", ["c", "a", "b"]),
        ("-created_at", ["b", "a", "c"]),
        ("taken_at", ["a", "b", "c"]),
        ("-taken_at", ["c", "b", "a"]),
    ],
)
@pytest.mark.parametrize("where", ["", "trash/"])
def test_name_date_and_size_sort_both_ways(
    client: Client, library: Library, where: str, sort: str, names: list[str]
) -> None:
    now = timezone.now()
    for age, (name, size) in enumerate([("b", 10), ("a", 30), ("c", 20)]):
        taken_at = now.replace(year=2000 + ord(name))
        made = factories.asset(library, display_name=name, bytes=size, taken_at=taken_at)
        Asset.objects.filter(pk=made.pk).update(
            created_at=now - timezone.timedelta(days=age), deleted_at=now if where else None
        )
    assert cards_of(client.get(f"/l/studio/{where}?sort={sort}")) == names
    assert f"/l/studio/{where}?sort={sort}" in links_of(client.get(f"/l/studio/{where}")) or sort == "-created_at"


def test_words_can_be_sorted_by_how_well_they_match(client: Client, library: Library) -> None:
    factories.asset(library, display_name="red harbour harbour")
    best = factories.asset(library, display_name="Harbour")
    factories.asset(library, display_name="Other", description="A boat, near the harbour")
    page = client.get("/l/studio/?q=harbour&sort=relevance")
    assert cards_of(page)[-1] == "Other"
    assert best.display_name in cards_of(page)[:2]
    assert "/l/studio/?q=harbour&sort=relevance" in links_of(client.get("/l/studio/?q=harbour"))


def test_pages_of_the_best_match_follow_each_other(client: Client, library: Library) -> None:
    for _ in range(60):
        factories.asset(library, display_name="Harbour")
    first = client.get("/l/studio/?q=harbour&sort=relevance")
    more = next(link for link in links_of(first) if "cursor=" in link)
    assert "sort=relevance" in more
    assert (len(cards_of(first)), len(cards_of(client.get(more)))) == (50, 10)


def test_without_words_the_best_match_is_no_order(client: Client, library: Library) -> None:
    factories.asset(library, display_name="Seen")
    assert cards_of(client.get("/l/studio/?sort=relevance")) == ["Seen"]
    assert "relevance" not in " ".join(links_of(client.get("/l/studio/")))


def test_an_unknown_order_is_refused_in_a_sentence(client: Client, library: Library) -> None:
    for where in ("", "trash/"):
        answer = client.get(f"/l/studio/{where}?sort=colour")
        assert answer.status_code == 400
        assert "Sort by one of" in text_of(answer)


def test_the_heads_of_a_list_sort_and_turn_round(client: Client, library: Library) -> None:
    client.cookies["layout"] = "list.m"
    factories.asset(library)
    head = client.get("/l/studio/").content.decode().split('class="list-head"')[1].split("</div>")[0]
    assert 'href="/l/studio/?sort=created_at"' in head
    assert "sorted downwards" in head
    head = client.get("/l/studio/?sort=-bytes").content.decode().split('class="list-head"')[1].split("</div>")[0]
    assert 'href="/l/studio/?sort=bytes"' in head
    assert 'href="/l/studio/"' in head
