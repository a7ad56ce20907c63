"""Machines with nothing in common but the network: each process has its own home, temporary and data folder."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from dam.embedded import children, product
from dam.embedded.children import Child
from tests.faults.product import environ
from tests.stack import ROOT, environment, free_port

PARTS: dict[str, Callable[[Path], Child]] = {
    "media": product.start_media_worker,
    "index": product.start_index_worker,
    "jobs": product.start_job_worker,
    "clusters": product.start_cluster_worker,
    "beat": product.start_beat,
}
READY_SECONDS = 180


class Hosts:
    """`start("index-2")` makes another machine with the part `index`."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        folder.mkdir(mode=0o755)
        self.folder, self.variables = folder.resolve(), variables
        self.told = self.folder.with_name("told")
        self.running: dict[str, Child] = {}
        self.urls: dict[str, str] = {}

    def environment(self, name: str, port: int = 0) -> dict[str, str]:
        own = self.folder / name
        for part in ("home", "tmp", "data/logs"):
            (own / part).mkdir(parents=True, exist_ok=True)
        made = environment(own / "data", port, DAM_MODEL_DIR=str(own / "data" / "models"), **self.variables)
        watched = {"MACHINES": str(self.folder), "MACHINE": str(own), "MACHINES_TOLD": str(self.told)}
        folders = {"HOME": str(own / "home"), "TMPDIR": str(own / "tmp")}
        path = f"{Path(__file__).with_name('watching')}:{ROOT}"
        return made | watched | folders | {"PYTHONPATH": path, "DAM_CHILD_LOG_LEVEL": "INFO"}

    def start(self, name: str, core: int | None = None) -> None:
        """`core`: the only one that its processes may use."""
        part, port = name.split("-")[0], free_port()
        data_dir = self.folder / name / "data"
        with environ(self.environment(name, port)):
            if part == "web":
                self.manage(name, "collectstatic", "--noinput", "--verbosity", "0")
                self.running[name] = product.start_web(data_dir, "127.0.0.1", port)
                self.urls[name] = f"http://127.0.0.1:{port}"
            else:
                self.running[name] = PARTS[part](data_dir)
        if core is not None:
            os.sched_setaffinity(self.running[name].pid, {core})

    def stop(self, *names: str) -> None:
        children.stop([self.running.pop(name) for name in names or list(self.running)])

    def manage(self, name: str, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(name), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = dict(self.urls)
        while waiting:
            self.alive()
            for name, url in list(waiting.items()):
                try:
                    with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
                        assert json.load(answer)["ready"]
                    del waiting[name]
                except OSError as error:
                    said = error.read().decode() if isinstance(error, urllib.error.HTTPError) else str(error)
                    assert time.monotonic() < deadline, f"{name}: {said}"
            time.sleep(0.3)

    def alive(self) -> None:
        for child in self.running.values():
            child.check()

    def opened_of_others(self) -> list[str]:
        return self.told.read_text().splitlines() if self.told.exists() else []
