"""The same change of many assets, at once or as a job."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from media_library import bulk, collections
from media_library.models import Asset, Delivery, Event, Folder, Job, Library, Role, User
from tests import factories
from tests.media_library.jobs.doing import begun, counts, failures, person, post, ran, run, run_step, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def assets(library: Library, user: User) -> list[Asset]:
    return [factories.asset(library, uploaded_by=user, display_name=str(number)) for number in range(3)]


def change(client: Any, library: Library, action: str, **body: Any) -> Any:
    return post(client, f"libraries/{library.pk}/bulk/", action=action, **body)


def ids(assets: list[Asset]) -> list[str]:
    return [str(asset.pk) for asset in assets]


def tags(asset: Asset) -> set[str]:
    return set(asset.tags.values_list("name", flat=True))


def test_some_are_tagged_at_once(api: Any, library: Library, assets: list[Asset]) -> None:
    answer = change(api, library, "tag", assets=ids(assets[:2]), tags=["Sea", "sky"])
    assert answer.status_code == 200
    assert answer.json() == {
        "done": 2,
        "failed": 0,
        "results": [{"asset": pk, "ok": True} for pk in ids(assets[:2])],
    }
    assert [tags(asset) for asset in assets] == [{"Sea", "sky"}, {"Sea", "sky"}, set()]


def test_tags_are_taken_away_whatever_their_case(api: Any, library: Library, assets: list[Asset]) -> None:
    change(api, library, "tag", assets=ids(assets), tags=["Sea", "sky"])
    change(api, library, "untag", assets=ids(assets[:2]), tags=["sea"])
    assert [tags(asset) for asset in assets] == [{"sky"}, {"sky"}, {"Sea", "sky"}]


def test_one_that_would_have_too_many_tags_fails_alone(api: Any, library: Library, assets: list[Asset]) -> None:
    change(api, library, "tag", assets=ids(assets[:1]), tags=[str(number) for number in range(100)])
    answer = change(api, library, "tag", assets=ids(assets[:2]), tags=["one more"]).json()
    assert [item["ok"] for item in answer["results"]] == [False, True]
    assert answer["results"][0]["code"] == "too_many_tags"
    assert assets[0].tags.count() == 100


def test_they_are_moved_and_moved_out(api: Any, library: Library, assets: list[Asset]) -> None:
    folder = Folder.objects.create(library=library, name="Summer")
    change(api, library, "move", assets=ids(assets), folder=str(folder.pk))
    assert folder.assets.count() == 3
    change(api, library, "move", assets=ids(assets[:1]), folder=None)
    assert folder.assets.count() == 2


def test_they_go_to_the_trash_and_come_back(api: Any, library: Library, assets: list[Asset]) -> None:
    change(api, library, "delete", assets=ids(assets[:2]))
    assert Asset.objects.live().count() == 1
    change(api, library, "restore", assets=ids(assets))
    assert Asset.objects.live().count() == 3


def test_only_the_trash_is_emptied_for_good(api: Any, library: Library, assets: list[Asset]) -> None:
    factories.webhook(library)
    change(api, library, "delete", assets=ids(assets[:2]))
    answer = change(api, library, "purge", assets=ids(assets)).json()
    assert [item.get("code") for item in answer["results"]] == [None, None, "not_in_trash"]
    assert list(Asset.objects.all()) == assets[2:]
    assert Delivery.objects.filter(event=Event.PURGED).count() == 2


def test_a_contributor_removes_nothing_for_good(library: Library) -> None:
    contributor = person("bob", library, Role.CONTRIBUTOR)
    own = factories.asset(library, uploaded_by=contributor, deleted_at=timezone.now())
    assert change(signed_in(contributor), library, "purge", assets=ids([own])).status_code == 403
    assert Asset.objects.filter(pk=own.pk).exists()


def test_a_job_empties_the_trash_that_a_query_finds(api: Any, library: Library, assets: list[Asset]) -> None:
    change(api, library, "delete", assets=ids(assets[:2]))
    run(begun(change(api, library, "purge", query={})))
    assert list(Asset.objects.all()) == assets[2:]


def test_metadata_is_merged_and_null_removes(api: Any, library: Library, assets: list[Asset]) -> None:
    Asset.objects.update(metadata={"shot": "a", "old": 1})
    change(api, library, "metadata", assets=ids(assets), metadata={"shot": "b", "old": None, "new": [1]})
    assert [asset.metadata for asset in Asset.objects.all()] == [{"shot": "b", "new": [1]}] * 3


def test_one_failure_does_not_stop_the_others(api: Any, library: Library, assets: list[Asset]) -> None:
    other = factories.asset(factories.library(factories.user()))
    answer = change(api, library, "delete", assets=[str(other.pk), *ids(assets)]).json()
    assert (answer["done"], answer["failed"]) == (3, 1)
    assert answer["results"][0]["code"] == "not_found"
    assert Asset.objects.live().get() == other


def test_contributors_change_their_own(library: Library, assets: list[Asset]) -> None:
    cem = person("cem", library, Role.CONTRIBUTOR)
    own = factories.asset(library, uploaded_by=cem)
    answer = change(signed_in("cem"), library, "delete", assets=[str(own.pk), *ids(assets)]).json()
    assert [item["ok"] for item in answer["results"]] == [True, False, False, False]
    assert answer["results"][1]["code"] == "forbidden"


def test_viewers_and_strangers_change_nothing(stranger: Any, library: Library, assets: list[Asset]) -> None:
    viewer = signed_in("vic", library, Role.VIEWER)
    assert change(viewer, library, "delete", assets=ids(assets)).status_code == 403
    assert change(stranger, library, "delete", assets=ids(assets)).status_code == 404
    assert Asset.objects.live().count() == 3


def test_more_assets_are_no_more_queries(api: Any, library: Library, user: User) -> None:
    made = [factories.asset(library, uploaded_by=user) for _number in range(12)]
    numbers = []
    for some in (made[:2], made):
        with CaptureQueriesContext(connection) as queries:
            change(api, library, "tag", assets=ids(some), tags=["sea"])
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_what_a_query_finds_is_changed_as_a_job(api: Any, library: Library, assets: list[Asset]) -> None:
    change(api, library, "tag", assets=ids(assets[:2]), tags=["old"])
    answer = change(api, library, "delete", query={"tags": ["old"]})
    assert answer["Location"] == f"/api/v1/jobs/{answer.json()['id']}/"
    job = ran(answer)
    assert (job.state, counts(job)) == (Job.State.DONE, (2, 2, 0, 0))
    assert Asset.objects.live().get() == assets[2]


def test_what_it_changes_no_longer_matches_and_all_are_changed(
    api: Any, library: Library, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STEP", 1)
    change(api, library, "tag", assets=ids(assets), tags=["old"])
    job = ran(change(api, library, "untag", query={"tags": ["old"]}, tags=["old"]))
    assert counts(job) == (3, 3, 0, 0)
    assert [tags(asset) for asset in assets] == [set(), set(), set()]


def test_what_comes_in_after_the_request_is_left_alone(api: Any, library: Library, assets: list[Asset]) -> None:
    job = begun(change(api, library, "delete", query={}))
    late = factories.asset(library)
    run(job)
    assert Asset.objects.live().get() == late


def test_the_trash_is_what_a_query_restores_from(api: Any, library: Library, assets: list[Asset]) -> None:
    Asset.objects.filter(pk=assets[0].pk).update(deleted_at=timezone.now())
    assert counts(ran(change(api, library, "restore", query={}))) == (1, 1, 0, 0)
    assert Asset.objects.live().count() == 3


def test_many_assets_are_a_job(
    api: Any, library: Library, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_library.api.bulk.MOST_AT_ONCE", 2)
    monkeypatch.setattr(bulk, "STEP", 2)
    gone = factories.asset(library)
    missing = str(gone.pk)
    job = begun(change(api, library, "tag", assets=[*ids(assets), missing], tags=["sea"]))
    gone.delete()
    assert counts(run_step(job)) == (4, 2, 0, 0)
    assert counts(run(job)) == (4, 3, 1, 0)
    assert failures(job) == [(missing, "not_found")]


def test_rights_are_looked_at_when_it_is_done(api: Any, library: Library, user: User, assets: list[Asset]) -> None:
    job = begun(change(api, library, "delete", query={}))
    library.memberships.filter(user=user).update(role=Role.VIEWER)
    job = run(job)
    assert (job.state, job.error_code) == (Job.State.FAILED, "forbidden")
    assert Asset.objects.live().count() == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "tag", "assets": "all", "tags": ["x"]}, "invalid"),
        ({"action": "tag", "tags": ["x"]}, "invalid"),
        ({"action": "tag", "assets": [], "tags": ["x"]}, "invalid"),
        ({"action": "tag", "assets": ["1"], "tags": ["x"]}, "invalid"),
        ({"action": "tag", "query": {}, "tags": [" "]}, "invalid"),
        ({"action": "tag", "query": {}}, "missing_option"),
        ({"action": "move", "query": {}}, "missing_option"),
        ({"action": "move", "query": {}, "folder": "6b6c1c1a-7d6f-4f7e-8f57-0c9a7a2b9c11"}, "bad_folder"),
        ({"action": "metadata", "query": {}, "metadata": {}}, "missing_option"),
        ({"action": "explode", "query": {}}, "invalid"),
        ({"action": "delete", "query": {"tag": "misspelt"}}, "unknown_filter"),
        ({"action": "delete", "query": {"state": "asleep"}}, "bad_state"),
        ({"action": "delete", "query": {"q": "a\0b"}}, "bad_parameter"),
        ({"action": "delete", "query": {"text": "a red car"}}, "missing_limit"),
        ({"action": "delete", "query": {"text": "a red car", "limit": 100_000}}, "bad_limit"),
        ({"action": "delete", "query": {"text": "a red car", "limit": 10**400}}, "bad_limit"),
        ({"action": "delete", "query": {"tags": 5}}, "bad_parameter"),
        ({"action": "delete", "query": {"folder": {"a": 1}}}, "bad_id"),
        ({"action": "delete", "query": {"min_width": [[]]}}, "bad_parameter"),
    ],
)
def test_nonsense_is_told_and_changes_nothing(
    api: Any, library: Library, assets: list[Asset], body: dict[str, Any], code: str
) -> None:
    answer = post(api, f"libraries/{library.pk}/bulk/", **body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Job.objects.exists()
    assert Asset.objects.live().count() == 3


def test_they_are_put_into_a_collection(api: Any, library: Library, user: User, assets: list[Asset]) -> None:
    collection = collections.make(library, user, name="Best")
    Asset.objects.filter(pk=assets[1].pk).update(deleted_at=timezone.now())
    answer = change(api, library, "collect", assets=ids(assets), collection=str(collection.pk)).json()
    assert [item["ok"] for item in answer["results"]] == [True, False, True]
    assert [item.asset_id for item in collection.items.order_by("position")] == [assets[0].pk, assets[2].pk]


def test_contributors_collect_what_is_not_theirs(library: Library, assets: list[Asset]) -> None:
    bea = person("bea", library, Role.CONTRIBUTOR)
    collection = collections.make(library, bea, name="Mine")
    answer = change(signed_in("bea"), library, "collect", assets=ids(assets), collection=str(collection.pk))
    assert (answer.status_code, answer.json()["failed"]) == (200, 0)


def test_a_query_is_no_collection_to_put_them_into(api: Any, library: Library, user: User, assets: list[Asset]) -> None:
    collection = collections.make(library, user, name="Red", params={"q": ["red"]})
    answer = change(api, library, "collect", assets=ids(assets), collection=str(collection.pk))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_manual")
    assert change(api, library, "collect", assets=ids(assets)).json()["code"] == "missing_option"


def test_webhooks_are_told_what_has_changed(api: Any, library: Library, assets: list[Asset]) -> None:
    factories.webhook(library)
    folder = Folder.objects.create(library=library, name="Trips")
    for action, body in (("move", {"folder": str(folder.pk)}), ("move", {"folder": str(folder.pk)}), ("delete", {})):
        change(api, library, action, assets=ids(assets[:2]), **body)
    told = Delivery.objects.order_by("created_at", "pk").values_list("event", flat=True)
    assert list(told) == ["asset.updated"] * 2 + ["asset.trashed"] * 2


def test_webhooks_are_told_that_a_job_is_over(api: Any, library: Library, assets: list[Asset]) -> None:
    factories.webhook(library, events=[Event.JOB_FINISHED])
    job = ran(change(api, library, "tag", query={}, tags=["sea"]))
    (told,) = Delivery.objects.all()
    assert job.state == Job.State.DONE
    assert json.loads(told.body)["data"]["job"] | {"finished_at": ""} == {
        "id": str(job.pk), "kind": "bulk", "state": "done", "total": 3, "done": 3, "failed": 0, "skipped": 0,
        "error": "", "finished_at": "",
    }  # fmt: skip
