"""Step 1: every parameter, and every status."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from billiard.exceptions import WorkerLostError
from celery.exceptions import TimeoutError as ResultTimeout
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.models import Asset, Library, Role, User
from search import anchors, tasks
from search.models import IndexEntry, QueryAnchor
from tests import factories
from tests.contracts.visual_layer.asking import explore, found, post, refused, signed_by, upload_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "eager", "pictures")]


def test_a_picture_becomes_an_anchor(vl: APIClient, library: Library, user: User) -> None:
    answer = post(vl, library, threshold=2)
    assert answer.status_code == 200
    assert set(answer.json()) == {"anchor_media_id", "anchor_type"}
    assert answer.json()["anchor_type"] == "UPLOAD"
    anchor = QueryAnchor.objects.get(pk=answer.json()["anchor_media_id"])
    assert (anchor.owner, anchor.library, anchor.level) == (user, library, 2)
    assert anchor.expires_at - timezone.now() > timedelta(hours=23, minutes=59)


def test_parameters_may_stand_in_the_form(vl: APIClient, library: Library) -> None:
    box = json.dumps({"x": 0, "y": 0, "width": 0.5, "height": 0.5})
    form = {"file": factories.file(), "entity_type": "OBJECTS", "threshold": "4", "bounding_box": box}
    assert vl.post(upload_url(library), form).status_code == 200
    assert QueryAnchor.objects.get().level == 4


def test_nothing_but_the_anchor_is_kept(vl: APIClient, library: Library) -> None:
    before = factories.stored_files()
    post(vl, library)
    anchor = QueryAnchor.objects.get()
    assert len(factories.stored_files() - before) == len([name for name in (anchor.thumb, anchor.picture) if name])


def test_a_box_is_what_is_searched_with(vl: APIClient, library: Library, fake_embedder: Any) -> None:
    from PIL import Image

    drawn = Image.new("RGB", (100, 80), "green")
    drawn.paste("blue", (50, 0, 100, 80))
    box = quote(json.dumps({"x": 0.5, "y": 0, "width": 0.5, "height": 1}))
    anchor = post(vl, library, factories.picture_of(drawn, "PNG"), bounding_box=box).json()
    assert found(explore(vl, library, **anchor))[0] == "blue"


@pytest.mark.parametrize(
    "box",
    [
        "10,20,30,40", "{", "[]", "7", '{"x":0,"y":0,"width":1}', '{"x":-0.1,"y":0,"width":1,"height":1}',
        '{"x":1,"y":0,"width":1,"height":1}', '{"x":0,"y":0,"width":0,"height":1}',
        '{"x":0.5,"y":0,"width":0.50001,"height":1}', '{"x":0,"y":0,"width":NaN,"height":1}',
        '{"x":0,"y":0,"width":640,"height":480}', '{"x":"a","y":0,"width":1,"height":1}',
        '{"x":0,"y":0,"width":1e999,"height":1}', '{"x":true,"y":0,"width":1,"height":1}',
    ],
)  # fmt: skip
def test_a_box_that_is_none_is_refused_with_what_is_expected(vl: APIClient, library: Library, box: str) -> None:
    assert "fractions" in refused(post(vl, library, bounding_box=quote(box)), 400)
    assert not QueryAnchor.objects.exists()


def test_rounding_at_the_edge_is_forgiven(vl: APIClient, library: Library) -> None:
    box = quote('{"x":0.5,"y":0,"width":0.5000009,"height":1}')
    assert post(vl, library, bounding_box=box).status_code == 200


def test_a_box_of_fewer_than_16_pixels_is_refused(vl: APIClient, library: Library) -> None:
    box = quote('{"x":0,"y":0,"width":0.1,"height":1}')
    assert "too small" in refused(post(vl, library, bounding_box=box), 400)
    assert not QueryAnchor.objects.exists()


@pytest.mark.parametrize(
    "params",
    [
        {"entity_type": None}, {"entity_type": ""}, {"entity_type": "VIDEOS"}, {"threshold": "5"}, {"threshold": "-1"},
        {"threshold": "0.5"}, {"threshold": "x"}, {"threshold": "²"},
    ],
)  # fmt: skip
def test_parameters_that_are_missing_or_wrong_are_refused(
    vl: APIClient, library: Library, params: dict[str, Any]
) -> None:
    refused(post(vl, library, **params), 400)


def test_the_file_is_required(vl: APIClient, library: Library) -> None:
    url = f"{upload_url(library)}?entity_type=IMAGES"
    for answer in (
        vl.post(url, {"file": "not a file"}),
        vl.post(url),
        vl.post(url, {"image": factories.file()}),
        vl.post(url, {"file": "x"}, format="json"),
        vl.post(url, b"--x", content_type="multipart/form-data; boundary="),
    ):
        refused(answer, 400)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", factories.picture()[:60]])
def test_what_cannot_be_opened_is_a_bad_request(vl: APIClient, library: Library, content: bytes) -> None:
    before = factories.stored_files()
    refused(post(vl, library, content), 400)
    assert not QueryAnchor.objects.exists()
    assert factories.stored_files() == before


def test_what_breaks_only_when_it_is_decoded_is_too(vl: APIClient, library: Library, monkeypatch: Any) -> None:
    error = {"message": "Broken.", "code": "undecodable", "status": 422}
    monkeypatch.setattr(anchors, "decode", lambda upload, box: {"error": error})
    before = factories.stored_files()
    assert refused(post(vl, library), 400) == "Broken."
    assert not QueryAnchor.objects.exists()
    assert factories.stored_files() == before


def test_too_large_a_file_is_a_bad_request(vl: APIClient, library: Library, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    content = factories.picture() + b"\0" * 1000
    assert "larger than" in refused(post(vl, library, content), 400)


def test_a_body_that_is_far_too_large_is_refused_unread(vl: APIClient, library: Library) -> None:
    url = f"{upload_url(library)}?entity_type=IMAGES"
    answer = vl.post(url, {"file": factories.file()}, CONTENT_LENGTH=str(200 * 1024 * 1024))
    refused(answer, 400)


def test_a_token_is_needed(library: Library) -> None:
    refused(post(APIClient(), library), 401)
    refused(post(APIClient(headers={"Authorization": "Bearer eyJ.x.y"}), library), 401)


def test_a_foreign_dataset_is_none(vl: APIClient, stranger: APIClient, library: Library) -> None:
    foreign = refused(post(stranger, library), 404)
    for unknown in ("00000000-0000-0000-0000-000000000000", "nonsense", "%00"):
        url = f"/api/v1/dataset/{unknown}/search-image-similarity?entity_type=IMAGES"
        assert refused(vl.post(url, {"file": factories.file()}), 404) == foreign


def test_viewers_may_search(library: Library) -> None:
    viewer = factories.user("vic")
    library.memberships.create(user=viewer, role=Role.VIEWER)
    assert post(signed_by(viewer), library).status_code == 200


# --- READY ------------------------------------------------------------------------------------------------------------


def pending(library: Library, model: Any) -> Asset:
    asset = factories.asset(library)
    IndexEntry.objects.create(asset=asset, model=model)
    return asset


def test_an_empty_dataset_is_not_ready(vl: APIClient, user: User) -> None:
    empty = factories.library(user, name="Empty")
    assert "no images yet" in refused(post(vl, empty), 409)


def test_a_first_indexing_is_waited_for(vl: APIClient, user: User, model: Any) -> None:
    fresh = factories.library(user, name="Fresh")
    factories.embedded(fresh, model, [1.0] * 48)
    pending(fresh, model)
    assert "for the first time" in refused(post(vl, fresh), 409)
    refused(explore(vl, fresh, anchor_media_id=fresh.pk, anchor_type="MEDIA"), 409)
    assert len(found(explore(vl, fresh, caption="red"))) == 1  # what is there can be looked at
    assert explore(vl, fresh).status_code == 200


def test_new_images_do_not_make_a_dataset_less_ready(vl: APIClient, library: Library, model: Any) -> None:
    assert post(vl, library).status_code == 200
    pending(library, model)
    assert post(vl, library).status_code == 200


def test_that_the_first_indexing_is_over_is_noted_by_the_worker(
    vl: APIClient, library: Library, model: Any, monkeypatch: Any
) -> None:
    from search import indexing

    monkeypatch.setattr(indexing, "index_pending", lambda: 1)
    tasks.index_pending()
    pending(library, model)
    assert post(vl, library).status_code == 200


def test_where_nothing_could_be_indexed_that_is_said(vl: APIClient, user: User, model: Any) -> None:
    broken = factories.library(user, name="Broken")
    IndexEntry.objects.create(asset=factories.asset(broken), model=model, state=IndexEntry.State.FAILED)
    assert "none of its images" in refused(post(vl, broken), 409)


def test_without_a_model_no_dataset_is_ready(vl: APIClient, library: Library, model: Any) -> None:
    model.state = "retired"
    model.save()
    refused(post(vl, library), 409)


# --- a busy worker ----------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The worker does not come to it; the ids of the anchors that wait."""
    waiting: list[str] = []

    class Late:
        def get(self, **options: Any) -> None:
            raise ResultTimeout

    def delay(anchor_id: str) -> Late:
        waiting.append(anchor_id)
        return Late()

    monkeypatch.setattr(tasks.read_anchor, "delay", delay)
    return waiting


def test_a_busy_worker_is_waited_for(vl: APIClient, library: Library, busy: list[str]) -> None:
    answer = post(vl, library)
    assert answer.status_code == 202
    assert answer.json() == {"anchor_media_id": busy[0], "anchor_type": "UPLOAD"}
    waiting = explore(vl, library, **answer.json())
    refused(waiting, 202)
    assert int(waiting["Retry-After"]) > 0
    anchors.read(busy[0])
    assert found(explore(vl, library, **answer.json()))[0] == "red"
    anchors.read(busy[0])  # a second time does no harm
    assert found(explore(vl, library, **answer.json()))[0] == "red"


def test_its_upload_is_gone_once_it_is_read_or_expired(vl: APIClient, library: Library, busy: list[str]) -> None:
    before = factories.stored_files()
    post(vl, library)
    (upload,) = factories.stored_files() - before
    anchors.read(busy[0])
    assert upload not in factories.stored_files()
    assert QueryAnchor.objects.get().is_read


def test_what_turns_out_to_be_broken_is_told_then(
    vl: APIClient, library: Library, busy: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    anchor = post(vl, library).json()
    error = {"message": "Broken.", "code": "undecodable", "status": 422}
    monkeypatch.setattr(anchors, "decode", lambda upload, box: {"error": error})
    anchors.read(busy[0])
    assert refused(explore(vl, library, **anchor), 400) == "Broken."


def test_what_kills_the_worker_is_a_bad_request(
    vl: APIClient, library: Library, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def lost(anchor_id: str) -> None:
        raise WorkerLostError

    monkeypatch.setattr(anchors, "read", lost)
    before = factories.stored_files()
    with django_capture_on_commit_callbacks(execute=True):
        refused(post(vl, library), 400)
    assert not QueryAnchor.objects.exists()
    assert factories.stored_files() == before


def test_of_two_that_read_it_at_once_one_leaves_its_files(
    vl: APIClient, library: Library, busy: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    post(vl, library)
    before, decode = factories.stored_files(), anchors.decode

    def overtaken(upload: str, box: Any) -> Any:
        monkeypatch.setattr(anchors, "decode", decode)
        made = decode(upload, box)
        anchors.read(busy[0])
        return made

    monkeypatch.setattr(anchors, "decode", overtaken)
    anchors.read(busy[0])
    anchor = QueryAnchor.objects.get()
    kept = {name for name in (anchor.thumb.name, anchor.picture.name) if name}
    assert {path.partition("/files/")[2] for path in factories.stored_files() - before} == kept


def test_what_is_never_read_is_given_up(vl: APIClient, library: Library, busy: list[str]) -> None:
    anchor = post(vl, library).json()
    QueryAnchor.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert "too long" in refused(explore(vl, library, **anchor), 400)


def test_the_native_api_waits_for_it_too(api: APIClient, vl: APIClient, library: Library, busy: list[str]) -> None:
    anchor = post(vl, library).json()["anchor_media_id"]
    answer = api.get(f"/api/v1/libraries/{library.pk}/search/", {"anchor": anchor})
    assert (answer.status_code, answer.json()["code"]) == (503, "not_read_yet")
    assert api.get(f"/api/v1/anchors/{anchor}/thumb/").status_code == 404


def test_names_of_files_do_no_harm(vl: APIClient, library: Library) -> None:
    file = SimpleUploadedFile("../../etc/pass\0wd.png", factories.picture())
    assert vl.post(f"{upload_url(library)}?entity_type=IMAGES", {"file": file}).status_code == 200
