"""The whole product as real processes: what `make demo` starts, over a few pictures, for the end-to-end tests."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEMO = [sys.executable, "-m", "dam.embedded.demo"]
# Exported and compressed once for all products that the tests start.
MADE_DIR = Path(os.environ["TESTS_MADE_DIR"])
SHARED = {"DAM_MODEL_DIR": str(MADE_DIR / "models"), "DAM_STATIC_ROOT": str(MADE_DIR / "static")}
START_SECONDS = 300
STOP_SECONDS = 90


def environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    """What a start needs, and nothing of what the person who runs the tests has set."""
    ours = ("DAM_", "PHOTOS", "PORT", "HOST", "DATABASE_URL", "REDIS_URL", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    named = {"DAM_DATA_DIR": str(data_dir), "PORT": str(port), "DAM_MODEL": "offline", "HF_HUB_OFFLINE": "1"}
    return kept | named | SHARED | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def draw_photos(folder: Path) -> list[Path]:
    """A few of the demo's drawings as somebody's photo folder, with a folder inside and a file that is no picture."""
    from dam.embedded.pictures.landscapes import LANDSCAPES
    from dam.embedded.pictures.places import PLACES
    from dam.embedded.pictures.things import THINGS

    chosen = [LANDSCAPES[0], LANDSCAPES[4], LANDSCAPES[12], PLACES[0], PLACES[3], PLACES[4], THINGS[0], THINGS[16]]
    (folder / "holiday").mkdir(parents=True, exist_ok=True)
    paths = []
    for number, drawing in enumerate(chosen):
        path = (folder / "holiday" if number < 3 else folder) / f"{drawing.title}.jpg"
        drawing.draw().resize((450, 300)).save(path, quality=88)
        paths.append(path)
    (folder / "notes.txt").write_text("Not a picture.")
    return paths


@dataclass
class Stack:
    """A running product. `lines` is what it has said so far."""

    url: str
    data_dir: Path
    port: int
    process: "subprocess.Popen[str]"
    username: str = "demo"
    library: str = "/l/photos/"  # called like the folder that it was filled from
    lines: list[str] = field(default_factory=list)
    _said: threading.Condition = field(default_factory=threading.Condition)

    @property
    def password(self) -> str:
        return next(line for line in self.lines if line.startswith("password: ")).removeprefix("password: ")

    def read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._said:
                self.lines.append(line.rstrip("\n"))
                self._said.notify_all()

    def wait_for(self, beginning: str) -> str:
        """The first line that begins so."""

        def found() -> str | None:
            return next((line for line in self.lines if line.startswith(beginning)), None)

        with self._said:
            self._said.wait_for(lambda: found() or self.process.poll() is not None, START_SECONDS)
        line = found()
        assert line, "\n".join(["It did not say " + beginning, *self.lines])
        return line

    def django(self, code: str) -> str:
        """Run Python with Django set up on this product's data; gives what it printed."""
        shell = self._shell
        assert shell.stdin and shell.stdout
        shell.stdin.write(json.dumps(code) + "\n")
        shell.stdin.flush()
        printed, failure = json.loads(shell.stdout.readline())
        assert not failure, failure
        return str(printed).strip()

    @cached_property
    def _shell(self) -> "subprocess.Popen[str]":
        variables = environment(self.data_dir, self.port, DJANGO_SETTINGS_MODULE="dam.settings")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return subprocess.Popen([sys.executable, "-m", "tests.shell"], cwd=ROOT, env=variables, text=True, **pipes)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if shell := self.__dict__.pop("_shell", None):
            shell.communicate()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def running(data_dir: Path, **more: str) -> Iterator[Stack]:
    """Start it in a process of its own; it need not be ready yet. It is stopped at the end."""
    port = int(more.pop("PORT", 0)) or free_port()
    process = subprocess.Popen(
        DEMO,
        cwd=ROOT,
        env=environment(data_dir, port, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stack = Stack(f"http://127.0.0.1:{port}", data_dir, port, process)
    reader = threading.Thread(target=stack.read, daemon=True)
    reader.start()
    try:
        yield stack
    finally:
        stack.stop()
        reader.join(10)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A throwaway folder that the servers' account may enter when root runs the tests."""
    with tempfile.TemporaryDirectory(prefix="dam-stack-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder).resolve()


@contextmanager
def ready() -> Iterator[Stack]:
    """A product with a library of drawn pictures, all of them searchable. It may fetch from this machine."""
    with open_folder() as folder:
        photos = folder / "photos"
        draw_photos(photos)
        options = {"PHOTOS": str(photos), "DAM_FETCH_ALLOW_HOSTS": "127.0.0.1", "DAM_RATE_ANONYMOUS": "1000/min"}
        with running(folder / "data", **options) as stack:
            stack.wait_for("ready: ")
            yield stack
