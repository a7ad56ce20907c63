"""`python -m dam backup|restore|doctor …`, which `dam backup` and so on call: for whoever runs the server.

Where the database is the embedded one and the library does not run, its servers run for as long as the command.
"""

import fcntl
import logging
import os
import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import load_command_class
from django.core.management.base import CommandError

from dam.embedded import terminal
from dam.embedded.errors import CannotRun, ChildDied

COMMANDS = ("backup", "restore", "doctor")


def run(name: str, arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dam.settings")
    django.setup()
    if not terminal.from_environment("DAM_LOG_LEVEL"):
        logging.getLogger().setLevel(logging.CRITICAL)  # the command says itself what is wrong
    command = load_command_class("dam", name)
    vars(command)["_called_from_command_line"] = True  # so that it says how it is called
    options = vars(command.create_parser("dam", name).parse_args(arguments))
    command.execute(*options.pop("args", ()), **options)
    return 0


def main(name: str, arguments: list[str]) -> int:
    asked_for_help = {"-h", "--help"} & {*arguments}
    if name == "doctor" or asked_for_help or terminal.from_environment("DATABASE_URL"):
        return run(name, arguments)
    data_dir = terminal.data_dir()
    if name == "backup" and not (data_dir / "postgres").is_dir():
        raise CannotRun(f"There is no library in {data_dir}: DAM_DATA_DIR names another folder.")
    if name == "backup" and is_running(data_dir):
        return run(name, arguments)
    from dam.embedded.servers import servers

    with servers(data_dir):
        return run(name, arguments)


def is_running(data_dir: Path) -> bool:
    """Whether some process holds the data folder."""
    with (data_dir / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        try:
            sys.exit(main(sys.argv[1], sys.argv[2:]))
        except (CommandError, CannotRun, ChildDied, ImproperlyConfigured) as error:
            terminal.complain(f"dam: {error}")
            sys.exit(error.returncode if isinstance(error, CommandError) else 1)
        except BrokenPipeError:  # `dam doctor | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except KeyboardInterrupt:
            terminal.complain("dam: Interrupted.")
            sys.exit(130)
    terminal.complain(f"Say what: python -m dam {'|'.join(COMMANDS)}")
    sys.exit(2)
