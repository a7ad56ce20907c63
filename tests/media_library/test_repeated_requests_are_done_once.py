"""`Idempotency-Key`: the same request twice makes one thing, also after a crash."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from media_library import tasks
from media_library.api import assets as views
from media_library.models import Asset, Folder, KeptAnswer, Library, Role, User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


def upload(api: APIClient, library: Library, key: str, content: bytes | None = None, **fields: Any) -> Any:
    form = {"file": factories.file(content), "on_duplicate": "keep", **fields}
    place = f"/api/v1/libraries/{library.pk}/assets/"
    return api.post(place, form, format="multipart", headers={"Idempotency-Key": key})


def add_folder(api: APIClient, library: Library, key: str = "a", name: str = "Trips") -> Any:
    place = f"/api/v1/libraries/{library.pk}/folders/"
    return api.post(place, {"name": name}, format="json", headers={"Idempotency-Key": key})


def test_the_same_upload_again_is_answered_as_the_first(api: APIClient, library: Library) -> None:
    first, again = upload(api, library, "a"), upload(api, library, "a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert Asset.objects.count() == 1


def test_a_job_is_started_once_and_its_address_told_again(api: APIClient, library: Library) -> None:
    def export() -> Any:
        place = f"/api/v1/libraries/{library.pk}/export/"
        return api.post(place, {"query": {}}, format="json", headers={"Idempotency-Key": "a"})

    first, again = export(), export()
    assert (again.status_code, again.content, again["Location"]) == (202, first.content, first["Location"])
    assert library.jobs.count() == 1


def test_another_key_or_none_is_another_request(api: APIClient, library: Library) -> None:
    assert upload(api, library, "a").json()["id"] != upload(api, library, "b").json()["id"]
    place = f"/api/v1/libraries/{library.pk}/assets/"
    form = {"file": factories.file(), "on_duplicate": "keep"}
    assert api.post(place, form, format="multipart").status_code == 201
    assert Asset.objects.count() == 3


def test_the_key_for_another_request_is_refused(api: APIClient, library: Library) -> None:
    upload(api, library, "a")
    other = factories.picture(seed=3)
    for answer in (upload(api, library, "a", other), upload(api, library, "a", description="Sea"),
                   add_folder(api, library)):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert (Asset.objects.count(), Folder.objects.count()) == (1, 0)


def test_keys_of_two_users_do_not_meet(api: APIClient, library: Library) -> None:
    bob = APIClient()
    bob.force_login(factories.user("bob"))
    theirs = factories.library(User.objects.get(username="bob"))
    assert add_folder(api, library).status_code == 201
    assert add_folder(bob, theirs).status_code == 201


def test_what_was_refused_is_not_kept(api: APIClient, library: Library) -> None:
    assert upload(api, library, "a", b"no picture").status_code in {400, 415, 422}
    assert upload(api, library, "a").status_code == 201


def test_after_a_day_it_is_forgotten(api: APIClient, library: Library) -> None:
    add_folder(api, library)
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert add_folder(api, library, name="Other").status_code == 201
    assert KeptAnswer.objects.count() == 1
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    tasks.forget_answers()
    assert KeptAnswer.objects.count() == 0


def test_who_may_no_longer_see_the_library_is_not_told_the_answer(api: APIClient, library: Library, user: User) -> None:
    add_folder(api, library)
    library.memberships.filter(user=user).delete()
    assert add_folder(api, library).status_code == 404


def test_a_role_that_does_not_suffice_keeps_nothing(api: APIClient, library: Library, user: User) -> None:
    library.memberships.update(role=Role.VIEWER)
    assert add_folder(api, library).status_code == 403
    library.memberships.update(role=Role.EDITOR)
    assert add_folder(api, library).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 256, "a\tb"])
def test_nonsense_is_no_key(api: APIClient, library: Library, key: str) -> None:
    answer = add_folder(api, library, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")
    assert not Folder.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_the_first_runs_one_is_told_to_wait_and_if_it_dies_one_may_repeat(
    library: Library, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, go_on, backend = threading.Event(), threading.Event(), []
    ask, answered = signed_in(user), views.asset_json

    def stop_in_the_middle(*args: Any) -> Any:
        """The picture is stored, the answer is not out yet."""
        backend.append(connection.connection.info.backend_pid)
        stored.set()
        go_on.wait(30)
        return answered(*args)

    def first() -> None:
        try:
            upload(signed_in(user), library, "a")
        finally:
            connection.close()

    monkeypatch.setattr(views, "asset_json", stop_in_the_middle)
    thread = threading.Thread(target=first)
    thread.start()
    assert stored.wait(30)
    monkeypatch.setattr(views, "asset_json", answered)
    waiting = upload(ask, library, "a")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "idempotency_still_running")
    assert int(waiting["Retry-After"]) > 0
    with connection.cursor() as cursor:  # as when the process is killed
        cursor.execute("SELECT pg_terminate_backend(%s)", backend)
    go_on.set()
    thread.join(30)
    assert Asset.objects.count() == 0
    assert upload(ask, library, "a").status_code == 201
    assert upload(ask, library, "a")["Idempotency-Replayed"] == "true"
    assert Asset.objects.count() == 1


def signed_in(user: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_login(user)
    return client
