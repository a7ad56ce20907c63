"""Groups, decisions and their undoing, as the functions under pages and REST see them."""

from typing import Any
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from dam.errors import Forbidden, InvalidRequest, NotFound
from media_library import ingest
from media_library.models import Asset, Library, Role, User
from search import indexing
from search.duplicates import decisions, finding, groups
from search.duplicates.decisions import AlreadyDecided
from search.models import DuplicateDecision, DuplicatePair, Fingerprint
from tests import factories
from tests.search.scenes import COPIES, compared, scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "model")]

Action = DuplicateDecision.Action


def paired(library: Library, *edges: tuple[int, int], count: int = 0) -> list[Asset]:
    """Assets without files, oldest first, and the pairs among them."""
    assets = [factories.asset(library, display_name=str(n)) for n in range(count or 1 + max(max(edges)))]
    for one, other in edges:
        made = DuplicatePair.of(assets[one], assets[other], kind="near", score=0.9, found_at=assets[0].created_at)
        made.save()
    return assets


def shown(library: Library, user: User, **options: Any) -> list[list[str]]:
    page = groups.page(library, user, **({"limit": 50} | options))
    return [[asset.display_name for asset in group.assets] for group in page.groups]


def ids(assets: list[Asset]) -> list[UUID]:
    return [asset.pk for asset in assets]


def test_pictures_that_all_resemble_each_other_are_one_group(library: Library, user: User) -> None:
    paired(library, (0, 1), (0, 2), (1, 2))
    (group,) = shown(library, user)
    assert (group[0], set(group)) == ("0", {"0", "1", "2"})


def test_a_chain_is_not_one_group(library: Library, user: User) -> None:
    paired(library, (0, 1), (1, 2))
    assert shown(library, user) == [["1", "2"], ["0", "1"]]


def test_the_groups_of_one_asset_can_be_asked_for(library: Library, user: User) -> None:
    assets = paired(library, (0, 1), (2, 3))
    assert shown(library, user, asset=assets[3].pk) == [["2", "3"]]
    assert shown(library, user, asset=assets[0].pk) == [["0", "1"]]


def test_pages_neither_repeat_nor_skip_while_groups_come_and_go(library: Library, user: User) -> None:
    assets = paired(library, *((2 * n, 2 * n + 1) for n in range(6)))
    first = groups.page(library, user, limit=2)
    decisions.decide(library, user, Action.KEEP_ALL, ids(assets[10:]))  # the newest group, which stood first
    paired(library, (0, 1))
    names, cursor = [], first.next_cursor
    while cursor:
        page = groups.page(library, user, limit=2, cursor=cursor)
        names += [group.assets[0].display_name for group in page.groups]
        cursor = page.next_cursor
    assert [group.assets[0].display_name for group in first.groups] == ["10", "8"]
    assert names == ["6", "4", "2", "0"]


@pytest.mark.parametrize("cursor", ["nonsense", "WzFd:1:x"])
def test_a_cursor_that_is_none_is_refused(library: Library, user: User, cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        groups.page(library, user, limit=2, cursor=cursor)


@pytest.mark.parametrize("number", [2, 12])
def test_a_page_takes_as_many_queries_however_many_groups_there_are(
    library: Library, user: User, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    paired(library, *((2 * n, 2 * n + 1) for n in range(number)))
    with django_assert_num_queries(3):
        groups.page(library, user, limit=50)


def test_a_huge_group_shows_its_best_and_says_how_many_there_are(library: Library, user: User) -> None:
    paired(library, *((0, n) for n in range(1, 31)))
    (group,) = groups.page(library, user, limit=5).groups
    assert (len(group.members), group.size) == (groups.SHOWN + 1, 31)


def test_what_is_in_the_trash_hides_its_pairs_until_it_is_back(library: Library, user: User) -> None:
    older, younger = paired(library, (0, 1))
    ingest.trash(older, user)
    assert shown(library, user) == []
    assert groups.lookalikes(younger, user).ids == []
    ingest.restore(older, user)
    assert shown(library, user) == [["0", "1"]]
    ingest.purge(older, user)
    assert shown(library, user) == []


def test_when_the_anchor_goes_the_others_stand_together(library: Library, user: User) -> None:
    anchor, *_others = paired(library, (0, 1), (0, 2), (1, 2))
    ingest.trash(anchor, user)
    assert shown(library, user) == [["1", "2"]]


def test_a_stranger_sees_no_groups_and_no_hint(library: Library, user: User) -> None:
    older, _younger = paired(library, (0, 1))
    stranger = factories.user()
    assert shown(library, stranger) == []
    assert groups.lookalikes(older, stranger).ids == []


@pytest.mark.parametrize("action", [Action.KEEP_ALL, Action.NOT_DUPLICATES])
def test_a_decision_leaves_the_pictures_and_is_not_asked_again(library: Library, user: User, action: str) -> None:
    assets = paired(library, (0, 1), (0, 2))
    decisions.decide(library, user, action, ids(assets))
    assert shown(library, user) == []
    assert Asset.objects.live().count() == 3
    assert DuplicatePair.objects.exclude(decision=None).count() == 3  # that of the two younger ones, too


def test_keeping_one_moves_the_others_to_the_trash_and_undoing_brings_them_back(library: Library, user: User) -> None:
    assets = paired(library, (0, 1), (0, 2))
    made = decisions.decide(library, user, Action.KEEP_THIS_ONE, ids(assets), assets[1].pk)
    assert list(Asset.objects.live()) == [assets[1]]
    decisions.undo(made.pk, user)
    assert Asset.objects.live().count() == 3
    assert len(shown(library, user)) == 1
    assert DuplicatePair.objects.count() == 2
    with pytest.raises(NotFound):
        decisions.undo(made.pk, user)


def test_undoing_leaves_in_the_trash_what_was_there_before(library: Library, user: User) -> None:
    assets = paired(library, (0, 1), (2, 3))
    made = decisions.decide(library, user, Action.KEEP_THIS_ONE, ids(assets[:2]), assets[0].pk)
    ingest.trash(assets[2], user)
    decisions.undo(made.pk, user)
    assert set(Asset.objects.live()) == {assets[0], assets[1], assets[3]}


def test_a_kept_copy_that_comes_back_from_the_trash_is_not_suggested_again(library: Library, user: User) -> None:
    assets = paired(library, (0, 1))
    decisions.decide(library, user, Action.KEEP_THIS_ONE, ids(assets), assets[0].pk)
    ingest.restore(assets[1], user)
    assert shown(library, user) == []


def test_a_decision_outlives_recomputation_and_indexing_anew(library: Library, user: User, model: Any) -> None:
    assets = compared(library, user, scene(1), COPIES["mirrored"](scene(1)), scene(1))
    decisions.decide(library, user, Action.NOT_DUPLICATES, ids(assets))
    Fingerprint.objects.all().delete()
    model.embeddings.all().delete()
    model.index_entries.all().delete()
    indexing.sweep()
    indexing.index_pending()
    assert finding.find_pending() == 3
    assert shown(library, user) == []
    assert not DuplicatePair.objects.filter(decision=None).exists()


def test_a_pair_found_after_its_decision_stays_decided_and_undoing_brings_it(library: Library, user: User) -> None:
    assets = paired(library, (0, 1), (0, 2))
    made = decisions.decide(library, user, Action.KEEP_ALL, ids(assets))
    found = DuplicatePair.of(assets[1], assets[2], kind="near", score=0.8, found_at=assets[0].created_at)
    finding.note([found])
    assert shown(library, user) == []
    decisions.undo(made.pk, user)
    assert DuplicatePair.objects.filter(decision=None).count() == 3


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR])
def test_only_editors_decide_and_undo(library: Library, user: User, role: Role) -> None:
    assets = paired(library, (0, 1), (2, 3))
    made = decisions.decide(library, user, Action.KEEP_ALL, ids(assets[:2]))
    member = factories.user()
    library.memberships.create(user=member, role=role)
    with pytest.raises(Forbidden):
        decisions.decide(library, member, Action.KEEP_ALL, ids(assets[2:]))
    with pytest.raises(Forbidden):
        decisions.undo(made.pk, member)
    assert shown(library, member) == [["2", "3"]]


def test_for_a_stranger_there_is_nothing_to_decide(library: Library, user: User) -> None:
    assets = paired(library, (0, 1))
    made = decisions.decide(library, user, Action.KEEP_ALL, ids(assets))
    stranger = factories.user()
    own = factories.library(stranger)
    for attempt in (
        lambda: decisions.decide(library, stranger, Action.KEEP_ALL, ids(assets)),
        lambda: decisions.decide(own, stranger, Action.KEEP_ALL, ids(assets)),
        lambda: decisions.undo(made.pk, stranger),
        lambda: decisions.undo(made.pk, user, own),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_what_somebody_else_has_decided_meanwhile_is_said(library: Library, user: User) -> None:
    assets = paired(library, (0, 1), count=3)
    with pytest.raises(AlreadyDecided):
        decisions.decide(library, user, Action.KEEP_ALL, ids(assets))  # the third was never suggested with them
    decisions.decide(library, user, Action.KEEP_ALL, ids(assets[:2]))
    with pytest.raises(AlreadyDecided):
        decisions.decide(library, user, Action.KEEP_THIS_ONE, ids(assets[:2]), assets[0].pk)
    assert Asset.objects.live().count() == 3


def test_a_decision_without_sense_is_refused(library: Library, user: User) -> None:
    assets = paired(library, (0, 1), count=3)
    for chosen, kept in ((assets[:1], None), (assets[:2], None), (assets[:2], assets[2].pk)):
        with pytest.raises(InvalidRequest):
            decisions.decide(library, user, Action.KEEP_THIS_ONE, ids(chosen), kept)
    many = paired(library, *((0, n) for n in range(1, 27)))
    with pytest.raises(InvalidRequest):
        decisions.decide(library, user, Action.KEEP_ALL, ids(many))
