"""`python -m dam.embedded.guard DATA_DIR OWNER`: ends an owner's children when the owner was killed.

The owner holds the other end of standard input. When that closes and the ledger still names the owner, the
owner had no time to stop what it started.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from dam.embedded import addresses, children


def start_guard(data_dir: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "dam.embedded.guard", str(data_dir), str(os.getpid())]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parents[2],
        start_new_session=True,
    )


def main(data_dir: Path, owner: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    if children.read_ledger(data_dir)[0] == owner:
        children.stop_leftovers(data_dir)
        shutil.rmtree(addresses.runtime_dir(data_dir), ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
