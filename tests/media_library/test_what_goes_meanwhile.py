"""What is removed at the moment in which somebody else uses it: real transactions on two connections."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from media_library.models import Asset, Folder, Library, Tag, User
from search import encoding
from search.models import IndexEntry
from tests import factories
from tests.members import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("enqueued")]


@contextmanager
def meanwhile(change: Callable[[], Any]) -> Iterator[None]:
    """The change is made, and committed only once somebody waits for that."""
    made = Event()

    def run() -> None:
        try:
            with transaction.atomic():
                change()
                made.set()
                wait_for_somebody_who_waits()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        assert made.wait(60)
        yield
        running.result()


def wait_for_somebody_who_waits() -> None:
    for _time in range(3000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT exists(SELECT FROM pg_locks WHERE NOT granted)")
            if cursor.fetchone() == (True,):
                return
        time.sleep(0.01)


def test_a_folder_that_is_removed_while_a_picture_is_put_into_it(library: Library, user: User) -> None:
    asset, folder = factories.asset(library), library.folders.create(name="a")
    with meanwhile(Folder.objects.filter(pk=folder.pk).delete):
        answer = signed_in(user).patch(f"/api/v1/assets/{asset.pk}/", {"folder": str(folder.pk)}, format="json")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (409, "changed_meanwhile", "1")
    assert Asset.objects.get(pk=asset.pk).folder is None


def test_a_tag_that_is_removed_while_a_picture_is_given_it_is_made_anew(library: Library, user: User) -> None:
    asset, tag = factories.asset(library), library.tags.create(name="a")
    with meanwhile(Tag.objects.filter(pk=tag.pk).delete):
        answer = signed_in(user).patch(f"/api/v1/assets/{asset.pk}/", {"tags": ["a"]}, format="json")
    assert answer.json()["tags"] == ["a"]
    assert library.tags.exclude(pk=tag.pk).get().name == "a"


def test_a_folder_that_is_removed_during_an_upload_leaves_no_file(library: Library, user: User) -> None:
    folder, before = library.folders.create(name="a"), factories.stored_files()
    with meanwhile(Folder.objects.filter(pk=folder.pk).delete):
        form = {"file": factories.file(), "folder": str(folder.pk)}
        answer = signed_in(user).post(f"/api/v1/libraries/{library.pk}/assets/", form, format="multipart")
    assert answer.status_code == 409
    assert factories.stored_files() == before


@pytest.mark.parametrize("path", ["libraries/{}/?purge=true", "dataset/{}"])
def test_a_library_is_purged_while_its_pictures_are_indexed(library: Library, user: User, path: str) -> None:
    model, asset = factories.model(), factories.asset(library)
    entries = [IndexEntry.objects.create(asset=asset, model=model, state=IndexEntry.State.RUNNING)]
    with meanwhile(lambda: encoding.store(model, entries, [[1.0] + [0.0] * 47])):
        answer = signed_in(user).delete(f"/api/v1/{path.format(library.pk)}")
    assert answer.status_code in {200, 204}
    assert not Library.objects.filter(pk=library.pk).exists()
