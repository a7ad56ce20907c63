"""On the path of every process of a machine: notes each file of another machine that it opens."""

import os
import sys

HOSTS, OWN = os.environ["MACHINES"], os.environ["MACHINE"]
told = os.open(os.environ["MACHINES_TOLD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str | bytes):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if path.startswith(HOSTS) and not path.startswith(OWN + os.sep):
            os.write(told, f"{OWN} opened {path}\n".encode())


sys.addaudithook(watch)
