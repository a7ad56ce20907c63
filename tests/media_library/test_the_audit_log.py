import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from dam.errors import AppError
from media_library import audit, bulk, exports, folders, ingest, members, sharing
from media_library.models import ApiKey, Asset, AuditEntry, Library, PersonalToken, Role, User
from tests import factories
from tests.media_library.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]
Event = AuditEntry.Event


@pytest.fixture
def asset(library: Library, user: User) -> Asset:
    return factories.upload(library, user, name="beach.png")


@pytest.fixture
def root() -> Client:
    return signed_in(factories.user("root", is_staff=True, is_superuser=True))


def last(event: str) -> AuditEntry:
    return AuditEntry.objects.filter(event=event).latest("pk")


def test_who_when_from_where_and_what(asset: Asset, user: User) -> None:
    secret = PersonalToken.issue(user, "deploy")[1]
    api = APIClient(REMOTE_ADDR="192.0.2.7", headers={"Authorization": f"Bearer {secret}"})
    assert api.delete(f"/api/v1/assets/{asset.pk}/").status_code == 204
    entry = last(Event.TRASHED)
    assert (entry.user_id, entry.username, entry.address) == (user.pk, "ann", "192.0.2.7")
    assert entry.via.startswith("personal token: deploy (dam_")
    assert (entry.kind, entry.object_id, entry.name) == ("asset", str(asset.pk), "beach")
    assert (entry.library_id, entry.library) == (asset.library_id, "Studio")
    assert timezone.now() - entry.at < timedelta(minutes=1)


def test_signing_in_out_and_failing(user: User) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/login/", {"username": "ann", "password": "wrong"})
    client.post("/accounts/login/", {"username": "ann", "password": "secret"})
    client.post("/accounts/logout/")
    told = list(
        AuditEntry.objects.filter(event__contains="sign").order_by("pk").values_list("event", "name", "address")
    )
    assert told == [(event, "ann", "192.0.2.7") for event in ("sign_in_failed", "signed_in", "signed_out")]


def test_who_is_locked_out_is_told_once(user: User, settings: Any) -> None:
    settings.LOCKOUT_FAILURES = 2
    for _ in range(5):
        Client().post("/accounts/login/", {"username": "ann", "password": "wrong"})
    assert AuditEntry.objects.filter(event=Event.SIGN_IN_FAILED).count() == 2
    assert AuditEntry.objects.filter(event=Event.LOCKED_OUT, name="ann").count() == 1


def test_no_password_and_no_secret_is_in_it(user: User, library: Library, asset: Asset) -> None:
    Client().post("/accounts/login/", {"username": "ann", "password": "hunter2"})
    secret = PersonalToken.issue(user, "deploy")[1]
    key, key_secret = ApiKey.issue(user, "SDK")
    _link, token = sharing.make(user, asset, password="open sesame")
    written = json.dumps(list(AuditEntry.objects.values()), default=str)
    assert key.key in written
    assert not any(hidden in written for hidden in ("hunter2", secret, key_secret, token, "open sesame"))


def test_roles(library: Library, user: User) -> None:
    bob = factories.user("bob")
    member = members.add(library, user, "bob", Role.VIEWER)
    members.change(member, user, Role.EDITOR)
    members.remove(member, user)
    told = AuditEntry.objects.filter(event__startswith="member").exclude(name="ann").order_by("pk")
    assert [(entry.event, entry.data["role"], entry.data["user"]) for entry in told] == [
        ("member_added", "viewer", bob.pk), ("member_changed", "editor", bob.pk), ("member_removed", "editor", bob.pk)
    ]  # fmt: skip


def test_what_administrators_change(root: Client, user: User) -> None:
    form = {"username": "ann", "is_active": "on", "is_staff": "on", "date_joined_0": "2026-01-01",
            "date_joined_1": "10:00", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}  # fmt: skip
    assert root.post(f"/admin/media_library/user/{user.pk}/change/", form).status_code == 302
    entry = last(Event.USER_CHANGED)
    assert (entry.username, entry.name, entry.data["is_staff"]) == ("root", "ann", True)


def test_tokens_and_keys(client: Client, user: User) -> None:
    token, _secret = PersonalToken.issue(user, "deploy")
    key, _secret = ApiKey.issue(user, "SDK", None)
    client.post(f"/account/tokens/{token.pk}/revoke/")
    client.post(f"/account/keys/{key.key}/revoke/")
    client.post(f"/account/keys/{key.key}/revoke/")
    told = AuditEntry.objects.filter(event__regex="^(token|key)_").order_by("pk")
    assert [entry.event for entry in told] == ["token_made", "key_made", "token_revoked", "key_revoked"]


def test_share_links(client: Client, user: User, asset: Asset) -> None:
    Asset.objects.update(state="ready")
    link, token = sharing.make(user, asset)
    Client(REMOTE_ADDR="203.0.113.5").get(f"/s/{token}/")
    sharing.revoke(link, user)
    sharing.revoke(link, user)
    told = list(AuditEntry.objects.filter(event__startswith="share").order_by("pk"))
    assert [entry.event for entry in told] == ["share_link_made", "share_link_used", "share_link_revoked"]
    assert (told[1].username, told[1].via, told[1].address) == ("", "share link", "203.0.113.5")


def test_deletions_and_restores_one_by_one_and_many_at_once(client: Client, user: User, library: Library) -> None:
    folder = library.folders.create(name="2024")
    held = [factories.asset(library, folder=folder, display_name=f"Picture {number}") for number in range(3)]
    folders.remove(folder, user, recursive=True)
    ingest.restore(Asset.objects.get(pk=held[0].pk), user)
    ingest.purge(Asset.objects.get(pk=held[1].pk), user)
    bulk.change(bulk.ACTIONS["purge"], library, user, [held[2].pk], {})
    told = AuditEntry.objects.filter(event__in=["trashed", "restored", "removed"])
    assert sorted((entry.event, entry.kind, entry.name) for entry in told) == [
        ("removed", "asset", "Picture 1"), ("removed", "asset", "Picture 2"),
        ("removed", "folder", str(folder)), ("restored", "asset", "Picture 0"),
        *[("trashed", "asset", f"Picture {number}") for number in range(3)],
    ]  # fmt: skip


def test_a_library_that_goes_is_one_entry(user: User, library: Library) -> None:
    library.folders.create(name="2024")
    factories.asset(library)
    library.purge()
    (entry,) = AuditEntry.objects.filter(event=Event.REMOVED)
    assert (entry.kind, entry.name) == ("library", "Studio")


def test_exports_and_what_a_job_does_for_somebody(user: User, library: Library, asset: Asset) -> None:
    chosen = {"parameters": {"assets": [str(asset.pk)]}}
    job = exports.start(library, user, chosen, format="jsonl", folders=False, name="mine", origin="")
    assert last(Event.EXPORTED).name == "mine"
    with audit.acting(audit.Origin(user=job.owner, via=f"job {job.pk}")):
        ingest.trash(asset, user)
    assert (last(Event.TRASHED).username, last(Event.TRASHED).via) == ("ann", f"job {job.pk}")


def test_searches_and_the_setting_that_leaves_them_out(
    client: Client, library: Library, asset: Asset, settings: Any
) -> None:
    client.get(f"/l/{library.slug}/", {"q": "beach"})
    assert last(Event.SEARCHED).data == {"params": [["q", "beach"]]}
    settings.AUDIT_SEARCHES = False
    client.get(f"/l/{library.slug}/", {"q": "forest"})
    assert AuditEntry.objects.filter(event=Event.SEARCHED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_search_writes_its_entry_by_one_statement_and_leaves_the_connection_as_it_was(
    library: Library, user: User
) -> None:
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as queries:  # not those of this cursor
        cursor.execute("SET synchronous_commit TO on")
        audit.searched(library, [("text", "beach")])
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
        cursor.execute("RESET synchronous_commit")
    assert len(queries) == 1
    assert last(Event.SEARCHED).data == {"params": [["text", "beach"]]}


def test_what_fails_is_not_in_it(user: User, library: Library, asset: Asset) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(AppError), transaction.atomic():
        ingest.trash(asset, user)
        raise AppError
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    "deed", ["UPDATE media_library_auditentry SET username = 'x'", "DELETE FROM media_library_auditentry"]
)
def test_the_database_refuses_to_change_or_remove_entries(asset: Asset, user: User, deed: str) -> None:
    audit.record(Event.TRASHED, asset)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)
    assert AuditEntry.objects.exists()


def test_not_even_as_the_retention_what_is_of_today(asset: Asset) -> None:
    audit.record(Event.TRASHED, asset)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL media_library.audit_retention = 'on'")
        cursor.execute("DELETE FROM media_library_auditentry")


@pytest.mark.parametrize(("days", "left"), [(30, 1), (365, 2), (0, 2)])
def test_what_is_old_enough_is_forgotten(settings: Any, days: int, left: int) -> None:
    settings.AUDIT_DAYS = days
    AuditEntry.objects.create(event=Event.SIGNED_IN, at=timezone.now() - timedelta(days=100))
    AuditEntry.objects.create(event=Event.SIGNED_IN)
    assert audit.forget() == 2 - left and AuditEntry.objects.count() == left


def test_entries_outlive_what_they_are_about(asset: Asset, library: Library) -> None:
    bob = factories.user("bob")
    audit.record(Event.SEARCHED, None, library=library, user=bob)
    library.purge()
    bob.delete()
    assert (last(Event.SEARCHED).username, last(Event.SEARCHED).library) == ("bob", "Studio")


def test_administrators_see_and_export_what_the_filters_choose(root: Client, asset: Asset, user: User) -> None:
    audit.record(Event.TRASHED, asset, user=user, name="=cmd()")
    audit.record(Event.RESTORED, asset, user=user)
    address = "/admin/media_library/auditentry/"
    assert "Export as CSV" in root.get(address).content.decode()
    answer = root.get(f"{address}export/csv/", {"event__exact": "trashed"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [(row["event"], row["username"], row["name"]) for row in rows] == [("trashed", "ann", "'=cmd()")]
    lines = b"".join(root.get(f"{address}export/jsonl/").streaming_content).splitlines()
    assert {json.loads(line)["event"] for line in lines} >= {"trashed", "restored", "exported"}
    assert last(Event.EXPORTED).name == "audit log"


def test_nobody_else_does(client: Client, user: User) -> None:
    address = "/admin/media_library/auditentry/export/csv/"
    assert client.get(address).status_code == 302
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert client.get(address).status_code == 403
