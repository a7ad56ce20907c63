"""Who was granted a folder sees and does there what the grant says, and knows of nothing else."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from media_library import folders, ingest, sharing, words
from media_library.models import Asset, AuditEntry, Folder, FolderGrant, Library, Role, User
from media_library.scopes import Grant, Scope
from search.models import DuplicatePair
from tests import factories
from tests.members import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def library(user: User) -> Library:
    return factories.library(user)


@pytest.fixture
def tree(library: Library) -> dict[str, Folder]:
    """quarry > spring > inner, and beside them wharf."""
    quarry = library.folders.create(name="quarry")
    spring = library.folders.create(name="spring", parent=quarry)
    inner = library.folders.create(name="inner", parent=spring)
    return {"quarry": quarry, "spring": spring, "inner": inner, "wharf": library.folders.create(name="wharf")}


@pytest.fixture
def pictures(library: Library, tree: dict[str, Folder]) -> dict[str, Asset]:
    """One in each folder, called like it, and one outside of folders."""
    made = {name: factories.asset(library, folder=folder, display_name=name) for name, folder in tree.items()}
    return made | {"top": factories.asset(library, display_name="top")}


def granted(folder: Folder, role: Role = Role.VIEWER) -> User:
    """Somebody to whom a folder is granted, as a request would find them."""
    made = factories.user()
    FolderGrant.objects.create(folder=folder, user=made, role=role)
    return afresh(made)


def afresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def seen(user: User) -> set[str]:
    return set(Asset.objects.visible_to(afresh(user)).values_list("display_name", flat=True))


def address(library: Library, path: str = "") -> str:
    return f"/api/v1/libraries/{library.pk}/{path}"


def names(client: APIClient, library: Library, path: str, field: str = "name") -> list[str]:
    return [row[field] for row in client.get(address(library, path)).json()["results"]]


def test_it_is_inherited_by_all_below_and_by_nothing_else(tree: Any, pictures: Any) -> None:
    assert seen(granted(tree["spring"])) == {"spring", "inner"}
    assert seen(factories.user()) == set()


def test_their_tree_begins_where_the_grant_does(library: Library, tree: Any, pictures: Any) -> None:
    guest = signed_in(granted(tree["spring"]))
    (inner, spring) = guest.get(address(library, "folders/")).json()["results"]
    assert (spring["path"], spring["parent"], inner["path"]) == ("spring", None, "spring/inner")
    assert names(guest, library, "folders/?parent=none") == ["spring"]
    assert guest.get(address(library, f"folders/{tree['quarry'].pk}/")).status_code == 404
    assert guest.get(address(library, f"assets/?folder={tree['quarry'].pk}")).status_code == 400
    assert guest.get("/api/v1/libraries/").json()["results"][0]["id"] == str(library.pk)
    assert guest.get(address(library)).json()["role"] == "viewer"
    page = guest.get(f"/l/{library.slug}/").content.decode()
    assert "spring" in page
    assert "quarry" not in page
    assert "wharf" not in page
    crumbs = guest.get(f"/assets/{pictures['inner'].pk}/").content.decode()
    assert "spring" in crumbs
    assert "quarry" not in crumbs


def test_a_group_is_granted_what_its_members_see(tree: Any, pictures: Any) -> None:
    group = Group.objects.create(name="Press")
    before, after = factories.user(), factories.user()
    before.groups.add(group)
    FolderGrant.objects.create(folder=tree["spring"], group=group)
    after.groups.add(group)
    assert seen(before) == seen(after) == {"spring", "inner"}
    after.groups.remove(group)
    assert seen(after) == set()
    group.delete()
    assert seen(before) == set()


def test_the_higher_of_role_and_grant_counts(library: Library, tree: Any, pictures: Any) -> None:
    someone = granted(tree["spring"], Role.EDITOR)
    library.memberships.create(user=someone, role=Role.VIEWER)
    someone = afresh(someone)
    assert seen(someone) == set(pictures)
    assert pictures["inner"].role_of(someone) == Role.EDITOR
    assert pictures["wharf"].role_of(someone) == pictures["top"].role_of(someone) == Role.VIEWER
    library.memberships.filter(user=someone).update(role=Role.MANAGER)
    assert pictures["inner"].role_of(afresh(someone)) == Role.MANAGER


def test_of_two_grants_the_higher_one(tree: Any, pictures: Any) -> None:
    someone = granted(tree["quarry"], Role.EDITOR)
    FolderGrant.objects.create(folder=tree["spring"], user=someone, role=Role.VIEWER)
    assert pictures["inner"].role_of(afresh(someone)) == Role.EDITOR


def test_nothing_is_left_of_it_for_who_may_not_sign_in(tree: Any, pictures: Any) -> None:
    someone = granted(tree["spring"])
    User.objects.filter(pk=someone.pk).update(is_active=False)
    assert seen(someone) == set()
    assert pictures["spring"].role_of(afresh(someone)) is None


def test_a_token_narrows_it(library: Library, tree: Any, pictures: Any) -> None:
    someone = granted(tree["spring"], Role.MANAGER)
    someone.grant = Grant(frozenset({Scope.READ}))
    assert pictures["inner"].role_of(someone) == Role.VIEWER
    someone.grant = Grant(libraries=frozenset({factories.library().pk}))
    assert not Asset.objects.visible_to(someone).exists()
    assert not Library.objects.visible_to(someone).exists()
    assert pictures["inner"].role_of(someone) is None
    someone.grant = Grant(libraries=frozenset({library.pk}))
    assert Asset.objects.visible_to(someone).count() == 2


def test_what_is_moved_in_is_seen_and_what_is_moved_out_is_not(user: User, tree: Any, pictures: Any) -> None:
    someone = granted(tree["spring"])
    ingest.update(pictures["wharf"], user, {"folder": tree["inner"]})
    assert seen(someone) == {"spring", "inner", "wharf"}
    folders.move(tree["inner"], user, tree["quarry"])
    assert seen(someone) == {"spring"}
    folders.move(tree["wharf"], user, tree["spring"])
    folders.rename(tree["spring"], user, "autumn")
    assert seen(someone) == {"spring"}
    folders.remove(tree["spring"], user, recursive=True)
    assert seen(someone) == set()
    assert not FolderGrant.objects.exists()


@pytest.mark.parametrize("role", Role)
def test_each_level_may_what_the_role_may_there(role: Role, library: Library, tree: Any, pictures: Any) -> None:
    someone = granted(tree["spring"], role)
    client = signed_in(someone)
    for name, pk, sees in (("inner", pictures["inner"].pk, True), ("wharf", pictures["wharf"].pk, False)):
        edited = client.patch(f"/api/v1/assets/{pk}/", {"description": "x"}, format="json").status_code
        assert edited == (404 if not sees else 200 if role >= Role.EDITOR else 403), name
    sent = {"file": factories.file(), "folder": str(tree["inner"].pk)}
    uploaded = client.post(address(library, "assets/"), sent)
    assert uploaded.status_code == (201 if role >= Role.CONTRIBUTOR else 403)
    made = client.post(address(library, "folders/"), {"name": "new", "parent": str(tree["inner"].pk)}, format="json")
    assert made.status_code == (201 if role >= Role.CONTRIBUTOR else 403)
    if role >= Role.CONTRIBUTOR:
        assert made.json()["path"] == "spring/inner/new"
    elsewhere = client.post(address(library, "assets/"), {"file": factories.file(factories.picture("blue"))})
    assert elsewhere.status_code == 403
    at_the_top = client.post(address(library, "folders/"), {"name": "new", "parent": None}, format="json")
    assert at_the_top.status_code == 403
    listed = client.get(address(library, f"folders/{tree['inner'].pk}/grants/"))
    assert listed.status_code == (200 if role >= Role.MANAGER else 403)


def test_moving_takes_a_role_at_both_ends(library: Library, tree: Any, pictures: Any) -> None:
    someone = granted(tree["spring"], Role.EDITOR)
    FolderGrant.objects.create(folder=tree["wharf"], user=someone, role=Role.VIEWER)
    client = signed_in(someone)

    def move(asset: str, to: Folder | None) -> int:
        sent = {"folder": str(to.pk) if to else None}
        return client.patch(f"/api/v1/assets/{pictures[asset].pk}/", sent, format="json").status_code

    def move_many(asset: str, to: Folder | None) -> int:
        sent = {"action": "move", "assets": [str(pictures[asset].pk)], "folder": str(to.pk) if to else None}
        answer = client.post(address(library, "bulk/"), sent, format="json")
        return 403 if answer.status_code == 200 and answer.json()["failed"] else answer.status_code

    for moves in (move, move_many):
        assert moves("inner", tree["wharf"]) == 403  # may look there, and add nothing
        assert moves("inner", None) == 403
        assert moves("wharf", tree["inner"]) == 403
        assert moves("inner", tree["spring"]) == 200
        assert moves("inner", tree["inner"]) == 200
    taken = client.patch(address(library, f"folders/{tree['spring'].pk}/"), {"parent": None}, format="json")
    assert taken.status_code == 403
    assert client.delete(address(library, f"folders/{tree['spring'].pk}/?recursive=true")).status_code == 403
    renamed = client.patch(address(library, f"folders/{tree['spring'].pk}/"), {"name": "may"}, format="json")
    assert renamed.json()["path"] == "may"
    assert client.delete(address(library, f"folders/{tree['inner'].pk}/?recursive=true")).status_code == 204


def test_who_adds_what_lies_elsewhere_is_not_told_so(library: Library, user: User, tree: Any) -> None:
    factories.upload(library, user, folder=tree["wharf"])
    someone = signed_in(granted(tree["spring"], Role.CONTRIBUTOR))
    sent = {"file": factories.file(), "folder": str(tree["spring"].pk)}
    assert someone.post(address(library, "assets/"), sent).status_code == 201
    sent = {"file": factories.file(), "folder": str(tree["spring"].pk)}
    assert someone.post(address(library, "assets/"), sent).status_code == 409


def test_words_of_folders_above_find_nothing(library: Library, tree: Any, pictures: Any) -> None:
    someone = signed_in(granted(tree["inner"]))
    assert names(someone, library, "assets/?q=inner", "display_name") == ["inner"]
    assert names(someone, library, "assets/?q=quarry", "display_name") == []
    assert names(someone, library, "assets/?q=spring&sort=relevance", "display_name") == []
    everything = words.terms(library, "quarry inner")
    told = words.reasons(library, [pictures["inner"].pk], everything, granted(tree["inner"]))
    assert told[pictures["inner"].pk] == ["name:inner", "folder:inner"]


def test_duplicates_elsewhere_are_not_pointed_out(user: User, tree: Any, pictures: Any) -> None:
    inner, wharf = pictures["inner"], pictures["wharf"]
    DuplicatePair.of(inner, wharf, kind="near", score=0.9, found_at=inner.created_at).save()

    def pointed_out(to: User) -> list[str]:
        return signed_in(to).get(f"/api/v1/assets/{inner.pk}/").json()["possible_duplicates"]

    assert pointed_out(user) == [str(wharf.pk)]
    assert pointed_out(granted(tree["spring"])) == []
    both = granted(tree["spring"])
    FolderGrant.objects.create(folder=tree["wharf"], user=both)
    assert pointed_out(afresh(both)) == [str(wharf.pk)]


def test_a_share_link_opens_as_long_as_its_maker_sees_the_picture(
    client: Any, user: User, library: Library, tree: Any, pictures: Any
) -> None:
    someone = granted(tree["spring"], Role.EDITOR)
    _link, token = sharing.make(someone, pictures["inner"])
    assert client.get(f"/s/{token}/").status_code == 200
    ingest.update(pictures["inner"], user, {"folder": tree["wharf"]})
    assert client.get(f"/s/{token}/").status_code == 410


def test_grants_are_listed_put_and_taken_away(library: Library, user: User, tree: Any) -> None:
    client, someone = signed_in(user), factories.user("cleo")
    Group.objects.create(name="Press")
    path = address(library, f"folders/{tree['spring'].pk}/grants/")
    made = client.put(path, {"user": "cleo", "level": "view"}, format="json")
    assert (made.status_code, made.json()["level"], made.json()["inherited"]) == (201, "view", False)
    assert client.put(path, {"user": "cleo", "level": "edit"}, format="json").status_code == 200
    assert client.put(path, {"group": "Press", "level": "manage"}, format="json").status_code == 201
    below = client.get(address(library, f"folders/{tree['inner'].pk}/grants/")).json()["results"]
    assert [(row["user"], row["group"], row["level"], row["inherited"]) for row in below] == [
        ("cleo", None, "edit", True),
        (None, "Press", "manage", True),
    ]
    for sent, code in (
        ({"user": "nobody", "level": "view"}, "unknown_user"),
        ({"group": "nobody", "level": "view"}, "unknown_group"),
        ({"level": "view"}, "bad_grantee"),
        ({"user": "cleo", "group": "Press", "level": "view"}, "bad_grantee"),
        ({"user": "cleo", "level": "own"}, "invalid"),
    ):
        refused = client.put(path, sent, format="json")
        assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert seen(someone) == set()
    assert client.delete(f"{path}{made.json()['id']}/").status_code == 204
    assert client.delete(f"{path}{made.json()['id']}/").status_code == 404
    assert afresh(someone).has_grants  # it was; what there is now, is asked
    told = AuditEntry.objects.filter(kind="foldergrant").order_by("pk").values_list("event", "name", "data__role")
    assert list(told) == [
        ("grant_made", "cleo", "viewer"),
        ("grant_changed", "cleo", "editor"),
        ("grant_made", "Press", "manager"),
        ("grant_removed", "cleo", "editor"),
    ]


def test_the_page_grants_and_takes_away(library: Library, user: User, tree: Any) -> None:
    client, someone = signed_in(user), factories.user("cleo")
    FolderGrant.objects.create(folder=tree["quarry"], user=factories.user("bob"), role=Role.VIEWER)
    path = f"/l/{library.slug}/folders/{tree['spring'].pk}/grants/"
    assert "bob" in client.get(path).content.decode()
    assert client.post(path, {"kind": "user", "name": "cleo", "role": "3"}).status_code == 302
    assert "cleo" in client.get(path).content.decode()
    assert someone.folder_grants.get().role == Role.EDITOR
    refused = client.post(path, {"kind": "group", "name": "cleo", "role": "3"})
    assert refused.status_code == 400
    assert "no group of this name" in refused.content.decode()
    assert client.post(f"{path}{someone.folder_grants.get().pk}/remove/").status_code == 302
    assert not someone.folder_grants.exists()


def test_who_manages_a_folder_grants_it_and_learns_of_none_above(library: Library, tree: Any) -> None:
    FolderGrant.objects.create(folder=tree["quarry"], user=factories.user("bob"), role=Role.VIEWER)
    client = signed_in(granted(tree["spring"], Role.MANAGER))
    factories.user("cleo")
    path = address(library, f"folders/{tree['inner'].pk}/grants/")
    assert client.put(path, {"user": "cleo", "level": "manage"}, format="json").status_code == 201
    assert "bob" not in client.get(path).content.decode()
    assert client.put(address(library, f"folders/{tree['wharf'].pk}/grants/"), {}).status_code == 404
    assert client.get(address(library, "members/")).status_code == 403


def test_what_a_grant_costs(user: User, library: Library, tree: Any, pictures: Any) -> None:
    """Members without grants are asked for none; with one, there is one query for all of a request."""
    path = address(library, "assets/")

    def asked(who: User) -> list[str]:
        client = signed_in(who)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        return [query["sql"] for query in queries.captured_queries]

    member, guest = asked(user), asked(granted(tree["spring"]))
    assert not any("foldergrant" in sql for sql in member)
    assert sum("foldergrant" in sql for sql in guest) == 1
    assert len(guest) == len(member) + 1


def test_visible_to_says_for_members_what_it_always_did(user: User, library: Library) -> None:
    sql = str(Asset.objects.visible_to(user).filter(library=library).query)
    assert "folder_id" not in sql.partition("WHERE")[2]
