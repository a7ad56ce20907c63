"""`python -m dam.embedded.run manage.py COMMAND …`: one command with the embedded servers running.

They run on the library's data folder, which must not be in use, or with `--throwaway` on an empty one.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dam.embedded import terminal
from dam.embedded.errors import CannotRun, ChildDied
from dam.embedded.servers import servers


def run(data_dir: Path, command: list[str]) -> int:
    with servers(data_dir):
        environment = os.environ | {"DAM_DATA_DIR": str(data_dir)}
        return subprocess.run([sys.executable, *command], env=environment, check=False).returncode


def main(arguments: list[str]) -> int:
    if arguments[:1] != ["--throwaway"]:
        return run(terminal.data_dir(), arguments)
    with tempfile.TemporaryDirectory(prefix="dam-") as folder:
        Path(folder).chmod(0o711)
        return run(Path(folder).resolve() / "data", arguments[1:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (CannotRun, ChildDied) as error:
        terminal.complain(str(error))
        sys.exit(1)
