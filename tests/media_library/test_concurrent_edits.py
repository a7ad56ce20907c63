"""Two people at once: real transactions on two connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from dam.errors import AppError, NotFound
from media_library import collections, folders, members, tags
from media_library.models import CollectionItem, Folder, Library, Membership, Role, User
from search import saved_queries
from tests import factories
from tests.members import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("enqueued")]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each gives, or the AppError that it raises."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return call()
        except AppError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_two_changes_with_the_same_etag_one_is_made(library: Library, user: User) -> None:
    url = f"/api/v1/assets/{factories.asset(library).pk}/"
    etag = {"If-Match": signed_in(user).get(url)["ETag"]}

    def change(name: str) -> int:
        return signed_in(user).patch(url, {"display_name": name}, format="json", headers=etag).status_code

    assert sorted(at_once(lambda: change("mine"), lambda: change("theirs"))) == [200, 412]


def test_changes_with_and_without_an_etag_do_not_block_each_other(library: Library, user: User) -> None:
    folder, tag = library.folders.create(name="a"), library.tags.create(name="a")
    library.tags.create(name="b")
    base = f"/api/v1/libraries/{library.pk}/"

    def change(place: str, etag: str | None, **body: Any) -> int:
        headers = {"If-Match": etag} if etag else {}
        return signed_in(user).patch(f"{base}{place}", body, format="json", headers=headers).status_code

    def move(etag: str | None) -> list[int]:
        return [change(f"folders/{folder.pk}/", etag, name=f"x{turn}", parent=None) for turn in range(5)]

    for codes in at_once(*[lambda etag=etag: move(etag) for etag in ("*", None, "*", None)]):
        assert codes == [200] * 5
    found = at_once(lambda: change(f"tags/{tag.pk}/", "*", name="b"), lambda: change(f"tags/{tag.pk}/", None, name="b"))
    assert sorted(found) == [200, 404]


def test_two_moves_at_once_make_no_circle(library: Library, user: User) -> None:
    one, other = (Folder.objects.create(library=library, name=name) for name in "ab")
    found = at_once(lambda: folders.move(one, user, other), lambda: folders.move(other, user, one))
    assert "folder_cycle" in found
    assert Folder.objects.filter(parent=None).count() == 1


def test_two_managers_who_remove_each_other_leave_one(library: Library, user: User) -> None:
    other = factories.user()
    theirs = Membership.objects.create(library=library, user=other, role=Role.MANAGER)
    mine = Membership.objects.get(library=library, user=user)
    at_once(lambda: members.remove(mine, other), lambda: members.remove(theirs, user))
    assert library.memberships.filter(role=Role.MANAGER).count() == 1


def test_what_is_put_in_at_once_is_put_in_once_and_in_an_order(library: Library, user: User) -> None:
    collection = collections.make(library, user, "Best")
    ids = [factories.asset(library).pk for _number in range(10)]
    at_once(*[lambda: collections.add(collection, user, ids)] * 4)
    positions = CollectionItem.objects.values_list("position", flat=True)
    assert len(positions) == len(set(positions)) == 10


def test_what_somebody_else_has_just_removed_is_not_found_and_not_made_again(library: Library, user: User) -> None:
    folder, tag = library.folders.create(name="a"), library.tags.create(name="a")
    collection = collections.make(library, user, "a")
    search = saved_queries.save(library, user, "a", {"q": "a"})
    member = Membership.objects.create(library=library, user=factories.user(), role=Role.VIEWER)
    for thing in (folder, tag, collection, search, member):
        type(thing).objects.filter(pk=thing.pk).delete()
    calls: list[Callable[[], Any]] = [
        lambda: folders.rename(folder, user, "b"),
        lambda: folders.move(folder, user, None),
        lambda: folders.make(library, user, "b", folder),
        lambda: tags.rename(tag, user, "b"),
        lambda: collections.change(collection, user, {"name": "b"}),
        lambda: collections.add(collection, user, []),
        lambda: saved_queries.change(search, user, {"name": "b"}),
        lambda: members.change(member, user, Role.EDITOR),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            call()
    assert not library.folders.exists()
    assert not library.collections.exists()
