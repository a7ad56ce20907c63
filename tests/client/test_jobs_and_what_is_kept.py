"""Jobs, exports, collections and webhooks as the contract has them: what is asked, and what is made of the answers."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from dam_client import ApiError, Client, Library
from dam_client import jobs as jobs_module
from dam_client.cli import main
from tests.client.scripted import Script, serving

ID = "0d9f6c1e-3a0c-4b7e-9a57-2f7c7c1b1f10"
OTHER = "6b6c1c1a-7d6f-4f7e-8f57-0c9a7a2b9c11"
LIBRARY = {"id": OTHER, "name": "A", "slug": "a"}
LISTED = (200, {"results": [LIBRARY], "next_cursor": None}, {})
ASSET = {"id": ID, "library": OTHER, "public_id": "p", "display_name": "p", "created_at": "2026-03-01T10:00:00Z"}
ASSET |= {"urls": dict.fromkeys(("page", "file", "thumb", "preview"), "http://x"), "tags": ["old"]}


def job(state: str, **more: Any) -> tuple[int, Any, dict[str, str]]:
    return 200, {"id": ID, "kind": "export_zip", "state": state, "total": 4, "done": 3, "failed": 0} | more, {}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module.time, "sleep", lambda seconds: None)


def bodies(script: Script) -> list[tuple[str, str, Any]]:
    asked = script.asked[1:]  # the first one has found the library
    return [(each.method, each.path.split("/api/v1/")[1], json.loads(each.body or b"null")) for each in asked]


def library_of(script: Script) -> Library:
    return Client(script.url, "x").library()


def test_a_job_is_waited_for_and_its_result_saved(tmp_path: Path) -> None:
    seen: list[int | None] = []
    with serving(job("pending", progress=0), job("running", progress=60), job("done"), (200, b"PK", {})) as script:
        jobs = Client(script.url, "x").jobs
        done = jobs.wait(ID, seen=lambda now: seen.append(now.progress))
        saved = jobs.download(done, tmp_path / "x.zip")
    assert (done.state, seen, saved.read_bytes()) == ("done", [0, 60, None], b"PK")
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize(
    ("answer", "code", "sentence"),
    [
        (job("failed", error={"code": "disk_full", "message": "The disk is full."}), "job_failed", "The disk is full."),
        (job("cancelled"), "job_cancelled", "was cancelled."),
        (job("running"), "still_running", "is still running."),
    ],
)
def test_a_job_that_ends_badly_is_an_error(answer: Any, code: str, sentence: str) -> None:
    with serving(answer) as script, pytest.raises(ApiError, match=sentence) as caught:
        Client(script.url, "x").jobs.wait(ID, timeout=0)
    assert caught.value.code == code


def test_exports_bulk_changes_and_imports_send_assets_or_filters() -> None:
    with serving(LISTED, job("pending")) as script:
        library = library_of(script)
        library.export([ID], format="jsonl", name="x")
        library.export(query={"tag": "sea", "min_width": 5}, folders=True)
        library.bulk("tag", [ID], tags=["red"])
        library.start_import(urls=["http://x"], tags=["a"])
    of = f"libraries/{OTHER}/"
    assert bodies(script) == [
        ("POST", f"{of}export/", {"format": "jsonl", "assets": [ID], "name": "x"}),
        ("POST", f"{of}export/", {"format": "zip", "query": {"tags": "sea", "min_width": "5"}, "folders": True}),
        ("POST", f"{of}bulk/", {"action": "tag", "assets": [ID], "tags": ["red"]}),
        ("POST", f"{of}imports/", {"urls": ["http://x"], "tags": ["a"]}),
    ]


def test_rows_are_made_changed_filled_and_removed() -> None:
    row = (200, {"id": ID, "name": "Covers", "url": "http://x", "secret": "s", "changed": 1}, {})
    with serving(LISTED, row) as script:
        library = library_of(script)
        made = library.collections.create(name="Covers", params={"text": "night"})
        library.collections.add(made, [ID], before=OTHER)
        library.collections.remove(made, [ID])
        library.saved_searches.update(ID, shared=True)
        library.members.delete("ann/ä")
        hook = Client(script.url, "x").webhooks.create(library=library, url="http://x", events=["asset.ready"])
    of = f"libraries/{OTHER}/"
    assert hook.secret == "s"  # type: ignore[attr-defined]
    assert bodies(script) == [
        ("POST", f"{of}collections/", {"name": "Covers", "params": {"text": "night"}}),
        ("POST", f"{of}collections/{ID}/assets/", {"assets": [ID], "before": OTHER}),
        ("POST", f"{of}collections/{ID}/assets/remove/", {"assets": [ID]}),
        ("PATCH", f"{of}saved-searches/{ID}/", {"shared": True}),
        ("DELETE", f"{of}members/ann%2F%C3%A4/", None),
        ("POST", "webhooks/", {"library": OTHER, "url": "http://x", "events": ["asset.ready"]}),
    ]


def test_tags_that_somebody_else_changes_meanwhile_are_read_again() -> None:
    first, second = (200, ASSET, {"ETag": '"1"'}), (200, ASSET | {"tags": ["theirs"]}, {"ETag": '"2"'})
    changed = (412, {"detail": "This has changed.", "code": "changed"}, {})
    with serving(first, changed, second, second) as script:
        Client(script.url, "x").assets.retag(ID, add=["new"])
    patches = [(each.headers["if-match"], json.loads(each.body)) for each in script.asked if each.method == "PATCH"]
    assert patches == [('"1"', {"tags": ["old", "new"]}), ('"2"', {"tags": ["theirs", "new"]})]


def test_the_command_exports_by_a_job_where_the_server_has_them(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    to = home / "new" / "x.zip"
    with serving(LISTED, (202, job("pending")[1], {}), job("running"), job("done", done=4), (200, b"PK", {})) as script:
        monkeypatch.setattr(sys, "argv", ["dam", "export", "-f", "tag=sea", "--to", str(to), "--url", script.url])
        with pytest.raises(SystemExit) as ended:
            main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err) == (0, f"{to}\n", "Exported 4 assets.\n")
    assert to.read_bytes() == b"PK"
    assert bodies(script)[0][2] == {"format": "zip", "query": {"tags": ["sea"]}, "folders": True}
