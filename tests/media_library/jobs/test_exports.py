"""A ZIP file of originals or a file of JSON lines, written piece by piece and kept for a day."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.utils import timezone

from media_library import exports, zips
from media_library.jobs import running
from media_library.models import Asset, Folder, Job, Library, ResultPart, Role, User
from tests import factories
from tests.media_library.jobs.doing import begun, counts, failures, post, ran, run, run_step, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

COLORS = ("red", "green", "blue")


@pytest.fixture
def assets(library: Library, user: User) -> list[Asset]:
    return [factories.upload(library, user, factories.picture(color), f"{color}.png", tags=["all"]) for color in COLORS]


def export(client: Any, library: Library, **body: Any) -> Any:
    return post(client, f"libraries/{library.pk}/export/", **body)


def result(client: Any, job: Job, **headers: str) -> Any:
    return client.get(f"/api/v1/jobs/{job.pk}/result/", headers=headers)


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def archive(client: Any, job: Job) -> zipfile.ZipFile:
    answer = result(client, job)
    assert answer.status_code == 200, answer.content
    opened = zipfile.ZipFile(io.BytesIO(content(answer)))
    assert opened.testzip() is None
    return opened


def manifest(opened: zipfile.ZipFile) -> list[dict[str, Any]]:
    return [json.loads(line) for line in opened.read("manifest.jsonl").splitlines()]


def test_originals_and_a_manifest(api: Any, library: Library, assets: list[Asset]) -> None:
    job = ran(export(api, library, query={}, name="Whole: thing"))
    assert (job.state, counts(job)) == (Job.State.DONE, (3, 3, 0, 0))
    opened = archive(api, job)
    assert opened.namelist() == ["blue.png", "green.png", "red.png", "manifest.jsonl"]  # newest first, as lists are
    assert opened.read("red.png") == factories.picture("red")
    lines = manifest(opened)
    assert [line["file"] for line in lines] == ["blue.png", "green.png", "red.png"]
    assert lines[2]["asset"]["id"] == str(assets[0].pk)
    answer = result(api, job)
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''Whole_%20thing.zip"
    assert answer["Content-Type"] == "application/zip"
    assert int(answer["Content-Length"]) == job.result["bytes"]


def test_it_is_the_same_file_however_often_it_was_put_back(
    api: Any, library: Library, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    job = begun(export(api, library, assets=[str(asset.pk) for asset in assets]))
    for number in range(3):
        assert run_step(job).done == number + 1
    job = run(job)
    opened = archive(api, job)
    assert opened.namelist() == ["red.png", "green.png", "blue.png", "manifest.jsonl"]
    assert len(manifest(opened)) == 3
    assert ResultPart.objects.filter(job=job, section=ResultPart.Section.BODY).count() == 3


def test_a_piece_holds_so_many_bytes(
    api: Any, library: Library, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BYTES_AT_ONCE", assets[0].bytes + assets[1].bytes)
    for body in ({"query": {}}, {"assets": [str(asset.pk) for asset in assets]}):
        job = ran(export(api, library, **body))
        assert ResultPart.objects.filter(job=job, section=ResultPart.Section.BODY).count() == 2
        assert len(archive(api, job).namelist()) == 4


def test_names_are_unique_safe_and_in_folders_if_wanted(api: Any, library: Library, user: User) -> None:
    summer = Folder.objects.create(library=library, name="../Summer: 1")
    deep = Folder.objects.create(library=library, name="..", parent=summer)
    names = ["a/b", "A_B", "con", "", "x" * 255, "..", "manifest"]
    made = [
        factories.upload(library, user, factories.picture(seed=number), folder=deep) for number in range(len(names))
    ]
    for asset, name in zip(made, names, strict=True):
        Asset.objects.filter(pk=asset.pk).update(display_name=name)
    ids = [str(asset.pk) for asset in made]
    found = archive(api, ran(export(api, library, assets=ids))).namelist()
    assert found[:4] == ["a_b.png", f"A_B ({made[1].pk.hex[:8]}).png", "_con.png", "_.png"]
    assert len({name.lower() for name in found}) == len(names) + 1
    assert all(len(name) < 200 and not name.startswith((".", "/")) for name in found)
    inside = archive(api, ran(export(api, library, assets=ids, folders=True))).namelist()
    assert inside[0] == "_Summer_ 1/_/a_b.png"


def test_names_are_unique_across_pieces(
    api: Any, library: Library, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    for number in range(3):
        factories.upload(library, user, factories.picture(seed=number), "same.png")
    opened = archive(api, ran(export(api, library, query={})))
    assert len(set(opened.namelist())) == 4
    assert [line["file"] for line in manifest(opened)] == opened.namelist()[:-1]


def test_an_original_that_is_gone_fails_alone_and_can_be_added_later(
    api: Any, library: Library, assets: list[Asset]
) -> None:
    path = Path(default_storage.path(assets[1].file.name))
    kept = path.read_bytes()
    path.unlink()
    job = ran(export(api, library, query={}))
    assert (job.state, counts(job)) == (Job.State.DONE, (3, 2, 1, 0))
    assert failures(job) == [(str(assets[1].pk), "original_missing")]
    assert archive(api, job).namelist() == ["blue.png", "red.png", "manifest.jsonl"]
    path.write_bytes(kept)
    assert post(api, f"jobs/{job.pk}/retry/").status_code == 200
    job = run(job)
    assert counts(job) == (3, 3, 0, 0)
    opened = archive(api, job)
    assert opened.namelist() == ["blue.png", "red.png", "green.png", "manifest.jsonl"]
    assert [line["file"] for line in manifest(opened)] == ["blue.png", None, "red.png", "green.png"]


def test_one_asset_a_line(api: Any, library: Library, assets: list[Asset]) -> None:
    job = ran(export(api, library, query={"tags": ["all"]}, format="jsonl"))
    answer = result(api, job)
    assert answer["Content-Type"] == "application/jsonl"
    lines = [json.loads(line) for line in content(answer).splitlines()]
    listed = api.get(f"/api/v1/libraries/{library.pk}/assets/").json()["results"]
    assert lines == listed


def test_an_empty_export_is_a_file_too(api: Any, library: Library) -> None:
    assert archive(api, ran(export(api, library, query={}))).namelist() == ["manifest.jsonl"]
    assert content(result(api, ran(export(api, library, query={}, format="jsonl")))) == b""


def test_a_part_of_it_can_be_had(
    api: Any, library: Library, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    job = ran(export(api, library, query={}))
    whole = content(result(api, job))
    for first, last in ((0, 9), (100, 700), (len(whole) - 5, len(whole) - 1)):
        answer = result(api, job, range=f"bytes={first}-{last}")
        assert (answer.status_code, answer["Content-Range"]) == (206, f"bytes {first}-{last}/{len(whole)}")
        assert content(answer) == whole[first : last + 1]
    assert result(api, job, range=f"bytes={len(whole)}-").status_code == 416


def test_the_result_is_its_owners(api: Any, library: Library, assets: list[Asset], stranger: Any) -> None:
    job = ran(export(api, library, query={}))
    for client in (stranger, signed_in("max", library, Role.MANAGER)):
        assert result(client, job).status_code == 404
    library.memberships.all().delete()
    assert result(api, job).status_code == 404


def test_there_is_none_before_it_is_done(api: Any, library: Library, assets: list[Asset]) -> None:
    answer = result(api, begun(export(api, library, query={})))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")


def stored() -> set[str]:
    return {name for name in factories.stored_files() if f"{django_settings.DATA_DIR}/files/exports/" in name}


def test_it_is_swept_after_a_day(
    api: Any, library: Library, assets: list[Asset], django_capture_on_commit_callbacks: Any
) -> None:
    before = stored()
    job = ran(export(api, library, query={}))
    left_behind = default_storage.save(f"exports/{job.pk}/body", io.BytesIO(b"by a worker that was killed"))
    running.sweep()
    assert len(stored() - before) == 6
    Job.objects.update(result_expires_at=timezone.now())
    answer = result(api, job)
    assert (answer.status_code, answer.json()["code"]) == (404, "expired")
    with django_capture_on_commit_callbacks(execute=True):
        running.sweep()
    assert stored() == before
    assert not default_storage.exists(left_behind)
    assert post(api, f"jobs/{job.pk}/retry/").status_code == 409


def test_what_was_cancelled_is_swept(
    api: Any, library: Library, assets: list[Asset], monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    before = stored()
    job = run_step(begun(export(api, library, query={})))
    job.cancel()
    with django_capture_on_commit_callbacks(execute=True):
        running.sweep()
    assert stored() == before


def test_a_search_is_exported_best_first(api: Any, library: Library, model: Any) -> None:
    for number in range(3):
        factories.embedded(library, model, [1, number * 0.5] + [0] * 46, display_name=str(number))
    like = str(Asset.objects.get(display_name="0").pk)
    job = ran(export(api, library, query={"like": [like], "limit": 2}, format="jsonl"))
    lines = [json.loads(line) for line in content(result(api, job)).splitlines()]
    assert [line["display_name"] for line in lines] == ["0", "1"]


def test_viewers_export_and_strangers_do_not(library: Library, stranger: Any) -> None:
    assert export(signed_in("vic", library), library, query={}).status_code == 202
    assert export(stranger, library, query={}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"query": {}, "assets": []}, {"query": []}, {"query": {}, "format": "rar"}, {"query": {"nonsense": 1}},
     {"query": {"text": "x", "limit": 0}}, {"query": {}, "folders": "perhaps"}, {"query": {}, "name": "a\0"}],
)  # fmt: skip
def test_nonsense_is_refused(api: Any, library: Library, body: dict[str, Any]) -> None:
    assert export(api, library, **body).status_code == 400
    assert not Job.objects.exists()


def test_the_end_of_a_large_file_is_that_of_a_zip64(tmp_path: Path) -> None:
    """A sparse file of six gigabytes before two entries: offsets that need 64 bits, read by Python's own reader."""
    start = 6 * 1024**3
    path = tmp_path / "large.zip"
    with path.open("w+b") as file:
        file.seek(start)
        with zips.writing(zips.Sink(file, at=start)) as archive:
            for name in ("one", "two"):
                with archive.open(zips.entry(name), "w", force_zip64=True) as entry:
                    entry.write(name.encode() * 100)
            end = file.tell()
        file.flush()
        directory = zips.split(file, end)
        file.seek(end)
        file.write(directory + zips.end_of(2, len(directory), end))
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        assert opened.read("two") == b"two" * 100


@pytest.fixture
def bucket(s3: str, settings: Any) -> Iterator[Any]:
    options = {"endpoint_url": s3, "region_name": "us-east-1"}
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    made = boto3.resource("s3", **options, **keys).Bucket("files")
    made.create()
    own = {"bucket_name": "files", "access_key": "key", "secret_key": "secret", "file_overwrite": False}
    storage = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options | own}
    settings.S3_BUCKET = "files"
    settings.STORAGES = settings.STORAGES | {"default": storage}
    yield made
    made.objects.all().delete()
    made.delete()


def test_pieces_live_in_a_bucket_just_as_well(
    bucket: Any, api: Any, library: Library, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    for color in COLORS:
        factories.upload(library, user, factories.picture(color), f"{color}.png")
    job = ran(export(api, library, query={}))
    assert archive(api, job).namelist() == ["blue.png", "green.png", "red.png", "manifest.jsonl"]
    assert any(item.key.startswith(f"exports/{job.pk}/") for item in bucket.objects.all())
