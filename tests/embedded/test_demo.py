"""`make demo` as a person meets it: real processes, one sentence for whatever stops it, nothing left behind."""

import json
import os
import signal
import socket
import stat
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from dam.embedded import addresses, children
from tests.stack import DEMO, ROOT, Stack, draw_photos, environment, free_port, open_folder, running

COUNT = "from media_library.models import Asset; print(Asset.objects.count())"


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


@dataclass(frozen=True)
class Home:
    """A data folder that a first start has filled."""

    data: Path
    photos: Path
    pictures: int
    password: str


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with open_folder() as folder:
        photos = folder / "photos"
        pictures = len(draw_photos(photos))
        with running(folder / "data", PHOTOS=str(photos)) as stack:
            stack.wait_for("ready: ")
        yield Home(folder / "data", photos, pictures, stack.password)


def refused(folder: Path, **more: str) -> str:
    """What a start says that cannot succeed; it must be one sentence, without a traceback."""
    done = subprocess.run(
        DEMO,
        cwd=ROOT,
        env=environment(folder / "data", int(more.pop("PORT", free_port())), **more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


def processes_of(stack: Stack) -> list[psutil.Process]:
    return [psutil.Process(stack.process.pid), *psutil.Process(stack.process.pid).children(recursive=True)]


def test_it_imports_a_folder_and_says_who_may_sign_in(stack: Stack) -> None:
    assert "user: demo" in stack.lines
    assert len(stack.password) >= 12
    assert stack.wait_for("ready: ") == f"ready: {stack.url}/"
    assert any(line.startswith("1 file was skipped: ") for line in stack.lines)
    with urllib.request.urlopen(f"{stack.url}/readyz") as answer:
        said = json.load(answer)
    assert (said["ready"], said["engine"]) == (True, "onnx")


def test_its_password_is_private(stack: Stack) -> None:
    kept = stack.data_dir / "demo-password"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().strip() == stack.password


def test_sub_folders_become_folders_and_file_names_titles(stack: Stack) -> None:
    code = "from media_library.models import Asset as A; print(sorted(A.objects.filter(folder__name='holiday')"
    code += ".values_list('display_name', flat=True)))"
    assert stack.django(code) == "['Beach with a palm tree', 'Snowy mountains with a lake', 'Sunset over the sea']"


def test_a_second_start_imports_nothing_twice_and_keeps_the_password(home: Home) -> None:
    with running(home.data, PHOTOS=str(home.photos)) as stack:
        stack.wait_for("ready: ")
        assert stack.password == home.password
        assert not any("Importing" in line for line in stack.lines)
        assert stack.django(COUNT) == str(home.pictures)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_it_imports_leaves_no_process(home: Home, folder: Path, number: signal.Signals) -> None:
    draw_photos(folder)
    with running(home.data, PHOTOS=str(folder)) as stack:
        stack.wait_for("Importing:")
        started = processes_of(stack)
        stack.stop(number)
    assert len(started) > 6
    assert psutil.wait_procs(started, timeout=60)[1] == []
    assert not addresses.runtime_dir(home.data).exists()
    assert children.read_ledger(home.data)[1] == []
    assert "Stopping." in stack.lines
    assert not any("Traceback" in line for line in stack.lines)


def test_an_interrupt_to_the_whole_process_group_is_as_clean(home: Home) -> None:
    make = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'dam.embedded.demo'])"
    group = subprocess.Popen(
        [DEMO[0], "-c", make],
        cwd=ROOT,
        env=environment(home.data, free_port(), PHOTOS=str(home.photos)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert group.stdout
    while not group.stdout.readline().startswith("Model:"):
        assert group.poll() is None
    started = psutil.Process(group.pid).children(recursive=True)
    os.killpg(group.pid, signal.SIGINT)
    assert psutil.wait_procs(started, timeout=60)[1] == []
    group.communicate()


def test_a_process_that_dies_is_named_and_everything_stops(home: Home, folder: Path) -> None:
    draw_photos(folder)
    with running(home.data, PHOTOS=str(folder)) as stack:
        stack.wait_for("Importing:")
        started = processes_of(stack)
        worker = next(process for process in started if "index" in process.cmdline())
        worker.kill()
        assert stack.process.wait(90) == 1
    assert psutil.wait_procs(started, timeout=60)[1] == []
    log = home.data / "logs" / "index-worker.log"
    assert f"index worker ended unexpectedly (by signal SIGKILL): its log is {log}" in stack.lines


def test_a_second_demo_on_the_same_data_folder_is_refused(stack: Stack) -> None:
    sentence = refused(stack.data_dir.parent)
    assert sentence.startswith(f"The data folder {stack.data_dir} is in use by another start")
    assert stack.process.poll() is None


def test_a_taken_port_is_refused_before_anything_starts(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sentence = refused(folder, PORT=str(port))
    assert sentence.startswith(f"Port {port} on 127.0.0.1 is taken by another program: choose another one")
    assert not (folder / "data" / "postgres").exists()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT must be a number from 1 to 65535, not 'eighty'."),
        ("PHOTOS", "/nowhere/at/all", "PHOTOS=/nowhere/at/all: there is no folder /nowhere/at/all."),
        ("HOST", "192.0.2.1", "HOST=192.0.2.1 is not an address of this machine: leave it out, or name one."),
    ],
)
def test_a_wrong_setting_is_refused_with_a_sentence(folder: Path, name: str, value: str, sentence: str) -> None:
    environment = {"PORT": str(free_port()), name: value}
    done = subprocess.run(
        DEMO, cwd=ROOT, env={**os.environ, "DAM_DATA_DIR": str(folder / "data"), **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, sentence + "\n")
    assert not (folder / "data" / "postgres").exists()


def test_a_folder_without_pictures_is_refused(folder: Path) -> None:
    (folder / "photos").mkdir()
    (folder / "photos" / "notes.txt").write_text("Not a picture.")
    photos = str(folder / "photos")
    assert refused(folder, PHOTOS=photos) == f"PHOTOS={photos}: there are no pictures in {photos}."


def test_a_file_where_the_data_folder_should_be_is_refused(folder: Path) -> None:
    (folder / "data").write_text("in the way")
    assert refused(folder) == f"{folder / 'data'} is not a folder: set DAM_DATA_DIR to one that can be written."
