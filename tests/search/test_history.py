"""What has happened to an asset, stage by stage, and having it done again."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from media_library import processing
from media_library.models import Asset, Library, Role, User
from search import indexing
from search.duplicates import finding
from search.models import DetectorRun, Embedding, EmbeddingModel, Fingerprint, IndexEntry, RegionEmbedding
from tests import factories
from tests.members import member, stranger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]


def stages(api: APIClient, asset: Asset) -> dict[str, dict[str, Any]]:
    return {stage["stage"]: stage for stage in api.get(f"/api/v1/assets/{asset.pk}/history/").json()["results"]}


def reindex(api: APIClient, asset: Asset) -> Any:
    return api.post(f"/api/v1/assets/{asset.pk}/reindex/")


def test_a_history_goes_from_the_upload_to_the_comparison(
    api: APIClient, library: Library, user: User, model: EmbeddingModel
) -> None:
    asset = factories.upload(library, user)
    before = stages(api, asset)
    assert {name: stage["state"] for name, stage in before.items()} == {
        "uploaded": "done", "rendered": "pending", "indexed": "pending", "duplicates_compared": "pending",
    }  # fmt: skip
    processing.render_pending()
    indexing.index_pending()
    finding.find_pending()
    after = stages(api, asset)
    assert {stage["state"] for stage in after.values()} == {"done"}
    assert all(stage["finished_at"] for stage in after.values())
    assert (after["indexed"]["by"], after["indexed"]["attempts"], after["indexed"]["error"]) == ("Fake", 1, None)
    times = [after[name]["finished_at"] for name in ("uploaded", "rendered", "indexed", "duplicates_compared")]
    assert times == sorted(times)


def test_a_failure_is_told_with_its_attempts(api: APIClient, library: Library, model: EmbeddingModel) -> None:
    asset = factories.asset(library)
    IndexEntry.objects.create(
        asset=asset, model=model, state="failed", attempts=3, error_code="encoding_failed", error="It could not."
    )
    found = stages(api, asset)["indexed"]
    assert (found["state"], found["attempts"]) == ("failed", 3)
    assert found["error"] == {"code": "encoding_failed", "message": "It could not."}


def test_a_picture_that_cannot_be_decoded_says_so(api: APIClient, library: Library, model: EmbeddingModel) -> None:
    asset = factories.asset(library, state="failed", failure_code="truncated", failure_message="It ends too early.")
    found = stages(api, asset)
    assert (found["rendered"]["state"], found["rendered"]["error"]["code"]) == ("failed", "truncated")
    assert {found[name]["state"] for name in ("indexed", "duplicates_compared")} == {"skipped"}


def test_regions_detectors_and_the_trash_are_stages(api: APIClient, library: Library, model: EmbeddingModel) -> None:
    asset = factories.embedded(library, model, [1.0] * 48)
    region = factories.embedded_region(asset, model, [1.0] * 48)
    DetectorRun.objects.create(asset=asset, detector="some", attempts=3, error_code="detection_failed", error="No.")
    Asset.objects.filter(pk=asset.pk).trash()
    found = stages(api, asset)
    assert (found["region_indexed"]["state"], found["region_indexed"]["region"]) == ("done", str(region.pk))
    assert (found["regions_detected"]["state"], found["regions_detected"]["by"]) == ("failed", "some")
    assert found["trashed"]["finished_at"]


def test_an_excluded_picture_is_skipped_and_not_indexed_again(
    api: APIClient, library: Library, model: EmbeddingModel
) -> None:
    asset = factories.asset(library, visual_search=False)
    assert stages(api, asset)["indexed"]["state"] == "skipped"
    answer = reindex(api, asset)
    assert (answer.status_code, answer.json()["code"]) == (409, "excluded")


@pytest.mark.usefixtures("django_capture_on_commit_callbacks")
def test_reindexing_embeds_and_compares_once_more_and_finds_it_meanwhile(
    api: APIClient, library: Library, user: User, model: EmbeddingModel
) -> None:
    asset = factories.upload(library, user)
    processing.render_pending()
    indexing.index_pending()
    finding.find_pending()
    region = factories.embedded_region(asset, model, [1.0] * 48)
    Embedding.objects.update(vector=[0.0] * 47 + [1.0])
    answer = reindex(api, asset)
    assert answer.status_code == 202
    pending = {stage["stage"] for stage in answer.json()["results"] if stage["state"] == "pending"}
    assert pending == {"indexed", "region_indexed", "duplicates_compared"}
    assert Embedding.objects.get().asset_id == asset.pk
    assert indexing.index_pending() == 1
    assert Embedding.objects.get().vector[-1] < 1
    assert RegionEmbedding.objects.get(region=region).vector is None
    assert finding.find_pending() == 1
    assert Fingerprint.objects.get().compared_at


def test_what_a_worker_has_in_hand_stays_with_it(api: APIClient, library: Library, model: EmbeddingModel) -> None:
    asset = factories.asset(library)
    entry = IndexEntry.objects.create(asset=asset, model=model, state="running", attempts=1, started_at=timezone.now())
    assert reindex(api, asset).status_code == 202
    entry.refresh_from_db()
    assert (entry.state, entry.attempts) == ("running", 1)


def test_what_failed_is_decoded_again(api: APIClient, library: Library, user: User, model: EmbeddingModel) -> None:
    asset = factories.upload(library, user)
    Asset.objects.update(state="failed", failure_code="too_slow", failure_message="It took too long.", attempts=4)
    assert reindex(api, asset).status_code == 202
    processing.render_pending()
    found = stages(api, asset)["rendered"]
    assert (found["state"], found["error"]) == ("done", None)
    assert api.get(f"/api/v1/assets/{asset.pk}/").json()["failure"] is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR])
def test_members_read_a_history_and_editors_index_again(library: Library, model: EmbeddingModel, role: Role) -> None:
    asset = factories.asset(library)
    client = member(library, role)
    assert stages(client, asset)
    assert reindex(client, asset).status_code == (202 if role == Role.EDITOR else 403)
    assert reindex(stranger(), asset).status_code == 404
    assert stranger().get(f"/api/v1/assets/{asset.pk}/history/").status_code == 404


def test_without_a_model_there_is_a_history_all_the_same(api: APIClient, library: Library) -> None:
    asset = factories.asset(library)
    assert stages(api, asset).keys() == {"uploaded", "rendered", "duplicates_compared"}
    assert reindex(api, asset).status_code == 202
