"""Many assets are embedded anew, and decoded anew where that had failed."""

from typing import Any

import pytest

from media_library.models import Asset, Library, User
from search.models import EmbeddingModel, IndexEntry
from tests import factories

pytestmark = pytest.mark.django_db


def test_vectors_are_made_anew_and_what_failed_is_decoded_again(
    api: Any, library: Library, user: User, model: EmbeddingModel, enqueued: list[str],
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from search import tasks

    monkeypatch.setattr(tasks.index_pending, "delay", lambda: enqueued.append("index_pending"))
    done = factories.embedded(library, model, [1.0] * 48)
    failed = factories.asset(library, state=Asset.State.FAILED, failure_code="undecodable", failure_message="No.")
    hidden = factories.asset(library, visual_search=False)
    body = {"assets": [str(asset.pk) for asset in (done, failed, hidden)], "action": "reindex"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.post(f"/api/v1/libraries/{library.pk}/bulk/", body, format="json").json()
    assert [item["ok"] for item in answer["results"]] == [True, True, False]
    assert answer["results"][2]["code"] == "not_findable"
    assert IndexEntry.objects.get(asset=done).state == IndexEntry.State.PENDING
    failed.refresh_from_db()
    assert (failed.state, failed.failure_code) == (Asset.State.PROCESSING, "")
    assert sorted(enqueued) == ["index_pending", "render_pending"]
