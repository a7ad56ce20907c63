"""The review of duplicates when there are thousands of groups: by pages, with as many queries as for one."""

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from media_library.models import Asset, Library, User
from search.duplicates import decisions, groups
from search.models import DuplicateDecision, DuplicatePair
from tests.media_library.pages import links_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "model")]

GROUPS = 3000
PAGE = "/l/studio/duplicates/"


@pytest.fixture
def copies(library: Library) -> list[tuple[Asset, Asset]]:
    """As many pairs of pictures that show the same, the oldest first."""
    now = timezone.now()
    assets = [made(library, number) for number in range(2 * GROUPS)]
    Asset.objects.bulk_create(assets)
    for number, asset in enumerate(assets):
        asset.created_at = now + timedelta(seconds=number)
    Asset.objects.bulk_update(assets, ["created_at"], batch_size=1000)
    found = list(zip(assets[::2], assets[1::2], strict=True))
    kinds = ("exact", "near")
    DuplicatePair.objects.bulk_create(
        DuplicatePair.of(one, other, kind=kinds[at % 2], score=0.9, found_at=now)
        for at, (one, other) in enumerate(found)
    )
    with connection.cursor() as cursor:  # as it is done every minute where there are so many
        cursor.execute("ANALYZE media_library_asset")
        cursor.execute("ANALYZE search_duplicatepair")
    return found


def made(library: Library, number: int) -> Asset:
    pk = uuid4()
    return Asset(
        id=pk, library=library, public_id=str(pk), display_name=str(number), file=f"originals/{pk}.png", format="png",
        mime_type="image/png", bytes=100, width=60, height=40, sha256=pk.hex * 2, state=Asset.State.READY,
    )  # fmt: skip


def all_pages(library: Library, user: User) -> Iterator[groups.Page]:
    cursor = ""
    while True:
        page = groups.page(library, user, limit=100, cursor=cursor)
        yield page
        if not page.next_cursor:
            return
        cursor = page.next_cursor


def test_all_groups_are_on_one_page_each_the_newest_first(
    library: Library, user: User, copies: list[tuple[Asset, Asset]]
) -> None:
    names = [int(group.assets[0].display_name) for page in all_pages(library, user) for group in page.groups]
    assert len(names) == GROUPS
    assert all(newer > older for newer, older in pairwise(names))


def test_the_first_and_a_late_page_ask_as_much_as_a_single_group(
    client: Client, library: Library, user: User, copies: list[tuple[Asset, Asset]], django_assert_max_num_queries: Any
) -> None:
    page = groups.page(library, user, limit=2500)
    for address in (PAGE, f"{PAGE}?cursor={page.next_cursor}"):
        with django_assert_max_num_queries(13):
            shown = client.get(address)
        assert len(re.findall(r'<h2 id="group-', shown.content.decode())) == 20
        assert any("cursor=" in link for link in links_of(shown))


def test_a_decision_about_one_of_thousands_changes_that_one(
    library: Library, user: User, copies: list[tuple[Asset, Asset]], django_assert_max_num_queries: Any
) -> None:
    one, other = copies[-1]
    with django_assert_max_num_queries(14):
        made = decisions.decide(library, user, DuplicateDecision.Action.NOT_DUPLICATES, [one.pk, other.pk])
    assert groups.page(library, user, limit=1).groups[0].assets[0] == copies[-2][0]
    assert DuplicatePair.objects.filter(decision=None).count() == GROUPS - 1
    decisions.undo(made.pk, user)
    assert groups.page(library, user, limit=1).groups[0].assets[0] == one
