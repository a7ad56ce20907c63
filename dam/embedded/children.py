"""Child processes: started in a session of their own, logged to a file, stopped cleanly, never left behind.

A terminal sends Ctrl-C to its whole process group; a session of their own keeps the children out of it, so
that they are stopped in the right order. The ledger in the data folder lists what runs, for the guard and for
the next start.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from dam.embedded.account import Account
from dam.embedded.errors import ChildDied

LOG_LIMIT = 5 * 1024 * 1024
LEDGER = "processes.json"


class Child:
    """One process and, because it leads a session, everything that it starts in turn."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        account: Account | None = None,
        niceness: int = 0,
        stop_signal: signal.Signals = signal.SIGTERM,
        patience: float = 10,
    ) -> None:
        self.name = name
        self.log = log
        self.stop_signal = stop_signal
        self.patience = patience
        if niceness:
            command = ["nice", "-n", str(niceness), *command]
        log.parent.mkdir(exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".old.log"))
        options = account.popen_options() if account else {}
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None,
                cwd=cwd,
                start_new_session=True,
                **options,
            )

    @property
    def pid(self) -> int:
        return int(self.process.pid)

    def check(self) -> None:
        """Raise ChildDied if the process has ended."""
        if (code := self.process.poll()) is None:
            return
        how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
        raise ChildDied(f"{self.name} ended unexpectedly ({how}): its log is {self.log}")

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def wait(self) -> None:
        """Wait for the end; kill what does not end in time, and whatever it left in its session."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.patience)
        self.kill()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


def stop(children: Sequence[Child]) -> None:
    """Ask all of them at once, then wait for each."""
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait()


@dataclass(frozen=True)
class Entry:
    """A line of the ledger. The start time tells a process from a later one with the same number."""

    pid: int
    started: float
    stop_signal: int

    def process(self) -> psutil.Process | None:
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < 1 and found.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return found if same else None


def write_ledger(data_dir: Path, children: Sequence[Child]) -> None:
    entries = []
    for child in children:
        with contextlib.suppress(psutil.Error):
            entries.append([child.pid, psutil.Process(child.pid).create_time(), int(child.stop_signal)])
    draft = data_dir / f"{LEDGER}.new"
    draft.write_text(json.dumps({"owner": os.getpid(), "children": entries}))
    draft.replace(data_dir / LEDGER)


def read_ledger(data_dir: Path) -> tuple[int, list[Entry]]:
    """The process that wrote the ledger, and what it had started, in that order."""
    try:
        ledger = json.loads((data_dir / LEDGER).read_text())
    except (FileNotFoundError, ValueError):
        return 0, []
    return ledger["owner"], [Entry(*line) for line in ledger["children"]]


def clear_ledger(data_dir: Path) -> None:
    (data_dir / LEDGER).unlink(missing_ok=True)


def stop_leftovers(data_dir: Path, patience: float = 5) -> int:
    """End what an earlier start left running because it was killed; say how many processes that were."""
    running = [(entry, process) for entry in read_ledger(data_dir)[1] if (process := entry.process())]
    for entry, process in reversed(running):
        with contextlib.suppress(psutil.Error):
            process.send_signal(entry.stop_signal)
    deadline = time.monotonic() + patience
    psutil.wait_procs([process for _entry, process in running], timeout=patience)
    for entry, _process in running:
        if entry.process() or time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(entry.pid, signal.SIGKILL)
    clear_ledger(data_dir)
    return len(running)
