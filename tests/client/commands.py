"""`dam` as people start it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stack import ROOT

COMMAND = [sys.executable, "-m", "dam_client"]


@dataclass
class Shell:
    home: Path
    variables: dict[str, str] = field(default_factory=dict)
    processes: "list[subprocess.Popen[str]]" = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        ours = ("DAM_", "DJANGO_", "PYTHONDONTWRITEBYTECODE")  # compiled once, it starts in two thirds of the time
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        places = {"HOME": "", "XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state"}
        homes = {name: str(self.home / place) for name, place in places.items()}
        keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        return kept | {"PYTHONPATH": str(ROOT)} | keyring | homes | self.variables

    def start(self, *arguments: object, **options: Any) -> "subprocess.Popen[str]":
        self.home.mkdir(exist_ok=True)
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)], cwd=self.home, env=self.environment, **(streams | options)
        )

    def run(self, *arguments: object, given: str = "") -> "subprocess.CompletedProcess[str]":
        process = self.start(*arguments, stdin=subprocess.PIPE)
        out, err = process.communicate(given, timeout=120)
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(list(map(str, arguments)), process.returncode, out, err)

    def lines(self, *arguments: object, given: str = "") -> list[list[str]]:
        """What a command that succeeds prints, by line and column."""
        done = self.run(*arguments, given=given)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def json(self, *arguments: object, given: str = "") -> list[Any]:
        done = self.run(*arguments, "--json", given=given)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def refused(self, *arguments: object, given: str = "", code: int = 1) -> str:
        """What it says when it fails: one sentence."""
        done = self.run(*arguments, given=given)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stderr.strip()
