"""Every command, typed as processes against the running product."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dam_client import Client, Library
from dam_client.cli import main
from tests.client.commands import Shell
from tests.client.drawn import noise
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.slow


@pytest.fixture
def drawn(shell: Shell, shown: Library) -> Shell:
    """About the product's library of drawings."""
    shell.variables["DAM_LIBRARY"] = shown.slug
    return shell


@pytest.fixture
def held(shell: Shell, library: Library) -> Shell:
    """About a library of three pictures."""
    library.folders.at("holiday/2024", create=True)
    for number in range(3):
        library.upload(noise(number), name=f"p{number}.jpg", tags=["old"], folder="holiday/2024" if number else None)
    shell.variables["DAM_LIBRARY"] = library.slug
    return shell


def test_it_needs_nothing_of_the_server() -> None:
    code = "import sys, dam_client.cli, dam_client.assistants.server; "
    code += "print({'django', 'dam', 'media_library', 'search', 'torch', 'boto3'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_signing_in_keeps_a_token_and_signing_out_forgets_it(stack: Stack, shell: Shell) -> None:
    shell.variables.clear()
    wrong = shell.refused("login", stack.url, "-u", "demo", "--password-stdin", given="wrong\n")
    assert wrong == "dam: User name or password is wrong."
    said = shell.run("login", f"{stack.url}/", "-u", "demo", "--password-stdin", given=f"{stack.password}\n")
    assert said.stderr.startswith(f"Signed in at {stack.url}; you can see ")
    (told,) = shell.json("whoami")
    assert (told["url"], told["username"]) == (stack.url, "demo")
    assert shell.run("logout").stderr == f"Signed out of {stack.url}.\n"
    assert shell.refused("whoami").startswith("dam: Say which server: run `dam login`")


def test_a_token_from_standard_input_is_tried_before_it_is_kept(stack: Stack, shell: Shell, token: str) -> None:
    shell.variables.clear()
    assert "This token is not valid" in shell.refused("login", stack.url, "--token-stdin", given="dam_no\n")
    assert shell.run("login", stack.url, "--token-stdin", given=f"{token}\n").returncode == 0


def test_status_and_libraries_say_how_things_are(stack: Stack, drawn: Shell, shown: Library) -> None:
    rows = drawn.lines("status")
    assert rows[:2] == [["server", stack.url], ["state", "ready"]]
    (row,) = [row for row in drawn.lines("libraries") if row[0] == shown.slug]
    assert row[2:] == ["manager", str(shown.detail().counts.total), str(shown.id)]


def test_search_prints_a_table_or_json(drawn: Shell) -> None:
    rows = drawn.lines("search", "sunset over the sea", "--limit", "2")
    assert len(rows) == 2
    name, band, why, page = rows[0]
    assert (name, "name:sunset" in why, "/assets/" in page) == ("Sunset over the sea", True, True)
    (hit,) = drawn.json("search", "sunset", "over", "the", "sea", "-n", "1")
    assert (hit["asset"]["display_name"], hit["band"] or "-") == (name, band)


def test_search_by_example_without_and_narrowed(drawn: Shell, shown: Library, dam: Client, tmp_path: Path) -> None:
    (picture,) = [asset for asset in shown.assets() if asset.display_name == "Beach with a palm tree"]
    path = dam.assets.download(picture, tmp_path / "photo.jpg")
    rows = drawn.lines("search", "--like", path, "--not", "boat", "-f", "folder=holiday", "-f", "color=blue")
    assert rows[0][0] == "Beach with a palm tree"
    assert drawn.lines("similar", "beach with a palm tree", "-n", "1")[0][0] == "Beach with a palm tree"


def test_a_minus_before_a_word_is_what_is_not_wanted(drawn: Shell) -> None:
    first = drawn.json("search", 'beach -"palm tree" -boat', "--looks-only")
    second = drawn.json("search", "beach", "--not", "palm tree", "--not", "boat", "--looks-only")
    assert first == second


def test_ls_show_folders_and_tags_list_what_there_is(held: Shell, library: Library) -> None:
    rows = held.lines("ls", "holiday", "--sort", "display_name")
    assert [(row[0], row[1], row[4]) for row in rows] == [("p1", "120x80", "old"), ("p2", "120x80", "old")]
    done = held.run("ls", "-n", "1", "--json")
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "There are more: --all lists them.\n")
    assert held.lines("folders") == [["holiday"], ["holiday/2024"]]
    assert held.lines("tags") == [["old", "3"]]
    told = dict(held.lines("show", rows[0][5]))
    assert (told["name"], told["folder"], told["tags"]) == ("p1", "holiday/2024", "old")


def test_tags_are_added_and_removed_for_what_is_piped_in(held: Shell, library: Library) -> None:
    listed = held.run("ls", "--json").stdout
    assert held.run("tag", "-", "-a", "new", "-r", "OLD", given=listed).stderr == "Changed 3 assets.\n"
    assert [tag.name for tag in library.tags if tag.assets] == ["new"]
    assert "names no asset" in held.refused("tag", "-", "-a", "x", given='{"id": ')


def test_downloads_go_where_they_should(held: Shell, tmp_path: Path) -> None:
    ids = "\n".join(row[5] for row in held.lines("ls", "--sort", "display_name"))
    paths = [Path(line) for (line,) in held.lines("download", "-", "--to", tmp_path / "new", given=ids)]
    assert [path.name for path in paths] == ["p0.jpg", "p1.jpg", "p2.jpg"]
    assert [path.read_bytes() for path in paths] == [noise(number) for number in range(3)]


def test_an_export_is_a_folder_that_can_be_gone_on_with(held: Shell, tmp_path: Path) -> None:
    to = tmp_path / "out"
    held.lines("export", "--to", to)
    (to / "p0.jpg").unlink()
    before = (to / "holiday/2024/p1.jpg").stat().st_mtime_ns
    held.lines("export", "--to", to)
    assert (to / "holiday/2024/p1.jpg").stat().st_mtime_ns == before
    assert sorted(str(path.relative_to(to)) for path in to.rglob("*.*")) == [
        "holiday/2024/p1.jpg", "holiday/2024/p2.jpg", "p0.jpg",
    ]  # fmt: skip
    assert held.refused("export", "-f", "tag=nothing", "--to", tmp_path / "x.jsonl", "-n", "3").endswith("to export.")


def test_an_export_is_a_zip_or_json_lines(held: Shell, tmp_path: Path) -> None:
    held.lines("export", "--to", tmp_path / "x.zip", "-f", "folder=holiday")
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["holiday/2024/p1.jpg", "holiday/2024/p2.jpg", "manifest.jsonl"]
        assert archive.read("holiday/2024/p1.jpg") == noise(1)
    held.lines("export", "--asset", "p0", "--to", tmp_path / "x.jsonl")
    (line,) = (tmp_path / "x.jsonl").read_text().splitlines()
    assert json.loads(line)["display_name"] == "p0"


def test_an_import_says_what_it_would_do_does_it_and_tells_failures(
    shell: Shell, library: Library, folder: Path, tmp_path: Path
) -> None:
    shell.variables["DAM_LIBRARY"] = str(library.id)
    (folder / "broken.jpg").write_bytes(noise(1)[:-9])
    options = ["--folders", "--into", "In/2024", "--tag", "new"]
    would = shell.run("import", folder, *options, "--dry-run")
    assert would.stderr.splitlines()[0].startswith("Would send 13 pictures (")
    assert (len(list(library.assets())), library.folders.paths()) == (0, {})
    report = tmp_path / "report.jsonl"
    done = shell.run("import", folder, *options, "--report", report, "--json")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 13
    assert done.stderr.splitlines()[-2:] == [
        "12 imported, 1 failed.", "Passed over: 1 hidden and 1 no pictures (.txt 1).",
    ]  # fmt: skip
    (failure,) = map(json.loads, report.read_text().splitlines())
    assert (failure["path"], failure["code"]) == (str(folder / "broken.jpg"), "truncated")
    assert len(list(library.assets(folder="In/2024/holiday", tag="new"))) == 8


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["search"], 2, "Say what to look for"),
        (["search", "x", "-f", "colr=red"], 2, "There is no filter “colr”: did you mean color?"),
        (["search", "x", "-f", "colr"], 2, "“colr” is no filter: say NAME=VALUE, such as color=red."),
        (["similar", "nofile.jpg"], 1, "There is no file nofile.jpg."),
        (["show", "nothing"], 1, "There is no asset called nothing: give an id"),
        (["show", "00000000-0000-0000-0000-000000000000"], 1, "There is nothing here, or you may not see it."),
        (["ls", "--library", "nowhere"], 1, "There is no library nowhere: you can see "),
        (["import", "/nowhere/at/all"], 1, "/nowhere/at/all cannot be read: No such file or directory."),
        (["tag", "x"], 2, "Say which tags: --add TAG, --remove TAG."),
        (["jobs", "00000000-0000-0000-0000-000000000000"], 1, "There is nothing here, or you may not see it."),
        (["mcp", "--url", "127.0.0.1:1"], 1, "The server http://127.0.0.1:1 cannot be reached: Connection refused."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    drawn: Shell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    for name, value in drawn.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["dam", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (code, "")
    assert sentence in said.err.splitlines()[-1]


def test_a_revoked_token_says_what_to_do(shell: Shell) -> None:
    shell.variables["DAM_TOKEN"] = "dam_revoked"
    assert shell.refused("ls").endswith("it is unknown, revoked or expired. Run `dam login`.")


def test_a_reader_that_goes_away_is_no_failure(drawn: Shell) -> None:
    process = drawn.start("search", "sea", "--json")
    assert process.stdout
    process.stdout.close()
    process.wait(60)
    assert process.stderr and process.stderr.read() == ""
